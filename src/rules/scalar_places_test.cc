#include "rules/scalar_places.h"

#include <gtest/gtest.h>

#include <cctype>
#include <ostream>
#include <string>
#include <vector>

#include "rules/yaml_document.h"

namespace saker::rules {
namespace {

// Every word of `words` must be found in the value of key `c`, and its place must hold the same bytes.
struct Row {
  const char* what;
  const char* yaml;
  const char* value;
  std::vector<std::string> words;
};

void PrintTo(const Row& row, std::ostream* to) { *to << row.what; }

class ScalarPlaces : public testing::TestWithParam<Row> {};

TEST_P(ScalarPlaces, PointIntoTheFile) {
  const Row& row = GetParam();
  const std::string text = row.yaml;
  const YamlStream stream = parse_yaml(text, 7);
  ASSERT_FALSE(stream.problem.has_value());
  ASSERT_EQ(stream.documents.size(), 1U);
  const YamlEntry* entry = stream.documents[0].find("c");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->value.scalar, row.value);
  const LocatedText located = locate_scalar(entry->value.scalar, text, 7, entry->value.place.offset);
  ASSERT_EQ(located.text(), row.value);
  for (const std::string& word : row.words) {
    const std::size_t at = located.text().find(word);
    ASSERT_NE(at, std::string::npos) << word;
    const Place place = located.place(at, at + word.size());
    EXPECT_EQ(place.file, 7U);
    EXPECT_EQ(text.substr(place.offset, place.length), word);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ScalarPlaces,
    testing::Values(
        Row{"plain", "a: 1\nc: evt.type = open\n", "evt.type = open", {"evt.type", "=", "open"}},
        Row{"plain over lines",
            "c: evt.type = open\n   and proc.name = x\n",
            "evt.type = open and proc.name = x",
            {"open", "and", "proc.name", "x"}},
        Row{"literal",
            "c: |\n  first line\n    second\n  third\n",
            "first line\n  second\nthird\n",
            {"first", "line", "second", "third"}},
        Row{"folded",
            "c: >\n  first line\n  second\n\n  third\n",
            "first line second\nthird\n",
            {"first", "line", "second", "third"}},
        Row{"folded with a more indented line",
            "c: >\n  one\n    two\n  three\n",
            "one\n  two\nthree\n",
            {"one", "two", "three"}},
        Row{"stripped, indentation given", "c: |2-\n   one\n  two\n", " one\ntwo", {"one", "two"}},
        Row{"header with a comment", "c: >- # why\n  one\n  two\n", "one two", {"one", "two"}},
        Row{"single quotes", "c: 'a ''b'' c'\n", "a 'b' c", {"a", "b", "c"}},
        Row{"single quotes over lines", "c: 'a\n   b'\n", "a b", {"a", "b"}},
        Row{"double quotes", "c: \"a \\\"b\\\" \\x41\\u00e9 z\"\n", "a \"b\" A\u00e9 z", {"a", "b", "z"}},
        Row{"double quotes, line goes on", "c: \"one \\\n   two\"\n", "one two", {"one", "two"}},
        Row{"behind a tag", "c: !!str one two\n", "one two", {"one", "two"}},
        Row{"behind an anchor", "c: &x >\n  one two\n", "one two\n", {"one", "two"}},
        Row{"not ASCII", "c: \u00e4\u00f6 word\n", "\u00e4\u00f6 word", {"\u00e4\u00f6", "word"}},
        Row{"carriage returns", "c: >\r\n  one\r\n  two\r\n", "one two\n", {"one", "two"}},
        Row{"flow map", "{a: 1, c: one two}\n", "one two", {"one", "two"}}),
    [](const auto& row) {
      std::string name = row.param.what;
      for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
      return name;
    });

TEST(ScalarPlaces, AliasPointsAtTheAnchoredText) {
  const std::string text = "a: &x one two\nc: *x\n";
  const YamlStream stream = parse_yaml(text, 0);
  const YamlEntry* entry = stream.documents.at(0).find("c");
  ASSERT_NE(entry, nullptr);
  const LocatedText located = locate_scalar(entry->value.scalar, text, 0, entry->value.place.offset);
  EXPECT_EQ(located.place(4, 7).offset, text.find("two"));
}

TEST(ScalarPlaces, TextThatDoesNotFitPointsAtTheScalar) {
  const LocatedText located = locate_scalar("xyz", "  abc", 0, 2);
  EXPECT_EQ(located.text(), "xyz");
  EXPECT_EQ(located.place(1, 2).offset, 2U);
  EXPECT_EQ(locate_scalar("xyz", "", 0, 99).place(0, 3).offset, 0U);
}

}  // namespace
}  // namespace saker::rules
