#include "event/types.h"

#include <gtest/gtest.h>

#include <set>

namespace saker::event {
namespace {

TEST(Types, EveryNameFindsItsNumber) {
  for (std::size_t i = 1; i < type_count(); ++i) {
    const auto id = static_cast<TypeId>(i);
    EXPECT_EQ(find_type(type_name(id)), id) << type_name(id);
  }
}

TEST(Types, NamesAreUnique) {
  const std::set<std::string_view> unique(type_names().begin(), type_names().end());
  EXPECT_EQ(unique.size(), type_count());
}

TEST(Types, UnknownNamesAreNotFound) {
  for (const char* name : {"", "Open", "openatt", "execve "}) EXPECT_FALSE(find_type(name)) << name;
}

}  // namespace
}  // namespace saker::event
