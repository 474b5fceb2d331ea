// Recursive descent, one function a grammar rule. Every level of or, and, not, unit and parenthesis counts
// against ParseLimits::depth_max, as does each nested transformer, so the stack is bounded whatever the text.
// The first problem ends the parse. Covered by condition_parser_test.cc and fuzz/condition_fuzz.cc.
#include "rules/condition_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "rules/condition_lexer.h"

namespace saker::rules {
namespace {

using enum Operator;

constexpr std::array<std::pair<std::string_view, Operator>, 4> kNumberOperators = {
    {{"<=", kLe}, {"<", kLt}, {">=", kGe}, {">", kGt}}};
constexpr std::array<std::pair<std::string_view, Operator>, 3> kSymbols = {
    {{"==", kEq}, {"=", kEq}, {"!=", kNe}}};
constexpr std::array<Operator, 9> kWords = {kGlob,       kIglob,       kContains, kIcontains, kBcontains,
                                            kStartswith, kBstartswith, kEndswith, kRegex};
constexpr std::array<Operator, 3> kListOperators = {kIntersects, kIn, kPmatch};
constexpr std::array<Modifier, 3> kModifiers = {Modifier::kOneOf, Modifier::kAnyOf, Modifier::kAllOf};
constexpr std::size_t kTransformers = 8;

class Parser {
 public:
  Parser(std::string_view text, std::uint32_t source, ParseLimits limits)
      : text_(text), lexer_(text), source_(source), limits_(limits) {}

  Parsed condition() {
    Parsed parsed;
    lexer_.skip_blanks();
    if (lexer_.at_end()) {
      fail("the condition is empty");
    } else {
      lexer_.back_to(0);
      parsed.tree = parse_or();
      if (parsed.tree && !lexer_.at_end()) fail_trailing(*parsed.tree);
    }
    if (!problems_.empty()) parsed.tree.reset();
    parsed.problems = std::move(problems_);
    return parsed;
  }

  ParsedOperand operand_prefix() {
    ParsedOperand parsed;
    parsed.operand = parse_left();
    if (!parsed.operand && problems_.empty()) fail("expected a field, as in proc.name, or a transformer");
    if (parsed.operand) parsed.length = lexer_.position();
    parsed.problems = std::move(problems_);
    return parsed;
  }

 private:
  // One grammar level, for as long as it lives.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) { ++parser_.depth_; }
    Level(const Level&) = delete;
    ~Level() { --parser_.depth_; }
    bool too_deep() const {
      if (parser_.depth_ < parser_.limits_.depth_max) return false;
      parser_.fail("the condition is nested too deeply");
      return true;
    }

   private:
    Parser& parser_;
  };

  Span span_from(std::size_t begin) const {
    return {source_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(lexer_.position())};
  }

  void fail(std::string message) { fail(lexer_.position(), lexer_.word_end(), std::move(message)); }
  void fail(std::size_t begin, std::size_t end, std::string message) {
    if (!problems_.empty()) return;
    problems_.push_back(
        {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), std::move(message)});
  }

  NodePtr make(std::size_t begin, decltype(Node::value) value) const {
    auto node = std::make_unique<Node>();
    node->value = std::move(value);
    node->span = span_from(begin);
    return node;
  }

  void fail_trailing(const Node& tree);
  NodePtr parse_or();
  NodePtr parse_and();
  NodePtr parse_not();
  NodePtr parse_unit();
  NodePtr parse_parenthesis();
  NodePtr parse_check(std::size_t begin, Operand left);
  bool after_keyword(std::string_view keyword, bool& parenthesis);

  std::optional<Operand> parse_left();
  std::optional<Operand> parse_field_rest(std::size_t begin, std::string_view name);
  std::optional<Operand> parse_call_rest(std::size_t begin, Transformer transformer);
  bool parse_arguments(std::vector<Operand>& into, bool may_be_empty);
  std::optional<Operand> parse_argument();
  bool parse_bracket(std::optional<std::string>& into);
  std::optional<Transformer> take_transformer();

  bool take_operator(Node::Check& check);
  bool parse_right(Node::Check& check);
  std::optional<Operand> parse_reference();
  bool parse_list(Node::Check& check);
  std::optional<Operand> parse_value();
  std::optional<Operand> parse_quoted();

  std::string_view text_;
  ConditionLexer lexer_;
  std::uint32_t source_;
  ParseLimits limits_;
  std::uint32_t depth_ = 0;
  std::vector<ParseProblem> problems_;
};

