#include "rules/text_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace saker::rules {
namespace {

// Enough checks for several words a row.
const std::vector<std::vector<std::string>>& checks() {
  static const auto made = [] {
    std::vector<std::vector<std::string>> all = {{"/etc"},        {"/etc/", "/var"}, {""},
                                                 {"/etc/passwd"}, {"x", "/etc"},     {}};
    for (int i = 0; i < 150; ++i) all.push_back({"/n" + std::to_string(i), "/etc"});
    all.push_back({std::string(100, 'a')});
    return all;
  }();
  return made;
}

void compare(TextTable::Kind kind, auto holds) {
  TextTable table(kind);
  std::vector<std::uint32_t> bits;
  for (const auto& texts : checks()) bits.push_back(table.add(texts));
  table.finish();
  for (const std::string& text :
       {std::string(), std::string("/"), std::string("/etc"), std::string("/etc/"),
        std::string("/etc/passwd"), std::string("/etc/passwd2"), std::string("/var"), std::string("x"),
        std::string("/n1"), std::string("/n14"), std::string("/n149"), std::string("zzz"),
        std::string(100, 'a'), std::string(99, 'a')}) {
    const std::uint64_t* row = table.bits(table.row(text));
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const bool want =
          std::ranges::any_of(checks()[i], [&](const std::string& one) { return holds(text, one); });
      EXPECT_EQ(TextTable::bit(row, bits[i]), want) << text << " under check " << i;
    }
  }
}

TEST(TextTable, Exact) {
  compare(TextTable::Kind::kExact,
          [](const std::string& text, const std::string& one) { return text == one; });
}

TEST(TextTable, Prefix) {
  compare(TextTable::Kind::kPrefix,
          [](const std::string& text, const std::string& one) { return text.starts_with(one); });
}

}  // namespace
}  // namespace saker::rules
