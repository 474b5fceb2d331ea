#include "rules/transformers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace saker::rules {
namespace {

using fields::Kind;
using fields::Value;
using enum Transformer;

Value text(std::string_view text) { return Value::text(text); }

std::string shown(const Value& value) {
  switch (value.kind()) {
    case Kind::kMissing:
      return "missing";
    case Kind::kText:
      return fmt::format("'{}'", value.text());
    case Kind::kUint:
      return fmt::format("{}", value.unsigned_integer());
    case Kind::kList:
      break;
    default:
      return "?";
  }
  std::string all;
  for (const Value& item : value.list()) all += (all.empty() ? "" : " ") + shown(item);
  return "[" + all + "]";
}

const Value kMixed[] = {text("/A/b"), text(""), text("Cd")};
const Value kWithNone[] = {text("a"), Value()};
const Value kNumbers[] = {Value::integer(-1), Value::unsigned_integer(7), text("x"), Value::boolean(true)};
const Value kLonely[] = {text("x")};

struct Row {
  Transformer transformer;
  std::vector<Value> arguments;
  std::string_view want;
};

TEST(Transformers, Values) {
  Arena arena;
  for (const Row& row : {
           Row{kToLower, {text("ABc/1\xC3\x84")}, "'abc/1\xC3\x84'"},
           Row{kToUpper, {text("abC/1")}, "'ABC/1'"},
           Row{kToLower, {Value::list(kMixed)}, "['/a/b' '' 'cd']"},
           Row{kToLower, {Value::list(kWithNone)}, "missing"},
           Row{kToLower, {Value()}, "missing"},
           Row{kBasename, {text("/a/b")}, "'b'"},
           Row{kBasename, {text("/a/")}, "''"},
           Row{kBasename, {text("ab")}, "'ab'"},
           Row{kBasename, {Value::list(kMixed)}, "['b' '' 'Cd']"},
           Row{kLen, {text("abc")}, "3"},
           Row{kLen, {text("")}, "0"},
           Row{kLen, {Value::list(kMixed)}, "3"},
           Row{kLen, {Value::list({})}, "0"},
           Row{kLen, {Value()}, "missing"},
           Row{kConcat, {text("a"), text(""), text("b")}, "'ab'"},
           Row{kConcat, {text("a"), Value()}, "missing"},
           Row{kJoin, {text(", "), Value::list(kMixed)}, "'/A/b, , Cd'"},
           Row{kJoin, {text("-"), Value::list(kNumbers)}, "'-1-7-x-true'"},
           Row{kJoin, {text("-"), Value::list(kLonely)}, "'x'"},
           Row{kJoin, {text("-"), Value::list({})}, "''"},
           Row{kJoin, {Value(), Value::list({})}, "missing"},
       }) {
    EXPECT_EQ(shown(transform(row.transformer, row.arguments, "", arena)), row.want);
  }
}

TEST(Transformers, Base64) {
  struct Base64Row {
    std::string_view given, want;
  };
  Arena arena;
  for (const Base64Row& row : {
           Base64Row{"", "''"},
           Base64Row{"aGk=", "'hi'"},
           Base64Row{"aGk", "'hi'"},
           Base64Row{"aGlq", "'hij'"},
           Base64Row{"aA==", "'h'"},
           Base64Row{"aA", "'h'"},
           Base64Row{"+/+/", "'\xFB\xFF\xBF'"},
           Base64Row{"aGlqa", "missing"},
           Base64Row{"a", "missing"},
           Base64Row{"aG k", "missing"},
           Base64Row{"aG=k", "missing"},
           Base64Row{"====", "missing"},
           Base64Row{"a-_b", "missing"},
       }) {
    const Value argument = text(row.given);
    EXPECT_EQ(shown(transform(kB64, {&argument, 1}, "", arena)), row.want) << row.given;
  }
}

TEST(Transformers, Getopt) {
  struct GetoptRow {
    std::vector<std::string_view> words;
    std::string_view options, letter, want;
  };
  Arena arena;
  for (const GetoptRow& row : {
           GetoptRow{{"-a", "-t", "x"}, "at:", "t", "'x'"},
           GetoptRow{{"-a", "-t", "x"}, "at:", "a", "''"},
           GetoptRow{{"-atx"}, "at:", "t", "'x'"},
           GetoptRow{{"-tax"}, "at:", "t", "'ax'"},
           GetoptRow{{"-tax"}, "at:", "a", "missing"},
           GetoptRow{{"-t"}, "t:", "t", "missing"},
           GetoptRow{{"file", "-t", "x"}, "t:", "t", "'x'"},
           GetoptRow{{"--", "-t", "x"}, "t:", "t", "missing"},
           GetoptRow{{"-z", "-t", "x"}, "t:", "t", "'x'"},
           GetoptRow{{"-z"}, "t:", "z", "missing"},
           GetoptRow{{}, "t:", "t", "missing"},
       }) {
    std::vector<Value> words;
    for (const std::string_view word : row.words) words.push_back(text(word));
    const Value arguments[] = {Value::list(words), text(row.options)};
    EXPECT_EQ(shown(transform(kGetopt, arguments, row.letter, arena)), row.want) << row.options << row.letter;
  }
}

}  // namespace
}  // namespace saker::rules
