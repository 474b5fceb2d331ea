#include "rules/output_template.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "rules/condition_parser.h"
#include "rules/operand_compiler.h"
#include "rules/program.h"
#include "rules/transformers.h"

namespace saker::rules {
namespace {

constexpr std::string_view kMissing = "<NA>";
// An old placeholder that Falco replaces by nothing.
constexpr std::string_view kContainerInfo = "%container.info";
constexpr std::uint32_t kWidthMax = 65'536;

CompileProblem problem_at(std::size_t begin, std::size_t end, std::string message,
                          std::string suggestion = "") {
  CompileProblem problem;
  problem.span = {0, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  problem.message = std::move(message);
  problem.suggestion = std::move(suggestion);
  return problem;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

// What the author probably meant as the field's name, for the caret.
std::size_t name_end(std::string_view text, std::size_t at) {
  while (at < text.size() && is_name_character(text[at])) ++at;
  return at;
}

void render_number(std::uint64_t number, fields::Format format, std::string& into) {
  switch (format) {
    case fields::Format::kHex:
      fmt::format_to(std::back_inserter(into), "{:X}", number);
      break;
    case fields::Format::kOctal:
      fmt::format_to(std::back_inserter(into), "{:o}", number);
      break;
    default:
      fmt::format_to(std::back_inserter(into), "{}", number);
      break;
  }
}

void render_ip(std::string_view bytes, std::string& into) {
  char text[INET6_ADDRSTRLEN] = {};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (inet_ntop(family, bytes.data(), text, sizeof(text)) != nullptr) into += text;
}

void render_list(const fields::FieldRef& field, std::span<const fields::Value> items, std::string& into) {
  const bool bare = field.any();  // ancestors, printed side by side
  if (!bare) into += '(';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) into += bare ? ' ' : ',';
    render_value(field, items[i], into);
  }
  if (!bare) into += ')';
}

bool is_number(fields::Type type) { return type >= fields::Type::kInt8 && type <= fields::Type::kUint64; }

std::string printable(std::string_view bytes) {
  std::string text(bytes);
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '.';
  }
  return text;
}

fields::Value run_call(const std::vector<ValueNode>& nodes, const fields::Subject& subject, Arena& arena) {
  const auto values = arena.array<fields::Value>(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const ValueNode& node = nodes[i];
    if (node.kind == ValueNode::Kind::kField) {
      values[i] = node.field.read(subject, arena);
      continue;
    }
    if (node.kind == ValueNode::Kind::kConstant) {
      values[i] = fields::Value::text(node.text);
      continue;
    }
    const auto arguments = arena.array<fields::Value>(node.arguments.size());
    bool missing = false;
    for (std::size_t j = 0; j < arguments.size(); ++j) {
      arguments[j] = values[node.arguments[j]];
      missing = missing || arguments[j].missing();
    }
    if (missing) {
      values[i] = {};
    } else if (node.kind == ValueNode::Kind::kTuple) {
      values[i] = fields::Value::list(arguments);
    } else {
      values[i] = transform(node.transformer, arguments, node.text, arena);
    }
  }
  // Falco prints no number that a transformer gives (len), and rules may have come to count on <NA>.
  const fields::Value& result = values.back();
  const bool number = result.kind() == fields::Kind::kInt || result.kind() == fields::Kind::kUint;
  return number ? fields::Value() : result;
}

}  // namespace

fields::Value read_for_output(const fields::FieldRef& field, const fields::Subject& subject, Arena& arena) {
  if ((field.field->flags & fields::kFilterOnly) != 0) return {};
  if (field.any() && is_number(field.type()) && field.field->read != nullptr) {
    return fields::FieldRef{field.field, {fields::Argument::Kind::kIndex, 0, {}}}.read(subject, arena);
  }
  return field.read(subject, arena);
}

void render_value(const fields::FieldRef& field, const fields::Value& value, std::string& into) {
  const fields::Format format = field.format();
  switch (value.kind()) {
    case fields::Kind::kMissing:
      into += kMissing;
      break;
    case fields::Kind::kText:
      if (field.type() == fields::Type::kBytes) {
        into += printable(value.text());
      } else {
        into += value.text();
      }
      break;
    case fields::Kind::kBool:
      into += value.boolean() ? "true" : "false";
      break;
    case fields::Kind::kInt:
      if (format == fields::Format::kHex || format == fields::Format::kOctal) {
        render_number(value.unsigned_integer(), format, into);
      } else {
        fmt::format_to(std::back_inserter(into), "{}", value.integer());
      }
      break;
    case fields::Kind::kUint:
      render_number(value.unsigned_integer(), format, into);
      break;
    case fields::Kind::kIp:
      render_ip(value.text(), into);
      break;
    case fields::Kind::kList:
      render_list(field, value.list(), into);
      break;
  }
}

// Reads one template; goes on after a problem, so that all are found.
class OutputTemplate::Parser {
 public:
  Parser(std::string_view text, const fields::Catalogue& catalogue) : text_(text), catalogue_(catalogue) {}

