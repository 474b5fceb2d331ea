#include "rules/output_template.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace saker::rules {
namespace {

constexpr std::string_view kMissing = "<NA>";
// An old placeholder that Falco replaces by nothing.
constexpr std::string_view kContainerInfo = "%container.info";

CompileProblem problem_at(std::size_t begin, std::size_t end, std::string message, std::string suggestion = "") {
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
    case fields::Format::kHex: fmt::format_to(std::back_inserter(into), "{:X}", number); break;
    case fields::Format::kOctal: fmt::format_to(std::back_inserter(into), "{:o}", number); break;
    default: fmt::format_to(std::back_inserter(into), "{}", number); break;
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

}  // namespace

void render_value(const fields::FieldRef& field, const fields::Value& value, std::string& into) {
  const fields::Format format = field.format();
  switch (value.kind()) {
    case fields::Kind::kMissing: into += kMissing; break;
    case fields::Kind::kText: into += value.text(); break;
    case fields::Kind::kBool: into += value.boolean() ? "true" : "false"; break;
    case fields::Kind::kInt:
      if (format == fields::Format::kHex || format == fields::Format::kOctal) {
        render_number(value.unsigned_integer(), format, into);
      } else {
        fmt::format_to(std::back_inserter(into), "{}", value.integer());
      }
      break;
    case fields::Kind::kUint: render_number(value.unsigned_integer(), format, into); break;
    case fields::Kind::kIp: render_ip(value.text(), into); break;
    case fields::Kind::kList: render_list(field, value.list(), into); break;
  }
}

OutputTemplate::Parsed OutputTemplate::parse(std::string_view text, const fields::Catalogue& catalogue) {
  Parsed parsed;
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) parsed.output.parts_.emplace_back(Literal{std::exchange(literal, {})});
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t percent = text.find('%', at);
    literal += text.substr(at, percent == std::string_view::npos ? percent : percent - at);
    if (percent == std::string_view::npos) break;
    if (text.substr(percent).starts_with(kContainerInfo)) {
      at = percent + kContainerInfo.size();
      continue;
    }
    Expression expression;
    std::size_t name = percent + 1;
    const auto [digits_end, error] = std::from_chars(text.data() + name, text.data() + text.size(), expression.width);
    if (error == std::errc()) name = static_cast<std::size_t>(digits_end - text.data());
    auto prefix = catalogue.resolve_prefix(text.substr(name));
    if (!prefix.ref) {
      const std::size_t end = std::max(name_end(text, name), percent + 1);
      if (end == name) {
        parsed.problems.push_back(problem_at(percent, end, "'%' must be followed by a field name; it has no escape"));
      } else if (end < text.size() && text[end] == '(') {
        parsed.problems.push_back(problem_at(
            percent, end, fmt::format("'{}(' in an output is not supported yet", text.substr(name, end - name))));
      } else {
        parsed.problems.push_back(problem_at(
            percent, end,
            prefix.problem.message.empty() ? fmt::format("unknown field '{}'", text.substr(name, end - name))
                                           : prefix.problem.message,
            prefix.problem.suggestion));
        parsed.problems.back().unknown_filter = true;
      }
      at = std::max(end, percent + 1);
      continue;
    }
    end_literal();
    expression.field = *std::move(prefix.ref);
    auto& fields = parsed.output.fields_;
    if (std::find(fields.begin(), fields.end(), expression.field) == fields.end()) fields.push_back(expression.field);
    parsed.output.parts_.emplace_back(std::move(expression));
    at = name + prefix.length;
  }
  end_literal();
  return parsed;
}

void OutputTemplate::render(const fields::Subject& subject, Arena& arena, std::string& into) const {
  for (const Part& part : parts_) {
    if (const auto* literal = std::get_if<Literal>(&part)) {
      into += literal->text;
      continue;
    }
    const auto& expression = std::get<Expression>(part);
    const std::size_t begin = into.size();
    render_value(expression.field, expression.field.read(subject, arena), into);
    if (expression.width > 0) into.resize(begin + expression.width, ' ');
  }
}

}  // namespace saker::rules
