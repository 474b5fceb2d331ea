#include "rules/located_text.h"

#include <gtest/gtest.h>

namespace saker::rules {
namespace {

LocatedText numbered(std::string_view text, std::uint32_t offset) {
  LocatedText made;
  for (const char c : text) made.push_back(c, {1, offset++, 1});
  return made;
}

TEST(LocatedText, SpansOfOneScalar) {
  const LocatedText text = numbered("abc def", 10);
  EXPECT_EQ(text.place(4, 7), (Place{1, 14, 3}));
  EXPECT_EQ(text.place(4, 4), (Place{1, 14, 1}));
  EXPECT_EQ(text.place(4, 99), (Place{1, 14, 3}));
}

TEST(LocatedText, TheEndStandsBehindTheLastWord) {
  const LocatedText text = numbered("abc \n", 10);
  EXPECT_EQ(text.place(3, 5), (Place{1, 13, 1}));
  EXPECT_EQ(text.place(5, 5), (Place{1, 13, 1}));
  EXPECT_EQ(text.place(99, 100), (Place{1, 13, 1}));
  EXPECT_EQ(LocatedText().place(0, 1), Place());
  EXPECT_EQ(numbered("  ", 10).place(1, 2), (Place{1, 10, 1}));
}

TEST(LocatedText, JoinsAndCuts) {
  LocatedText text = numbered(" abc", 10);
  text.append("+", {2, 5, 3});
  text.append(numbered("xyz  ", 50), 1, 5);
  EXPECT_EQ(text.text(), " abc+yz  ");
  text.trim();
  EXPECT_EQ(text.text(), "abc+yz");
  EXPECT_EQ(text.place(3, 4), (Place{2, 5, 3}));
  EXPECT_EQ(text.place(4, 6), (Place{1, 51, 2}));
  // From one scalar into another one further back: the first byte's place.
  EXPECT_EQ(text.place(3, 6), (Place{2, 5, 3}));
  text.erase(0, 4);
  EXPECT_EQ(text.place(0, 1), (Place{1, 51, 1}));
  text.truncate(1);
  EXPECT_EQ(text.text(), "y");
}

}  // namespace
}  // namespace saker::rules