  Parsed run() {
    while (at_ < text_.size()) {
      const std::size_t percent = std::min(text_.find('%', at_), text_.size());
      literal_ += text_.substr(at_, percent - at_);
      at_ = percent;
      if (at_ == text_.size()) break;
      if (text_.substr(at_).starts_with(kContainerInfo)) {
        at_ += kContainerInfo.size();
      } else {
        expression();
      }
    }
    end_literal();
    return std::move(parsed_);
  }

 private:
  void expression() {
    const std::size_t percent = at_++;
    Expression made;
    if (!width(percent, made.width)) return;
    if (starts_call()) return call(percent, std::move(made));
    auto prefix = catalogue_.resolve_prefix(text_.substr(at_));
    if (!prefix.ref) return no_field(percent, prefix.problem);
    made.field = *std::move(prefix.ref);
    at_ += prefix.length;
    add_field(made.field);
    add(std::move(made));
  }

  bool width(std::size_t percent, std::uint32_t& width) {
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), width);
    if (error == std::errc::invalid_argument) return true;  // no digits
    at_ += static_cast<std::size_t>(end - begin);
    if (error == std::errc() && width <= kWidthMax) return true;
    problem(percent, at_, fmt::format("a width is at most {}", kWidthMax));
    return false;
  }

  bool starts_call() const {
    const std::string_view rest = text_.substr(at_);
    const std::size_t open = name_end(text_, at_) - at_;
    if (open == rest.size() || rest[open] != '(') return false;
    for (int i = 0; i <= static_cast<int>(Transformer::kGetopt); ++i) {
      if (rest.substr(0, open) == transformer_text(static_cast<Transformer>(i))) return true;
    }
    return false;
  }

  void call(std::size_t percent, Expression made) {
    const std::size_t begin = at_;
    const ParsedOperand operand = parse_operand_prefix(text_.substr(begin));
    at_ = name_end(text_, begin) + 1;  // behind '(', if it is no good
    for (const ParseProblem& found : operand.problems)
      problem(begin + found.begin, begin + found.end, found.message);
    if (!operand.operand || !operand.problems.empty()) return;
    auto nodes = std::make_shared<std::vector<ValueNode>>();
    std::vector<CompileProblem> problems;
    const auto compiled = OperandCompiler(catalogue_, *nodes, problems).compile(*operand.operand);
    for (CompileProblem& found : problems) {
      found.span.begin += static_cast<std::uint32_t>(begin);
      found.span.end += static_cast<std::uint32_t>(begin);
      parsed_.problems.push_back(std::move(found));
    }
    at_ = begin + operand.length;
    if (!compiled) {
      if (problems.empty()) problem(percent, at_, "this cannot be printed");
      return;
    }
    for (const ValueNode& node : *nodes) {
      if (node.kind == ValueNode::Kind::kField) add_field(node.field);
    }
    made.call = std::move(nodes);
    add(std::move(made));
  }

  void no_field(std::size_t percent, const fields::Catalogue::Problem& found) {
    const std::size_t begin = at_;
    at_ = std::max(name_end(text_, begin), percent + 1);
    if (at_ == begin) return problem(percent, at_, "'%' must be followed by a field name; it has no escape");
    const std::string_view name = text_.substr(begin, at_ - begin);
    problem(percent, at_, found.message.empty() ? fmt::format("unknown field '{}'", name) : found.message,
            found.suggestion);
    parsed_.problems.back().unknown_filter = true;
  }

  void problem(std::size_t begin, std::size_t end, std::string message, std::string suggestion = "") {
    parsed_.problems.push_back(problem_at(begin, end, std::move(message), std::move(suggestion)));
  }

  void end_literal() {
    if (!literal_.empty()) parsed_.output.parts_.emplace_back(Literal{std::exchange(literal_, {})});
  }
  void add(Expression made) {
    end_literal();
    parsed_.output.parts_.emplace_back(std::move(made));
  }
  void add_field(const fields::FieldRef& field) {
    auto& fields = parsed_.output.fields_;
    if (std::ranges::find(fields, field) == fields.end()) fields.push_back(field);
  }

  std::string_view text_;
  const fields::Catalogue& catalogue_;
  std::size_t at_ = 0;
  std::string literal_;
  Parsed parsed_;
};

OutputTemplate::Parsed OutputTemplate::parse(std::string_view text, const fields::Catalogue& catalogue) {
  return Parser(text, catalogue).run();
}

void OutputTemplate::render(const fields::Subject& subject, Arena& arena, std::string& into) const {
  for (const Part& part : parts_) {
    if (const auto* literal = std::get_if<Literal>(&part)) {
      into += literal->text;
      continue;
    }
    const auto& expression = std::get<Expression>(part);
    const std::size_t begin = into.size();
    if (expression.call) {
      static const fields::Field plain;
      render_value({&plain, {}}, run_call(*expression.call, subject, arena), into);
    } else {
      render_value(expression.field, read_for_output(expression.field, subject, arena), into);
    }
    if (expression.width > 0) into.resize(begin + expression.width, ' ');
  }
}

}  // namespace saker::rules
