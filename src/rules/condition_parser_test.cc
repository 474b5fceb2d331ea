// A tree is written as print() writes it. Problems are written begin-end: message.
#include "rules/condition_parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace saker::rules {
namespace {

struct Row {
  std::string_view condition;
  std::string_view want;
};

constexpr Row kTrees[] = {
    {"a", "a"},
    {" \t\b\r\na ", "a"},
    // Precedence: not, and, or. Parentheses that change nothing are gone.
    {"a or b and c", "(a or (b and c))"},
    {"(a or b) and c", "((a or b) and c)"},
    {"a and b and c or d", "((a and b and c) or d)"},
    {"not a and b", "(not a and b)"},
    {"not (a and b)", "not (a and b)"},
    {"not not a", "a"},
    {"not not not a", "not a"},
    {"not(not(a))", "not not a"},
    {"(a)and(b)or(c)", "((a and b) or c)"},
    {"((a))", "a"},
    // Names that look like keywords.
    {"notebook and android or order", "((notebook and android) or order)"},
    {"not", "not"},
    {"nota and not", "(nota and not)"},
    {"a.b = and", "a.b = and"},
    {"in.x in (in)", "in.x in (in)"},
    // Operators.
    {"a.b exists", "a.b exists"},
    {"a.b existsand c", "(a.b exists and c)"},
    {"a.b=1", "a.b = 1"},
    {"a.b==1", "a.b == 1"},
    {"a.b!=1", "a.b != 1"},
    {"a.b<=1", "a.b <= 1"},
    {"a.b > -1.5e+3", "a.b > -1.5e+3"},
    {"a.b < 0xfF", "a.b < 0xfF"},
    {"a.b glob /*", "a.b glob /*"},
    {"a.b iglob\tx", "a.b iglob x"},
    {"a.b contains x", "a.b contains x"},
    {"a.b icontains x", "a.b icontains x"},
    {"a.b bcontains x", "a.b bcontains x"},
    {"a.b startswith x", "a.b startswith x"},
    {"a.b bstartswith x", "a.b bstartswith x"},
    {"a.b endswith\nx", "a.b endswith x"},
    {"a.b regex ^x$", "a.b regex ^x$"},
    {"a.b in(a,b)", "a.b in (a, b)"},
    {"a.b in ()", "a.b in ()"},
    {"a.b in list", "a.b in list"},
    {"a.b invalid", "a.b in valid"},
    {"a.b intersects ( a , b )", "a.b intersects (a, b)"},
    {"a.b pmatch (/a, \"/b c\")", "a.b pmatch (/a, \"/b c\")"},
    // Modifiers, and a value that starts like one.
    {"a.b = oneof(a)", "a.b = oneof (a)"},
    {"a.b != anyof (a, b)", "a.b != anyof (a, b)"},
    {"a.b startswith allof ()", "a.b startswith allof ()"},
    {"a.b = oneof val(c.d)", "a.b = oneof val(c.d)"},
    {"a.b = oneofus", "a.b = oneofus"},
    {"a.b = anyof", "a.b = anyof"},
    // Fields and arguments.
    {"a.b.c_1[x] = 1", "a.b.c_1[x] = 1"},
    {"a.b[0x(1)] = 1", "a.b[\"0x(1)\"] = 1"},
    {"a.b['x y'] = 1", "a.b[\"x y\"] = 1"},
    // Transformers and references.
    {"tolower(a.b) = x", "tolower(a.b) = x"},
    {"toupper( a.b[1] )[z] = x", "toupper(a.b[1])[z] = x"},
    {"len(basename(b64(a.b))) >= 2", "len(basename(b64(a.b))) >= 2"},
    {"concat(a.b, ' x', \"y\") = z", "concat(a.b,\" x\",y) = z"},
    {"join(',', (a.b, 'c', tolower(d.e))) = z", "join(\",\",(a.b,c,tolower(d.e))) = z"},
    {"join('', ()) = z", "join(,()) = z"},
    {"getopt(a.b, 'x:')[x] = 1", "getopt(a.b,x:)[x] = 1"},
    {"a.b = val( c.d[1] )", "a.b = val(c.d[1])"},
    {"a.b > len(c.d)", "a.b > len(c.d)"},
    {"a.b in val(c.d)", "a.b in val(c.d)"},
    {"a.b = valid", "a.b = valid"},
    {"tolower or b", "(tolower or b)"},
    // Quotes and escapes.
    {"a.b = ''", "a.b = "},
    {"a.b = 'it\"s'", "a.b = \"it\\\"s\""},
    {R"(a.b = 'it\'s')", "a.b = \"it's\""},
    {R"(a.b = "\b\f\n\r\t\\\/\"")", R"(a.b = "\b\f\n\r\t\\/\"")"},
    {R"(a.b = "\x41\x00\x1f")", R"(a.b = "A\x00\x1f")"},
    {R"(a.b = "end\\")", R"(a.b = end\)"},
    {R"(a.b = "a\ b")", R"(a.b = a\b)"},
    {R"(a.b = C:\dir)", R"(a.b = C:\dir)"},
    {"a.b = x[1]!<>", "a.b = x[1]!<>"},
};

constexpr Row kProblems[] = {
    {"", "0-0: the condition is empty"},
    {"  ", "2-2: the condition is empty"},
    {"()", "1-2: expected a check, a macro or '('"},
    {"not ", "4-4: expected a check, a macro or '(' before the end"},
    {"not and not", "8-11: expected 'and', 'or' or the end, not 'not'"},
    {"a and ", "6-6: expected a check, a macro or '(' before the end"},
    {"a andb", "5-6: expected a blank or '(' after 'and'"},
    {"a or", "4-4: expected a blank or '(' after 'or'"},
    {"a b", "2-3: expected 'and', 'or' or the end, not 'b'"},
    {"a AND b", "2-5: expected 'and' or 'or': keywords are lower case, not 'AND'"},
    {"a)", "1-2: ')' closes nothing"},
    {"(a", "2-2: expected ')' before the end"},
    {"(a b)", "3-4: expected 'and', 'or' or the end, not 'b'"},
    {"name = 1",
     "5-6: expected 'and' or 'or': a macro is not compared, and a field name has a dot, as in proc.name"},
    {"a.b", "3-3: expected an operator before the end"},
    {"a.b =", "5-5: expected a value after '='"},
    {"a.b = (x)", "6-7: expected one value after '=': for a list use in, or '= anyof (...)'"},
    {"a.b = x=y", "7-8: expected 'and' or 'or': a value that holds '=' must be quoted"},
    {"a.b > x", "6-7: expected a number after '>', without quotes"},
    {"a.b > '1'", "6-7: expected a number after '>', without quotes"},
    {"a.b in 1", "7-8: expected a list in parentheses"},
    {"a.b in (,a)", "8-9: expected a value or ')'"},
    {"a.b in (a b)", "10-11: expected ',' or ')' after a list's value"},
    {"a.b in (a,)", "10-11: expected a value after ','"},
    {"a.b in (a", "9-9: expected ',' or ')' after a list's value"},
    {"a.b = 'x", "6-7: this quote is never closed"},
    {"a.b in ('x)", "8-9: this quote is never closed"},
    {R"(a.b = "x\q")", R"(8-11: unknown escape '\q'; known are \b \f \n \r \t \\ \/ \" \xHH)"},
    {R"(a.b = "x\'")", "8-11: only the quote that opened the text can be escaped"},
    {R"(a.b = "\x4")", "7-11: expected two hexadecimal digits after '\\x'"},
    {"a.b[] = 1", "4-5: expected an argument between '[' and ']', without blanks unless it is quoted"},
    {"a.b[x = 1", "5-6: expected ']'"},
    {"tolower() = 1", "8-9: expected a field, a quoted text, a transformer or a list in parentheses"},
    {"tolower(a.b = 1", "12-13: expected ',' or ')'"},
    {"a.b = val(x)", "10-11: expected a field inside val()"},
    {"a.b = val(c.d", "13-13: expected ')' to close val()"},
};

std::string problem_text(const Parsed& parsed) {
  if (parsed.problems.empty()) return "none";
  const ParseProblem& problem = parsed.problems.front();
  return fmt::format("{}-{}: {}", problem.begin, problem.end, problem.message);
}

TEST(ConditionParser, Trees) {
  for (const Row& row : kTrees) {
    SCOPED_TRACE(row.condition);
    const Parsed parsed = parse_condition(row.condition);
    ASSERT_EQ(problem_text(parsed), "none");
    EXPECT_EQ(print(*parsed.tree), row.want);
    EXPECT_EQ(print(*clone(*parsed.tree)), row.want);
  }
}

TEST(ConditionParser, Problems) {
  for (const Row& row : kProblems) {
    SCOPED_TRACE(row.condition);
    const Parsed parsed = parse_condition(row.condition);
    EXPECT_EQ(parsed.tree, nullptr);
    EXPECT_EQ(parsed.problems.size(), 1U);
    EXPECT_EQ(problem_text(parsed), row.want);
  }
}

std::string nested(std::size_t times, std::string_view open, std::string_view inner, std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += open;
  text += inner;
  for (std::size_t i = 0; i < times; ++i) text += close;
  return text;
}

TEST(ConditionParser, NestingIsBounded) {
  EXPECT_TRUE(parse_condition(nested(19, "(", "a", ")"), 0, {100}).tree);
  EXPECT_FALSE(parse_condition(nested(20, "(", "a", ")"), 0, {100}).tree);
  EXPECT_TRUE(parse_condition(nested(199, "(", "a", ")")).tree);
  EXPECT_EQ(problem_text(parse_condition(nested(200, "(", "a", ")"))),
            "200-201: the condition is nested too deeply");
  EXPECT_TRUE(parse_condition(nested(900, "tolower(", "a.b", ")") + " exists").tree);
  EXPECT_FALSE(parse_condition(nested(100'000, "tolower(", "a.b", ")") + " exists").tree);
  EXPECT_FALSE(parse_condition(nested(100'000, "not(", "a", ")")).tree);
  EXPECT_FALSE(parse_condition("join(''," + nested(100'000, "(", "a.b", ")") + ") exists").tree);
  EXPECT_TRUE(parse_condition(nested(100'000, "not ", "a", "")).tree);
}

TEST(ConditionParser, SpansCoverWhatWasWritten) {
  const std::string_view text = " a.b = 'x y' and not tolower(c.d) in (e,f)";
  const Parsed parsed = parse_condition(text, 7);
  ASSERT_TRUE(parsed.tree);
  const auto cut = [&](Span span) {
    EXPECT_EQ(span.source, 7U);
    return text.substr(span.begin, span.end - span.begin);
  };
  const auto& terms = std::get<Node::And>(parsed.tree->value).terms;
  EXPECT_EQ(cut(terms[0]->span), "a.b = 'x y'");
  const auto& first = std::get<Node::Check>(terms[0]->value);
  EXPECT_EQ(cut(first.left.span), "a.b");
  EXPECT_EQ(cut(first.op_span), "=");
  EXPECT_EQ(cut(first.right[0].span), "'x y'");
  EXPECT_EQ(cut(terms[1]->span), "not tolower(c.d) in (e,f)");
  const auto& second = std::get<Node::Check>(std::get<Node::Not>(terms[1]->value).term->value);
  EXPECT_EQ(cut(second.left.span), "tolower(c.d)");
  EXPECT_EQ(cut(second.right[1].span), "f");
}

TEST(ConditionParser, OperandPrefix) {
  struct Case {
    std::string_view text;
    std::size_t length;
  };
  for (const Case& row : {Case{"proc.name", 9}, Case{"proc.name and", 9}, Case{"proc.env[A] x", 11},
                          Case{"tolower(proc.name)x", 18}, Case{"name", 0}, Case{"tolower(name)", 0},
                          Case{"", 0}, Case{"proc.env[A", 0}}) {
    SCOPED_TRACE(row.text);
    const ParsedOperand parsed = parse_operand_prefix(row.text);
    EXPECT_EQ(parsed.length, row.length);
    EXPECT_EQ(parsed.operand.has_value(), row.length > 0);
    EXPECT_EQ(parsed.problems.empty(), row.length > 0);
  }
}

// The reference engine places a bad escape behind the closing quote; ours points at the escape itself.
bool same_place(const ParseProblem& problem, std::size_t offset, std::string_view kind) {
  const bool escape = kind == "bad-hex-escape" || kind == "quote-escape-mismatch";
  return (escape ? problem.end : problem.begin) == offset;
}

nlohmann::json shared_json(const char* name) {
  const auto path = std::filesystem::path(SAKER_SHARED_DIR) / "reference" / name;
  std::ifstream file(path);
  return file ? nlohmann::json::parse(file) : nlohmann::json();
}

TEST(ConditionParser, ConformanceLanguage) {
  const nlohmann::json json = shared_json("conformance-language.json");
  if (json.is_null()) GTEST_SKIP() << "no shared reference";
  std::size_t cases = 0;
  for (const auto& row : json["cases"]) {
    if (row["area"] != "parse") continue;
    ++cases;
    const std::string text = row["input"];
    SCOPED_TRACE(fmt::format("{} {}", row["id"].get<std::string>(), text));
    const Parsed parsed = parse_condition(text, 0, {row["setup"]["max_depth"].get<std::uint32_t>()});
    const auto& expect = row["expect"];
    ASSERT_EQ(parsed.tree != nullptr, expect["parses"].get<bool>()) << problem_text(parsed);
    if (parsed.tree) {
      EXPECT_EQ(print(*parsed.tree), expect["canonical"].get<std::string>());
    } else {
      EXPECT_TRUE(same_place(parsed.problems[0], expect["error_offset"].get<std::size_t>(),
                             expect["error"].get<std::string>()))
          << problem_text(parsed) << ", expected at " << expect["error_offset"];
    }
  }
  EXPECT_GT(cases, 0U);
}

TEST(ConditionParser, ConformanceCases) {
  const nlohmann::json json = shared_json("conformance-cases.json");
  if (json.is_null()) GTEST_SKIP() << "no shared reference";
  std::size_t cases = 0;
  for (const auto& row : json["cases"]) {
    if (row["area"] != "parse") continue;
    ++cases;
    const std::string text = row["input"]["condition"];
    SCOPED_TRACE(fmt::format("{} {}", row["id"].get<std::string>(), text));
    const Parsed parsed = parse_condition(text, 0, {100});
    const auto& expect = row["expect"];
    ASSERT_EQ(parsed.tree != nullptr, expect["ok"].get<bool>()) << problem_text(parsed);
    if (parsed.tree) {
      EXPECT_EQ(print(*parsed.tree), expect["tree"].get<std::string>());
    } else {
      EXPECT_EQ(parsed.problems[0].begin, expect["at"]["offset"].get<std::uint32_t>())
          << problem_text(parsed);
    }
  }
  EXPECT_GT(cases, 0U);
}

}  // namespace
}  // namespace saker::rules
