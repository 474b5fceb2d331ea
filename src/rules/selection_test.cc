#include "rules/selection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace saker::rules {
namespace {

TEST(Selection, Wildcard) {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Row rows[] = {
      {"", "", true},
      {"a", "a", true},
      {"a", "A", false},
      {"Read", "Read file", false},
      {"*", "", true},
      {"*", "any thing", true},
      {"Read*", "Read", true},
      {"Read*", "Read file", true},
      {"*file", "Read file", true},
      {"R*file", "Read file", true},
      {"R*e", "Read file", false},
      {"R*e", "Rabe", true},
      {"*a*b*", "xaxbx", true},
      {"*a*b*", "xbxax", false},
      {"**", "x", true},
      {"*e", "file", true},
      {"*e", "feel", false},
      {"?", "a", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(matches_wildcard(row.pattern, row.text), row.matches) << row.pattern << ' ' << row.text;
}

std::vector<Rule> three_rules() {
  std::vector<Rule> rules(3);
  rules[0].name = "Read file";
  rules[0].tags = {"a", "b"};
  rules[1].name = "Write file";
  rules[1].tags = {"b"};
  rules[2].name = "Exec";
  rules[2].enabled = false;
  return rules;
}

TEST(Selection, LastEntryWins) {
  struct Row {
    std::vector<Selection> entries;
    std::vector<bool> enabled;
  };
  const std::vector<Row> rows = {
      {{}, {true, true, false}},
      {{{false, "*", ""}}, {false, false, false}},
      {{{false, "*", ""}, {true, "Exec", ""}}, {false, false, true}},
      {{{false, "Read*", ""}}, {false, true, false}},
      {{{false, "", "b"}}, {false, false, false}},
      {{{false, "", "*"}}, {true, true, false}},
      {{{false, "Exec", "a"}}, {false, true, false}},
      {{{true, "nosuch", ""}}, {true, true, false}},
  };
  for (const Row& row : rows) {
    std::vector<Rule> rules = three_rules();
    select_rules(row.entries, rules);
    for (std::size_t i = 0; i < rules.size(); ++i)
      EXPECT_EQ(rules[i].enabled, row.enabled[i]) << rules[i].name;
  }
}

}  // namespace
}  // namespace saker::rules
