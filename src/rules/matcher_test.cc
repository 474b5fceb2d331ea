// Every operator on every kind of type: what it makes of a value that is there. Missing values, which match
// nothing, are in each row; whole conditions are in evaluator_test.cc.
#include "rules/matcher.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace saker::rules {
namespace {

using fields::Type;
using fields::Value;
using enum Operator;

struct Row {
  Type type;
  Operator op;
  std::vector<std::string> constants;
  Value value;
  bool want;
  Modifier modifier = Modifier::kNone;
};

void expect(const std::vector<Row>& rows, bool is_list = false) {
  Arena arena;
  for (const Row& row : rows) {
    std::string trace = std::string(operator_text(row.op)) + " " + std::string(modifier_text(row.modifier));
    for (const std::string& constant : row.constants) trace += " '" + constant + "'";
    SCOPED_TRACE(trace);
    EXPECT_TRUE(allows(row.type, is_list, row.op));
    const MadeMatcher made = make_matcher(row.type, is_list, row.op, row.modifier, row.constants);
    ASSERT_NE(made.matcher, nullptr);
    EXPECT_EQ(made.matcher->matches(row.value, arena), row.want);
    EXPECT_FALSE(made.matcher->matches(Value(), arena));
  }
}

Value text(std::string_view text) { return Value::text(text); }

TEST(Matcher, Texts) {
  const Value path = text("/etc/Shadow"), empty = text("");
  expect({
      {Type::kText, kExists, {}, empty, true},
      {Type::kText, kEq, {"/etc/Shadow"}, path, true},
      {Type::kText, kEq, {"/etc/shadow"}, path, false},
      {Type::kText, kEq, {""}, empty, true},
      {Type::kText, kNe, {"x"}, path, true},
      {Type::kText, kNe, {"/etc/Shadow"}, path, false},
      {Type::kText, kLt, {"5"}, path, true},
      {Type::kText, kLe, {"5"}, text("5"), true},
      {Type::kText, kGt, {"5"}, text("50"), true},
      {Type::kText, kGe, {"5"}, text("49"), false},
      {Type::kText, kContains, {"c/S"}, path, true},
      {Type::kText, kContains, {""}, empty, true},
      {Type::kText, kContains, {"c/s"}, path, false},
      {Type::kText, kIcontains, {"C/s"}, path, true},
      {Type::kText, kIcontains, {"x"}, path, false},
      {Type::kText, kStartswith, {"/etc"}, path, true},
      {Type::kText, kStartswith, {"etc"}, path, false},
      {Type::kText, kEndswith, {"dow"}, path, true},
      {Type::kText, kEndswith, {"/etc/Shadow/"}, path, false},
      {Type::kText, kGlob, {"/*w"}, path, true},
      {Type::kText, kGlob, {"/ETC/*"}, path, false},
      {Type::kText, kIglob, {"/ETC/s*"}, path, true},
      {Type::kText, kRegex, {"/etc/[A-Z][a-z]+"}, path, true},
      {Type::kText, kRegex, {"etc"}, path, false},
      {Type::kText,
       kRegex,
       {"a.b"},
       text("a\xff"
            "b"),
       true},
      {Type::kText, kIn, {"a", "/etc/Shadow"}, path, true},
      {Type::kText, kIn, {"a"}, path, false},
      {Type::kText, kIn, {}, empty, false},
      {Type::kText, kIntersects, {"/etc/Shadow"}, path, true},
      {Type::kPath, kPmatch, {"/usr", "/etc"}, path, true},
      {Type::kPath, kPmatch, {"/et"}, path, false},
      {Type::kPath, kPmatch, {}, path, false},
  });
}

TEST(Matcher, Bytes) {
  const Value bytes = text(std::string_view("h\0llo", 5));
  expect({
      {Type::kBytes, kEq, {std::string("h\0llo", 5)}, bytes, true},
      {Type::kBytes, kNe, {"h"}, bytes, true},
      {Type::kBytes, kContains, {"ll"}, bytes, true},
      {Type::kBytes, kStartswith, {"h"}, bytes, true},
      {Type::kBytes, kEndswith, {"lo"}, bytes, true},
      {Type::kBytes, kBcontains, {"006C"}, bytes, true},
      {Type::kBytes, kBcontains, {"6c00"}, bytes, false},
      {Type::kBytes, kBstartswith, {"6800"}, bytes, true},
      {Type::kBytes, kBstartswith, {"00"}, bytes, false},
      {Type::kBytes, kIn, {"x", std::string("h\0llo", 5)}, bytes, true},
  });
}

TEST(Matcher, Numbers) {
  const Value minus = Value::integer(-1), five = Value::unsigned_integer(5),
              most = Value::unsigned_integer(~0ULL);
  expect({
      {Type::kInt64, kEq, {"-1"}, minus, true},
      {Type::kInt64, kLt, {"0"}, minus, true},
      {Type::kInt64, kGe, {"0"}, minus, false},
      {Type::kInt32, kIn, {"3", "-1"}, minus, true},
      {Type::kInt8, kEq, {"255"}, minus, true},
      {Type::kInt64, kLe, {"99999999999999999999"}, minus, true},
      {Type::kInt64, kGe, {"-99999999999999999999"}, minus, true},
      {Type::kUint64, kEq, {"-1"}, most, true},
      {Type::kUint64, kGt, {"0"}, most, true},
      {Type::kUint64, kEq, {"99999999999999999999"}, most, true},
      {Type::kUint8, kEq, {"261"}, five, true},
      {Type::kUint16, kEq, {"65541"}, five, true},
      {Type::kUint32, kNe, {"+5"}, five, false},
      {Type::kUint32, kIntersects, {"4", "5"}, five, true},
      {Type::kRelTime, kGe, {"5"}, five, true},
      {Type::kAbsTime, kLe, {"4"}, five, false},
      {Type::kDouble, kLt, {"6"}, Value::integer(5), true},
      {Type::kPort, kEq, {"65541"}, five, true},
      {Type::kPort, kEq, {""}, Value::unsigned_integer(0), true},
      {Type::kPort, kIn, {"1", "5"}, five, true},
      {Type::kBool, kEq, {"true"}, Value::boolean(true), true},
      {Type::kBool, kNe, {"true"}, Value::boolean(false), true},
      {Type::kBool, kIn, {"false"}, Value::boolean(true), false},
      {Type::kUint8, kExists, {}, Value::unsigned_integer(0), true},
      {Type::kDynamic, kEq, {"5"}, five, true},
      {Type::kDynamic, kEq, {"5"}, text("5"), true},
      {Type::kDynamic, kStartswith, {"5"}, five, false},
  });
}

TEST(Matcher, Addresses) {
  const Value v4 = Value::ip({"\x0a\x01\x02\x03", 4});
  const Value v6 = Value::ip({"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16});
  expect({
      {Type::kIpAddress, kEq, {"10.1.2.3"}, v4, true},
      {Type::kIpAddress, kEq, {"2001:db8::1"}, v6, true},
      {Type::kIpAddress, kEq, {"10.1.2.3"}, v6, false},
      {Type::kIpAddress, kNe, {"10.1.2.3"}, v6, true},
      {Type::kIpAddress, kIn, {"::1", "10.1.2.3"}, v4, true},
      {Type::kIpAddress, kIn, {"::1"}, v4, false},
      {Type::kIpNetwork, kEq, {"10.0.0.0/8"}, v4, true},
      {Type::kIpNetwork, kEq, {"10.1.2.0/31"}, v4, false},
      {Type::kIpNetwork, kEq, {"10.1.2.2/31"}, v4, true},
      {Type::kIpNetwork, kEq, {"1.2.3.4/0"}, v4, true},
      {Type::kIpNetwork, kEq, {"1.2.3.4/0"}, v6, false},
      {Type::kIpNetwork, kEq, {"2001:db8::/33"}, v6, true},
      {Type::kIpNetwork, kEq, {"2001:db8:8000::/33"}, v6, false},
      {Type::kIpNetwork, kNe, {"10.0.0.0/8"}, v4, false},
      {Type::kIpNetwork, kNe, {"10.0.0.0/8"}, v6, true},
      {Type::kIpNetwork, kIn, {"11.0.0.0/8", "10.0.0.0/8"}, v4, true},
      {Type::kIpNetwork, kExists, {}, v4, true},
  });
}

TEST(Matcher, Lists) {
  const Value words[] = {text("a"), text("b")};
  const Value numbers[] = {Value::unsigned_integer(1), Value::unsigned_integer(2)};
  const Value both = Value::list(words), none = Value::list({});
  expect(
      {
          {Type::kText, kIn, {"a", "b", "c"}, both, true},
          {Type::kText, kIn, {"a", "c"}, both, false},
          {Type::kText, kIn, {"a"}, none, true},
          {Type::kText, kIn, {}, none, false},
          {Type::kText, kIntersects, {"b", "c"}, both, true},
          {Type::kText, kIntersects, {"c"}, both, false},
          {Type::kText, kIntersects, {"c"}, none, false},
          {Type::kText, kExists, {}, none, true},
          {Type::kUint64, kIn, {"2", "1"}, Value::list(numbers), true},
          {Type::kUint64, kIntersects, {"3"}, Value::list(numbers), false},
      },
      true);
}

TEST(Matcher, Modifiers) {
  const Value name = text("python3");
  expect({
      {Type::kText, kEq, {"python3", "bash"}, name, true, Modifier::kOneOf},
      {Type::kText, kEq, {"python3", "python3"}, name, false, Modifier::kOneOf},
      {Type::kText, kNe, {"a", "b"}, name, false, Modifier::kOneOf},
      {Type::kText, kStartswith, {"x", "py"}, name, true, Modifier::kAnyOf},
      {Type::kText, kContains, {"py", "th"}, name, true, Modifier::kAllOf},
      {Type::kText, kContains, {"py", "x"}, name, false, Modifier::kAllOf},
      {Type::kText, kRegex, {"py.*", ".*3"}, name, true, Modifier::kAllOf},
      {Type::kText, kEq, {}, name, false, Modifier::kAllOf},
      {Type::kText, kNe, {}, name, false, Modifier::kAllOf},
      {Type::kText, kNe, {}, name, false, Modifier::kAnyOf},
      {Type::kInt64, kNe, {"1", "2"}, Value::integer(2), true, Modifier::kAnyOf},
      {Type::kInt64, kNe, {"1", "2"}, Value::integer(2), false, Modifier::kAllOf},
  });
}

TEST(Matcher, AllowsByType) {
  struct Allowed {
    Type type;
    bool is_list;
    std::string_view operators;
  };
  constexpr std::string_view kNumeric = "exists = != < <= > >= in intersects";
  for (const Allowed& row : {
           Allowed{Type::kText, false,
                   "exists = != < <= > >= contains icontains startswith endswith glob iglob regex in "
                   "intersects pmatch"},
           Allowed{Type::kBytes, false,
                   "exists = != contains bcontains startswith bstartswith endswith in intersects"},
           Allowed{Type::kInt8, false, kNumeric},
           Allowed{Type::kUint64, false, kNumeric},
           Allowed{Type::kDouble, false, kNumeric},
           Allowed{Type::kPort, false, kNumeric},
           Allowed{Type::kAbsTime, false, kNumeric},
           Allowed{Type::kBool, false, "exists = != in intersects"},
           Allowed{Type::kIpAddress, false, "exists = != in intersects"},
           Allowed{Type::kIpNetwork, false, "exists = != in intersects"},
           Allowed{Type::kText, true, "exists in intersects"},
           Allowed{Type::kUint64, true, "exists in intersects"},
       }) {
    std::string operators;
    for (int i = 0; i <= static_cast<int>(kPmatch); ++i) {
      const auto op = static_cast<Operator>(i);
      if (!allows(row.type, row.is_list, op)) continue;
      operators += (operators.empty() ? "" : " ") + std::string(operator_text(op));
    }
    EXPECT_EQ(operators, row.operators) << static_cast<int>(row.type);
  }
}

}  // namespace
}  // namespace saker::rules
