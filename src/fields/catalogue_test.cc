#include "fields/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>

namespace saker::fields {
namespace {

TEST(Catalogue, NamesAreUniqueAndEachRowHasHelp) {
  std::set<std::string_view> names;
  for (const Field& field : syscall_catalogue().rows()) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    EXPECT_FALSE(field.help.empty()) << field.name;
    EXPECT_EQ(syscall_catalogue().find(field.name), &field);
  }
  EXPECT_EQ(syscall_catalogue().find("proc.namex"), nullptr);
  EXPECT_EQ(syscall_catalogue().find(""), nullptr);
}

// One line of CSV, with quoted cells.
std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> found(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      found.emplace_back();
    } else {
      found.back() += c;
    }
  }
  return found;
}

std::string type_name(Type type) {
  static const std::map<Type, std::string> names = {
      {Type::kText, "string"},     {Type::kPath, "string"},      {Type::kBytes, "bytebuf"},
      {Type::kBool, "bool"},       {Type::kInt16, "int16"},      {Type::kInt32, "int32"},
      {Type::kInt64, "int64"},     {Type::kUint32, "uint32"},    {Type::kUint64, "uint64"},
      {Type::kDouble, "double"},   {Type::kPort, "port"},        {Type::kRelTime, "reltime"},
      {Type::kAbsTime, "abstime"}, {Type::kIpAddress, "ipaddr"}, {Type::kIpNetwork, "ipnet"},
      {Type::kDynamic, "dynamic"},
  };
  return names.at(type);
}

std::string argument_name(ArgumentKind kind) {
  static const std::map<ArgumentKind, std::string> names = {
      {ArgumentKind::kNone, "none"},
      {ArgumentKind::kOptionalIndex, "optional (index)"},
      {ArgumentKind::kOptionalKey, "optional (key)"},
      {ArgumentKind::kOptionalIndexOrKey, "optional (index or key)"},
      {ArgumentKind::kRequiredIndexOrKey, "required (index or key)"},
      {ArgumentKind::kRequiredKey, "required (key)"},
      {ArgumentKind::kRequiredNameOrIndex, "required (name after dot, or index in brackets)"},
      {ArgumentKind::kOptionalDotName, "optional (.src or .dst suffix)"},
      {ArgumentKind::kRequiredTime, "required (timestamp in brackets)"},
  };
  return names.at(kind);
}

// What Falco has no name for.
constexpr std::string_view kOwnFields[] = {"evt.is_io_uring", "fd.namefrom", "fd.nameresolved"};

TEST(Catalogue, RowsAreThoseOfTheReference) {
  for (const std::string_view name : kOwnFields) ASSERT_NE(syscall_catalogue().find(name), nullptr) << name;
  std::ifstream in(SAKER_SHARED_DIR "/reference/fields.csv");
  if (!in) GTEST_SKIP() << "no reference here";
  std::string line;
  std::getline(in, line);
  std::size_t rows = 0;
  while (std::getline(in, line)) {
    const std::vector<std::string> cell = cells(line);
    ASSERT_GE(cell.size(), 8U) << line;
    if (cell[0] == "static.<name>") continue;  // one field for each configured name
    ++rows;
    const Field* field = syscall_catalogue().find(cell[0]);
    ASSERT_NE(field, nullptr) << cell[0];
    EXPECT_EQ(type_name(field->type), cell[2]) << cell[0];
    EXPECT_EQ((field->flags & kList) != 0, cell[3] == "yes") << cell[0];
    if (field->argument == ArgumentKind::kRequiredDotName) {
      EXPECT_TRUE(cell[4].starts_with("required (")) << cell[0];
    } else {
      EXPECT_EQ(argument_name(field->argument), cell[4]) << cell[0];
    }
    const std::pair<std::uint8_t, const char*> flags[] = {
        {kNoTransformer, "no-transformer"}, {kNoRhs, "no-rhs"},          {kFilterOnly, "filter-only"},
        {kPrintOnly, "print-only"},         {kDeprecated, "deprecated"}, {kHidden, "hidden"},
        {kSuggested, "suggested-output"},
    };
    for (const auto& [flag, name] : flags) {
      EXPECT_EQ((field->flags & flag) != 0, cell[7].find(name) != std::string::npos)
          << cell[0] << ' ' << name;
    }
  }
  EXPECT_EQ(rows + std::size(kOwnFields), syscall_catalogue().rows().size());
}

