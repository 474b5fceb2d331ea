#include "rules/glob.h"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <string>

namespace saker::rules {
namespace {

struct Row {
  const char* pattern;
  const char* text;
  bool want;
};

constexpr Row kRows[] = {
    {"", "", true},
    {"", "a", false},
    {"abc", "abc", true},
    {"a?c", "abc", true},
    {"a?c", "ac", false},
    {"*", "", true},
    {"/etc/*", "/etc/a/b", true},
    {"*.c", "a.c.d", false},
    {"*a*b*c", "xxaxxbxxc", true},
    {"*a*b*c", "xxbxxaxxc", false},
    {"[a-c]x", "bx", true},
    {"[!a-c]x", "bx", false},
    {"[^a-c]x", "dx", true},
    {"[]a]", "]", true},
    {"[a-]", "-", true},
    {"[z-a]", "m", false},
    {"[", "[", true},
    {"[abc", "[abc", true},
    {"[[:digit:]]x", "7x", true},
    {"[![:digit:]]x", "7x", false},
    {"[[:nosuch:]]", "n", false},
    {"\\*", "*", true},
    {"\\*", "a", false},
    {"\\", "\\", false},
    {"[\\]]", "]", true},
    {".*", ".hidden", true},
    {"*", ".hidden", true},
};

TEST(Glob, Rows) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(row.pattern) + " on " + row.text);
    EXPECT_EQ(Glob(row.pattern).matches(row.text), row.want);
    EXPECT_EQ(::fnmatch(row.pattern, row.text, 0) == 0, row.want);
  }
}

// Every pattern and text of up to four characters over alphabets that hold what is special.
void each_text(std::string_view alphabet, std::size_t length, const auto& use) {
  std::string text;
  const auto extend = [&](const auto& self) -> void {
    use(text);
    if (text.size() == length) return;
    for (const char c : alphabet) {
      text.push_back(c);
      self(self);
      text.pop_back();
    }
  };
  extend(extend);
}

TEST(Glob, AgreesWithFnmatch) {
  std::vector<std::string> texts;
  std::size_t compared = 0;
  each_text("aB/]", 3, [&](const std::string& text) { texts.push_back(text); });
  each_text("aB*?[]!-\\", 4, [&](const std::string& pattern) {
    const Glob exact(pattern), folded(pattern, true);
    for (const std::string& text : texts) {
      ++compared;
      EXPECT_EQ(exact.matches(text), ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0)
          << pattern << " on " << text;
      EXPECT_EQ(folded.matches(text), ::fnmatch(pattern.c_str(), text.c_str(), FNM_CASEFOLD) == 0)
          << pattern << " folded on " << text;
    }
  });
  EXPECT_EQ(compared, 7'381U * 85U);
}

TEST(Glob, FoldsCase) {
  EXPECT_TRUE(Glob("/ETC/[P-Q]*", true).matches("/etc/passwd"));
  EXPECT_TRUE(Glob("[[:upper:]]", true).matches("a"));
  EXPECT_FALSE(Glob("/ETC/*").matches("/etc/passwd"));
}

}  // namespace
}  // namespace saker::rules
