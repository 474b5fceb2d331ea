#include "relay/field_template.h"

#include <fmt/format.h>

namespace saker::relay {

class FieldTemplate::Parser {
 public:
  explicit Parser(std::string_view action) : rest_(action) {}

  Result<Value> all() {
    TRY_ASSIGN(Value value, expression(0));
    skip_blanks();
    if (!rest_.empty()) return refuse();
    return value;
  }

 private:
  static constexpr int kDepthMax = 16;

  std::unexpected<Error> refuse() const {
    return fail(
        ErrorCode::kInvalid,
        fmt::format(
            "the template cannot be read at '{}'; it may hold .name, index . \"name\", or A B, and texts",
            rest_.substr(0, 32)));
  }

  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == '\n'))
      rest_.remove_prefix(1);
  }
  bool take(std::string_view word) {
    skip_blanks();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  Result<Value> expression(int depth) {
    if (depth > kDepthMax) return refuse();
    if (take("or ")) {
      FirstOf first;
      for (skip_blanks(); !rest_.empty() && rest_.front() != ')'; skip_blanks()) {
        TRY_ASSIGN(Value value, operand(depth + 1));
        first.values.push_back(std::move(value));
      }
      if (first.values.empty()) return refuse();
      return Value{std::move(first)};
    }
    if (take("index ")) {
      if (!take(".OutputFields") && !take(".")) return refuse();
      TRY_ASSIGN(std::string name, quoted());
      return Value{FieldName{std::move(name)}};
    }
    return operand(depth);
  }

  Result<Value> operand(int depth) {
    skip_blanks();
    if (take("(")) {
      TRY_ASSIGN(Value value, expression(depth + 1));
      if (!take(")")) return refuse();
      return value;
    }
    if (!rest_.empty() && (rest_.front() == '"' || rest_.front() == '`')) {
      TRY_ASSIGN(std::string text, quoted());
      return Value{Constant{std::move(text)}};
    }
    if (!rest_.starts_with('.')) return refuse();
    std::size_t end = 1;
    const auto is_name = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    while (end < rest_.size() && is_name(rest_[end])) ++end;
    if (end == 1) return refuse();
    std::string name(rest_.substr(1, end - 1));
    rest_.remove_prefix(end);
    return Value{FieldName{std::move(name)}};
  }

  Result<std::string> quoted() {
    skip_blanks();
    if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '`')) return refuse();
    const char quote = rest_.front();
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == quote) {
        rest_.remove_prefix(i + 1);
        return text;
      }
      if (quote == '"' && rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      text += rest_[i];
    }
    return refuse();
  }

  std::string_view rest_;
};

Result<FieldTemplate> FieldTemplate::parse(std::string_view text) {
  FieldTemplate made;
  while (!text.empty()) {
    const std::size_t open = text.find("{{");
    if (open != 0) made.parts_.push_back({Constant{std::string(text.substr(0, open))}});
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) return fail(ErrorCode::kInvalid, "a '{{' has no '}}'");
    TRY_ASSIGN(Value value, Parser(text.substr(open + 2, close - open - 2)).all());
    made.parts_.push_back(std::move(value));
    text.remove_prefix(close + 2);
  }
  return made;
}

const std::string* FieldTemplate::evaluate(const Value& value, const Lookup& lookup) {
  if (const auto* constant = std::get_if<Constant>(&value.what)) return &constant->text;
  if (const auto* field = std::get_if<FieldName>(&value.what)) return lookup(field->name);
  const std::string* last = nullptr;
  for (const Value& one : std::get<FirstOf>(value.what).values) {
    last = evaluate(one, lookup);
    if (last != nullptr && !last->empty()) break;
  }
  return last;
}

std::string FieldTemplate::render(const Lookup& lookup) const {
  std::string text;
  for (const Value& part : parts_) {
    const std::string* value = evaluate(part, lookup);
    text += value != nullptr ? *value : "<no value>";
  }
  return text;
}

}  // namespace saker::relay