TEST(Catalogue, WhichFieldsAreSpecial) {
  std::set<std::string_view> any, by_name, time;
  for (const Field& field : syscall_catalogue().rows()) {
    if (field.any_when_bare) any.insert(field.name);
    if (field.by_name) by_name.insert(field.name);
    if (field.format == Format::kTime) time.insert(field.name);
  }
  EXPECT_EQ(any,
            (std::set<std::string_view>{"fd.cip.name", "fd.sip.name", "fd.lip.name", "fd.rip.name", "fd.ip",
                                        "fd.net", "fd.port", "fd.proto", "proc.aname", "proc.aexe",
                                        "proc.aexepath", "proc.acmdline", "proc.apid", "proc.aenv"}));
  EXPECT_EQ(by_name, (std::set<std::string_view>{"fd.name", "fd.directory", "fd.filename", "fd.containername",
                                                 "fd.containerdirectory", "fd.namefrom", "fs.path.name"}));
  EXPECT_EQ(time, (std::set<std::string_view>{"evt.time", "evt.time.s", "evt.time.iso8601", "evt.datetime",
                                              "evt.datetime.s"}));
}

struct Asked {
  std::string_view name;
  std::optional<std::string_view> brackets;
  std::string_view text;  // FieldRef::text(); empty: refused
};

TEST(Catalogue, Resolves) {
  const Asked rows[] = {
      {"proc.name", {}, "proc.name"},
      {"proc.aname", {}, "proc.aname"},
      {"proc.aname", "2", "proc.aname[2]"},
      {"proc.aname", "0", "proc.aname[0]"},
      {"proc.aname", "-1", "proc.aname"},
      {"proc.args", "1", "proc.args[1]"},
      {"proc.env", {}, "proc.env"},
      {"proc.env", "HOME", "proc.env[HOME]"},
      {"proc.aenv", "HOME", "proc.aenv[HOME]"},
      {"proc.aenv", "2", "proc.aenv[2]"},
      {"proc.aenv", "-3", "proc.aenv[0]"},
      {"evt.arg.flags", {}, "evt.arg.flags"},
      {"evt.arg.oldpath", {}, "evt.arg.oldpath"},
      {"evt.arg", "0", "evt.arg[0]"},
      {"evt.arg", "99", "evt.arg[99]"},
      {"evt.rawarg.flags", {}, "evt.rawarg.flags"},
      {"evt.type.is.open", {}, "evt.type.is.open"},
      {"evt.abspath", {}, "evt.abspath"},
      {"evt.abspath.dst", {}, "evt.abspath.dst"},
      {"evt.around", "1566230400010000000", "evt.around[1566230400010000000]"},
      {"thread.cgroup.memory", {}, "thread.cgroup.memory"},
      {"container.label.app", {}, "container.label[app]"},
      {"container.label.io.kubernetes.pod.name", {}, "container.label[io.kubernetes.pod.name]"},
      {"container.label", "app/x", "container.label[app/x]"},
      {"container.mount.dest", "0", "container.mount.dest[0]"},
      {"container.mount.dest", "007", "container.mount.dest[007]"},
      {"container.mount", "/path.*", "container.mount[/path.*]"},
      {"fd.types", "1", "fd.types[1]"},
      {"proc.namex", {}, ""},
      {"proc.name", "1", ""},
      {"proc.name.x", {}, ""},
      {"proc.aname", "x", ""},
      {"proc.aname", "", ""},
      {"proc.aname.1", {}, ""},
      {"evt.arg", {}, ""},
      {"evt.arg", "name", ""},
      {"evt.arg", "-1", ""},
      {"evt.arg.nosuch", {}, ""},
      {"evt.arg.", {}, ""},
      {"evt.arg.flags", "1", ""},
      {"evt.rawarg", "0", ""},
      {"evt.type.is", {}, ""},
      {"evt.type.is.nosuch", {}, ""},
      {"evt.abspath.mid", {}, ""},
      {"evt.around", {}, ""},
      {"evt.around", "now", ""},
      {"thread.cgroup", "memory", ""},
      {"thread.cgroup", {}, ""},
      {"container.label", {}, ""},
      {"container.label", "", ""},
      {"", {}, ""},
      {".", {}, ""},
  };
  for (const Asked& row : rows) {
    const auto [ref, problem] = syscall_catalogue().resolve(row.name, row.brackets);
    EXPECT_EQ(ref ? ref->text() : "", row.text) << row.name << ' ' << row.brackets.value_or("-");
    EXPECT_EQ(problem.message.empty(), ref.has_value()) << row.name;
  }
}