void Parser::fail_trailing(const Node& tree) {
  const std::size_t begin = lexer_.position();
  const std::size_t end = lexer_.word_end();
  const std::string_view rest = text_.substr(begin);
  const std::string_view word = rest.substr(0, end - begin);
  if (word == ")") {
    fail("')' closes nothing");
  } else if (word == "AND" || word == "OR" || word == "NOT") {
    fail(fmt::format("expected 'and' or 'or': keywords are lower case, not '{}'", word));
  } else if (std::holds_alternative<Node::Macro>(tree.value) && word.find_first_of("<>!=") == 0) {
    fail("expected 'and' or 'or': a macro is not compared, and a field name has a dot, as in proc.name");
  } else if (word == "=" || word == ",") {
    fail(fmt::format("expected 'and' or 'or': a value that holds '{}' must be quoted", word));
  } else {
    fail(fmt::format("expected 'and', 'or' or the end, not '{}'", word));
  }
}

// `and` and `or` are told from names by what follows.
bool Parser::after_keyword(std::string_view keyword, bool& parenthesis) {
  parenthesis = false;
  if (lexer_.skip_blanks()) return true;
  if (lexer_.take("(")) {
    parenthesis = true;
    return true;
  }
  fail(fmt::format("expected a blank or '(' after '{}'", keyword));
  return false;
}

NodePtr Parser::parse_or() {
  const Level level(*this);
  if (level.too_deep()) return nullptr;
  lexer_.skip_blanks();
  const std::size_t begin = lexer_.position();
  Node::Or either;
  NodePtr term = parse_and();
  if (!term) return nullptr;
  either.terms.push_back(std::move(term));
  lexer_.skip_blanks();
  while (lexer_.take("or")) {
    bool parenthesis = false;
    if (!after_keyword("or", parenthesis)) return nullptr;
    term = parenthesis ? parse_parenthesis() : parse_and();
    if (!term) return nullptr;
    either.terms.push_back(std::move(term));
    lexer_.skip_blanks();
  }
  if (either.terms.size() == 1) return std::move(either.terms.front());
  return make(begin, std::move(either));
}

NodePtr Parser::parse_and() {
  const Level level(*this);
  if (level.too_deep()) return nullptr;
  lexer_.skip_blanks();
  const std::size_t begin = lexer_.position();
  Node::And all;
  NodePtr term = parse_not();
  if (!term) return nullptr;
  all.terms.push_back(std::move(term));
  lexer_.skip_blanks();
  while (lexer_.take("and")) {
    bool parenthesis = false;
    if (!after_keyword("and", parenthesis)) return nullptr;
    term = parenthesis ? parse_parenthesis() : parse_not();
    if (!term) return nullptr;
    all.terms.push_back(std::move(term));
    lexer_.skip_blanks();
  }
  if (all.terms.size() == 1) return std::move(all.terms.front());
  return make(begin, std::move(all));
}

NodePtr Parser::parse_not() {
  const Level level(*this);
  if (level.too_deep()) return nullptr;
  lexer_.skip_blanks();
  const std::size_t begin = lexer_.position();
  bool negated = false;
  while (lexer_.take_word("not")) {
    lexer_.skip_blanks();
    negated = !negated;
  }
  NodePtr term;
  if (lexer_.take("not(")) {
    negated = !negated;
    term = parse_parenthesis();
  } else {
    term = parse_unit();
  }
  if (!term || !negated) return term;
  return make(begin, Node::Not{std::move(term)});
}

// What follows an opening parenthesis.
NodePtr Parser::parse_parenthesis() {
  const Level level(*this);
  if (level.too_deep()) return nullptr;
  NodePtr term = parse_or();
  if (!term) return nullptr;
  lexer_.skip_blanks();
  if (lexer_.take(")")) return term;
  if (lexer_.at_end()) {
    fail("expected ')' before the end");
  } else {
    fail_trailing(*term);
  }
  return nullptr;
}

NodePtr Parser::parse_unit() {
  const Level level(*this);
  if (level.too_deep()) return nullptr;
  lexer_.skip_blanks();
  const std::size_t begin = lexer_.position();
  if (lexer_.take("(")) return parse_parenthesis();
  std::optional<Operand> left = parse_left();
  if (left) return parse_check(begin, *std::move(left));
  if (!problems_.empty()) return nullptr;
  if (const auto name = lexer_.identifier()) return make(begin, Node::Macro{std::string(*name)});
  fail(lexer_.at_end() ? "expected a check, a macro or '(' before the end"
                       : "expected a check, a macro or '('");
  return nullptr;
}

