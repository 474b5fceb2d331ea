#include "event/schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace saker::event {
namespace {

TypeId type(std::string_view name) { return find_type(name).value(); }

TEST(Schema, RowsAndParameterNamesAreUnique) {
  std::set<TypeId> rows;
  for (const Schema& schema : schemas()) {
    EXPECT_TRUE(rows.insert(schema.type).second) << schema.name;
    EXPECT_EQ(find_schema(schema.type), &schema);
    std::set<std::string_view> names;
    for (const Parameter& parameter : schema.parameters) {
      EXPECT_TRUE(names.insert(parameter.name).second) << schema.name << "." << parameter.name;
    }
  }
  EXPECT_GT(rows.size(), 150U);
}

TEST(Schema, NamesAreSortedAndHoldThoseOfEveryRow) {
  const auto names = parameter_names();
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  for (const Schema& schema : schemas()) {
    for (const Parameter& parameter : schema.parameters) {
      EXPECT_TRUE(std::ranges::binary_search(names, parameter.name)) << parameter.name;
      EXPECT_EQ(find_parameter(schema.type, parameter.name), &parameter);
    }
  }
  EXPECT_EQ(find_parameter(kOpen, "dirfd"), nullptr);
  EXPECT_EQ(find_parameter(kExecveat, "filename"), nullptr);
}

// Two rows that want different things of one argument would get only one of them.
TEST(Schema, AnArgumentIsCollectedInOneWay) {
  for (const Schema& schema : schemas()) {
    std::array<saker_argument, SAKER_ARGUMENTS> wanted{};
    for (const Parameter& parameter : schema.parameters) {
      if (parameter.collect == SAKER_ARGUMENT_NUMBER) continue;
      ASSERT_LT(parameter.argument, SAKER_ARGUMENTS) << schema.name;
      saker_argument& place = wanted[parameter.argument];
      EXPECT_TRUE(place == SAKER_ARGUMENT_NUMBER || place == parameter.collect) << schema.name;
      place = parameter.collect;
      EXPECT_LE(parameter.size, SAKER_FIXED_BYTES_MAX);
    }
  }
}

TEST(Schema, RelativePathsFollowTheirDirectory) {
  for (const Schema& schema : schemas()) {
    for (const Parameter& parameter : schema.parameters) {
      if (parameter.kind != ParameterKind::kRelativePath) continue;
      const bool has_directory = std::ranges::any_of(schema.parameters, [&](const Parameter& other) {
        return other.kind == ParameterKind::kFd && other.argument + 1 == parameter.argument;
      });
      EXPECT_TRUE(has_directory) << schema.name << "." << parameter.name;
    }
  }
}

TEST(Schema, Shapes) {
  const saker_shape unlinkat = shape_of(type("unlinkat"));
  EXPECT_EQ(unlinkat.arguments[0], SAKER_ARGUMENT_FD);
  EXPECT_EQ(unlinkat.arguments[1], SAKER_ARGUMENT_STRING);
  EXPECT_EQ(unlinkat.arguments[2], SAKER_ARGUMENT_NUMBER);
  EXPECT_EQ(unlinkat.flags, SAKER_SHAPE_PATHS);
  EXPECT_EQ(unlinkat.result, SAKER_ARGUMENT_NUMBER);
  EXPECT_EQ(shape_of(type("socket")).result, SAKER_ARGUMENT_FD);
  // The result of pipe is no descriptor.
  EXPECT_EQ(shape_of(type("pipe2")).result, SAKER_ARGUMENT_NUMBER);
  EXPECT_EQ(shape_of(type("pipe2")).arguments[0], SAKER_ARGUMENT_FD_PAIR);
  EXPECT_EQ(shape_of(type("accept")).arguments[0], SAKER_ARGUMENT_FD);
  const saker_shape generic = shape_of(type("getrandom"));
  EXPECT_EQ(generic.arguments[0] | generic.flags | generic.result, 0);
}

TEST(Schema, MainDescriptor) {
  struct Row {
    std::string_view name;
    std::optional<std::uint8_t> place;
  };
  const Row rows[] = {
      {"connect", 0},          {"socket", SAKER_RESULT}, {"accept4", SAKER_RESULT}, {"write", 0},
      {"unlinkat", 0},         {"symlinkat", 1},         {"dup2", SAKER_RESULT},    {"sendfile", 0},
      {"chmod", {}},           {"execve", {}},           {"getrandom", {}},         {"mmap", 4},
      {"pipe2", SAKER_RESULT}, {"recvmsg", 0},
  };
  for (const Row& row : rows) EXPECT_EQ(main_descriptor(type(row.name)), row.place) << row.name;
}

}  // namespace
}  // namespace saker::event