TEST(Catalogue, ArgumentKinds) {
  const auto kind = [](std::string_view name, std::string_view argument) {
    return syscall_catalogue().resolve(name, argument).ref->argument.kind;
  };
  EXPECT_EQ(kind("container.mount", "12"), Argument::Kind::kIndex);
  EXPECT_EQ(kind("container.mount", "012"), Argument::Kind::kKey);
  EXPECT_EQ(kind("proc.aenv", "1"), Argument::Kind::kIndex);
  EXPECT_EQ(kind("proc.aenv", "A1"), Argument::Kind::kKey);
  EXPECT_EQ(kind("container.label", "1"), Argument::Kind::kKey);
  EXPECT_TRUE(syscall_catalogue().resolve("proc.aname", {}).ref->any());
  EXPECT_FALSE(syscall_catalogue().resolve("proc.aname", "1").ref->any());
  EXPECT_FALSE(syscall_catalogue().resolve("proc.aargs", {}).ref->any());
}

TEST(Catalogue, SuggestsTheNearestName) {
  struct Row {
    std::string_view name, suggestion;
    bool unknown;
  };
  const Row rows[] = {
      {"proc.nmae", "proc.name", true},         {"fd.nam", "fd.name", true},
      {"container.image.repo", "", true},       {"proc.zzzzzzzz", "", true},
      {"evt.arg.flag", "evt.arg.flags", false}, {"evt.type.is.opne", "evt.type.is.open", false},
  };
  for (const Row& row : rows) {
    const auto problem = syscall_catalogue().resolve(row.name, {}).problem;
    EXPECT_EQ(problem.unknown_field, row.unknown) << row.name;
    if (!row.suggestion.empty()) {
      EXPECT_EQ(problem.suggestion, row.suggestion);
    }
  }
  EXPECT_EQ(syscall_catalogue().resolve("zzzzzzzzzzzz", {}).problem.suggestion, "");
}

TEST(Catalogue, LongestPrefixThatIsAField) {
  struct Row {
    std::string_view text, field;
    std::size_t length;
  };
  const Row rows[] = {
      {"proc.name", "proc.name", 9},
      {"proc.nameand", "proc.name", 9},
      {"proc.name.", "proc.name", 9},
      {"proc.name and", "proc.name", 9},
      {"proc.name[1]", "proc.name", 9},
      {"proc.pid.ts", "proc.pid.ts", 11},
      {"proc.pid.tx", "proc.pid", 8},
      {"proc.aname[2]|", "proc.aname[2]", 13},
      {"proc.aname|", "proc.aname", 10},
      {"proc.env[HOME] x", "proc.env[HOME]", 14},
      {"proc.env[\"HOME\"] x", "proc.env[HOME]", 16},
      {"evt.arg.flags)", "evt.arg.flags", 13},
      {"evt.arg.flagsx", "evt.arg.flags", 13},
      {"evt.arg[1]", "evt.arg[1]", 10},
      {"evt.time.iso8601:", "evt.time.iso8601", 16},
      {"container.label.app,", "container.label[app]", 19},
      {"container.label.app.", "container.label[app]", 19},
      {"k8s.ns.name", "k8s.ns.name", 11},
      {"evt.arg", "", 0},
      {"evt.arg.nosuch", "", 0},
      {"evt.arg[x]", "", 0},
      {"proc.aname[x]", "", 0},
      {"proc.xyz", "", 0},
      {"nothing", "", 0},
  };
  for (const Row& row : rows) {
    const auto prefix = syscall_catalogue().resolve_prefix(row.text);
    EXPECT_EQ(prefix.ref ? prefix.ref->text() : "", row.field) << row.text;
    EXPECT_EQ(prefix.length, row.length) << row.text;
    EXPECT_EQ(prefix.problem.message.empty(), prefix.ref.has_value()) << row.text;
  }
  EXPECT_FALSE(syscall_catalogue().resolve_prefix("evt.arg.nosuch").problem.unknown_field);
  EXPECT_TRUE(syscall_catalogue().resolve_prefix("proc.nmae!").problem.unknown_field);
  EXPECT_EQ(syscall_catalogue().resolve_prefix("proc.nmae!").problem.suggestion, "proc.name");
  EXPECT_EQ(syscall_catalogue().resolve_prefix("").length, 0U);
}

TEST(Catalogue, RawParametersPrintInTheirBase) {
  EXPECT_EQ(syscall_catalogue().resolve("evt.rawarg.flags", {}).ref->format(), Format::kHex);
  EXPECT_EQ(syscall_catalogue().resolve("evt.rawarg.mode", {}).ref->format(), Format::kOctal);
  EXPECT_EQ(syscall_catalogue().resolve("evt.rawarg.ino", {}).ref->format(), Format::kDecimal);
  EXPECT_EQ(syscall_catalogue().resolve("fd.dev", {}).ref->format(), Format::kHex);
}

}  // namespace
}  // namespace saker::fields