// A field or a transformer; nothing, and no problem, when neither stands here.
std::optional<Operand> Parser::parse_left() {
  const std::size_t begin = lexer_.position();
  if (const auto name = lexer_.field_name()) return parse_field_rest(begin, *name);
  if (const auto transformer = take_transformer()) return parse_call_rest(begin, *transformer);
  return std::nullopt;
}

std::optional<Operand> Parser::parse_field_rest(std::size_t begin, std::string_view name) {
  Operand::FieldName field{std::string(name), std::nullopt};
  if (!parse_bracket(field.argument)) return std::nullopt;
  return Operand{std::move(field), span_from(begin)};
}

// No blank may stand around or inside the brackets.
bool Parser::parse_bracket(std::optional<std::string>& into) {
  if (!lexer_.take("[")) return true;
  if (auto quoted = parse_quoted()) {
    into = std::move(std::get<Operand::Constant>(quoted->value).text);
  } else if (const auto bare = lexer_.bare_argument()) {
    into = std::string(*bare);
  } else {
    fail("expected an argument between '[' and ']', without blanks unless it is quoted");
  }
  if (!problems_.empty()) return false;
  if (lexer_.take("]")) return true;
  fail("expected ']'");
  return false;
}

std::optional<Transformer> Parser::take_transformer() {
  const std::size_t begin = lexer_.position();
  for (std::size_t i = 0; i < kTransformers; ++i) {
    const auto transformer = static_cast<Transformer>(i);
    if (lexer_.take(transformer_text(transformer)) && lexer_.take("(")) return transformer;
    lexer_.back_to(begin);
  }
  return std::nullopt;
}

std::optional<Operand> Parser::parse_call_rest(std::size_t begin, Transformer transformer) {
  const Level level(*this);
  if (level.too_deep()) return std::nullopt;
  Operand::Call call{transformer, {}, std::nullopt};
  if (!parse_arguments(call.arguments, false) || !parse_bracket(call.argument)) return std::nullopt;
  return Operand{std::move(call), span_from(begin)};
}

// Up to and with the closing parenthesis.
bool Parser::parse_arguments(std::vector<Operand>& into, bool may_be_empty) {
  lexer_.skip_blanks();
  if (may_be_empty && lexer_.take(")")) return true;
  do {
    std::optional<Operand> argument = parse_argument();
    if (!argument) return false;
    into.push_back(*std::move(argument));
    lexer_.skip_blanks();
  } while (lexer_.take(","));
  if (lexer_.take(")")) return true;
  fail("expected ',' or ')'");
  return false;
}

std::optional<Operand> Parser::parse_argument() {
  lexer_.skip_blanks();
  const std::size_t begin = lexer_.position();
  if (auto operand = parse_left(); operand || !problems_.empty()) return operand;
  if (auto quoted = parse_quoted(); quoted || !problems_.empty()) return quoted;
  if (lexer_.take("(")) {
    const Level level(*this);
    Operand::Tuple tuple;
    if (level.too_deep() || !parse_arguments(tuple.items, true)) return std::nullopt;
    return Operand{std::move(tuple), span_from(begin)};
  }
  fail("expected a field, a quoted text, a transformer or a list in parentheses");
  return std::nullopt;
}

std::optional<Operand> Parser::parse_quoted() {
  const std::size_t begin = lexer_.position();
  ConditionLexer::Quoted quoted = lexer_.quoted();
  using enum ConditionLexer::Quoted::Status;
  switch (quoted.status) {
    case kNone:
      return std::nullopt;
    case kOpen:
      fail(begin, begin + 1, "this quote is never closed");
      return std::nullopt;
    case kBadEscape:
      fail(quoted.begin, lexer_.position(), std::move(quoted.problem));
      return std::nullopt;
    case kGood:
      break;
  }
  return Operand{Operand::Constant{std::move(quoted.text), true}, span_from(begin)};
}

bool Parser::take_operator(Node::Check& check) {
  const auto take = [&](std::string_view text, Operator op) {
    if (!lexer_.take(text)) return false;
    check.op = op;
    check.double_equals = text == "==";
    return true;
  };
  const auto take_any = [&](const auto& table) {
    return std::ranges::any_of(table, [&](const auto& row) { return take(row.first, row.second); });
  };
  if (take("exists", kExists) || take_any(kNumberOperators) || take_any(kSymbols)) return true;
  for (const Operator op : kWords) {
    if (!lexer_.take_word(operator_text(op))) continue;
    check.op = op;
    return true;
  }
  return std::ranges::any_of(kListOperators, [&](Operator op) { return take(operator_text(op), op); });
}

