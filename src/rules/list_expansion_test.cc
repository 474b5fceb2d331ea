#include "rules/list_expansion.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace saker::rules {
namespace {

using Lists = std::vector<ListDefinition>;

// The text with its bytes placed one after another, from offset 100 on.
LocatedText placed(std::string_view text) {
  LocatedText made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    made.push_back(text[i], {0, static_cast<std::uint32_t>(100 + i), 1});
  }
  return made;
}

struct Row {
  Lists lists;
  const char* text;
  const char* expected;
};

TEST(ListExpansion, Table) {
  const Lists one = {{"l", {"a", "b"}, 0, 0}};
  const Lists empty = {{"l", {}, 0, 0}};
  const std::vector<Row> rows = {
      {one, "x in (l)", "x in (a, b)"},
      {one, "x in(l)", "x in(a, b)"},
      {one, "x in l", "x in a, b"},
      {one, "l", "a, b"},
      {one, "x=l", "x=a, b"},
      {one, "x in (l, l)", "x in (a, b, a, b)"},
      {one, "x in (xl, lx, l.x, l-x)", "x in (xl, lx, l.x, l-x)"},
      {one, "x = \"a l b\"", "x = \"a a, b b\""},
      {one, "x = \"l\"", "x = \"l\""},
      {empty, "x in (a, l, b)", "x in (a , b)"},
      {empty, "x in (l, b)", "x in (  b)"},
      {empty, "x in (b , l)", "x in (b  )"},
      {empty, "x in (l)", "x in ( )"},
      {{{"l", {"a b", "\"c d\"", "'e f'", ""}, 0, 0}}, "(l)", "(\"a b\", \"c d\", 'e f', \"\")"},
      // An earlier list inside a list, one level deep.
      {{{"a1", {"x", "y"}, 0, 0}, {"b1", {"a1", "z"}, 1, 1}}, "(b1)", "(x, y, z)"},
      {{{"a1", {"x"}, 0, 0}, {"b1", {"a1"}, 1, 1}, {"c1", {"b1"}, 2, 2}}, "(c1)", "(a1)"},
      // A later one is found by the scan of the condition.
      {{{"b1", {"a1", "z"}, 0, 0}, {"a1", {"x", "y"}, 1, 1}}, "(b1)", "(x, y, z)"},
      // Changed after the other list was defined: now it sees it.
      {{{"b1", {"a1"}, 0, 2}, {"a1", {"x"}, 1, 1}}, "(b1)", "(x)"},
      {{{"l", {"l", "a"}, 0, 3}}, "(l)", "(l, a)"},
  };
  for (const Row& row : rows) {
    ListExpansion lists(row.lists);
    LocatedText text = placed(row.text);
    ASSERT_TRUE(lists.expand(text)) << row.text;
    EXPECT_EQ(text.text(), row.expected) << row.text;
  }
}

TEST(ListExpansion, PointsAtTheNameAndKeepsTheRest) {
  ListExpansion lists({{"names", {"first", "second"}, 0, 0}});
  const std::string before = "x in (names) and y";
  LocatedText text = placed(before);
  ASSERT_TRUE(lists.expand(text));
  const std::size_t second = text.text().find("second");
  EXPECT_EQ(text.place(second, second + 6),
            (Place{0, static_cast<std::uint32_t>(100 + before.find("names")), 5}));
  const std::size_t last = text.text().find('y');
  EXPECT_EQ(text.place(last, last + 1), (Place{0, static_cast<std::uint32_t>(100 + before.find('y')), 1}));
}

TEST(ListExpansion, KnowsWhichWereUsed) {
  ListExpansion lists({{"inner", {"x"}, 0, 0}, {"outer", {"inner"}, 1, 1}, {"lonely", {"y"}, 2, 2}});
  LocatedText text = placed("(z)");
  ASSERT_TRUE(lists.expand(text));
  EXPECT_EQ(lists.used(), (std::vector<bool>{true, false, false}));
  text = placed("(outer)");
  ASSERT_TRUE(lists.expand(text));
  EXPECT_EQ(lists.used(), (std::vector<bool>{true, true, false}));
}

TEST(ListExpansion, RefusesTextThatExplodes) {
  Lists lists;
  for (std::uint32_t i = 0; i < 40; ++i) {
    const std::string next = "l" + std::to_string(i + 1);
    lists.push_back({"l" + std::to_string(i), {next, next, next, next}, i, i});
  }
  ListExpansion expansion(lists);
  LocatedText text = placed("(l0)");
  EXPECT_FALSE(expansion.expand(text));
}

}  // namespace
}  // namespace saker::rules