NodePtr Parser::parse_check(std::size_t begin, Operand left) {
  Node::Check check;
  check.left = std::move(left);
  lexer_.skip_blanks();
  const std::size_t op_begin = lexer_.position();
  if (!take_operator(check)) {
    fail(
        lexer_.at_end()
            ? "expected an operator before the end"
            : "expected an operator: exists = != < <= > >= in intersects pmatch contains icontains bcontains "
              "startswith bstartswith endswith glob iglob regex");
    return nullptr;
  }
  check.op_span = span_from(op_begin);
  if (check.op != kExists && !parse_right(check)) return nullptr;
  return make(begin, std::move(check));
}

bool Parser::parse_right(Node::Check& check) {
  lexer_.skip_blanks();
  const bool orders = std::ranges::find(kNumberOperators, check.op, [](auto& row) { return row.second; }) !=
                      kNumberOperators.end();
  if (std::ranges::find(kListOperators, check.op) != kListOperators.end()) return parse_list(check);
  if (!orders) {
    for (const Modifier modifier : kModifiers) {
      if (!lexer_.take_word(modifier_text(modifier), "(")) continue;
      check.modifier = modifier;
      return parse_list(check);
    }
  }
  std::optional<Operand> right = parse_reference();
  if (!right && !problems_.empty()) return false;
  const std::size_t begin = lexer_.position();
  if (!right && orders) {
    if (const auto number = lexer_.number()) {
      right = Operand{Operand::Constant{std::string(*number), false}, span_from(begin)};
    } else {
      fail(fmt::format("expected a number after '{}', without quotes", operator_text(check.op)));
    }
  } else if (!right) {
    right = parse_value();
    if (!right && lexer_.take("(")) {
      fail(begin, begin + 1,
           fmt::format("expected one value after '{0}': for a list use in, or '{0} anyof (...)'",
                       operator_text(check.op)));
    } else if (!right) {
      fail(fmt::format("expected a value after '{}'", operator_text(check.op)));
    }
  }
  if (!right) return false;
  check.right.push_back(*std::move(right));
  return true;
}

// val(field) or a transformer.
std::optional<Operand> Parser::parse_reference() {
  const std::size_t begin = lexer_.position();
  if (const auto transformer = take_transformer()) return parse_call_rest(begin, *transformer);
  if (!lexer_.take("val(")) return std::nullopt;
  lexer_.skip_blanks();
  const std::size_t field_begin = lexer_.position();
  const auto name = lexer_.field_name();
  if (!name) {
    fail("expected a field inside val()");
    return std::nullopt;
  }
  std::optional<Operand> field = parse_field_rest(field_begin, *name);
  if (!field) return std::nullopt;
  lexer_.skip_blanks();
  if (lexer_.take(")")) return field;
  fail("expected ')' to close val()");
  return std::nullopt;
}

bool Parser::parse_list(Node::Check& check) {
  lexer_.skip_blanks();
  const std::size_t begin = lexer_.position();
  if (lexer_.take("(")) {
    check.right_is_list = true;
    lexer_.skip_blanks();
    std::optional<Operand> item = parse_value();
    while (item) {
      check.right.push_back(*std::move(item));
      lexer_.skip_blanks();
      if (!lexer_.take(",")) break;
      lexer_.skip_blanks();
      item = parse_value();
      if (!item) fail("expected a value after ','");
    }
    if (!problems_.empty()) return false;
    if (lexer_.take(")")) return true;
    fail(check.right.empty() ? "expected a value or ')'" : "expected ',' or ')' after a list's value");
    return false;
  }
  std::optional<Operand> right = parse_reference();
  if (!right && !problems_.empty()) return false;
  if (!right) {
    const auto name = lexer_.identifier();
    if (name) right = Operand{Operand::Constant{std::string(*name), false}, span_from(begin)};
  }
  if (!right) {
    fail("expected a list in parentheses");
    return false;
  }
  check.right.push_back(*std::move(right));
  return true;
}

std::optional<Operand> Parser::parse_value() {
  const std::size_t begin = lexer_.position();
  if (auto quoted = parse_quoted(); quoted || !problems_.empty()) return quoted;
  if (const auto bare = lexer_.bare_text()) {
    return Operand{Operand::Constant{std::string(*bare), false}, span_from(begin)};
  }
  return std::nullopt;
}

}  // namespace

Parsed parse_condition(std::string_view text, std::uint32_t source, ParseLimits limits) {
  return Parser(text, source, limits).condition();
}

ParsedOperand parse_operand_prefix(std::string_view text) {
  return Parser(text, 0, ParseLimits{}).operand_prefix();
}

}  // namespace saker::rules
