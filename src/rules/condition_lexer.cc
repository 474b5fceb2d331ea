#include "rules/condition_lexer.h"

#include <fmt/format.h>

#include <algorithm>

namespace saker::rules {
namespace {

constexpr std::string_view kBlanks = " \t\b\r\n";
constexpr std::string_view kNotBare = "()\"'=, \t\b\r\n\v\f";
constexpr std::string_view kNotBareArgument = "[]\"' \t\b\r\n\v\f";

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Undoes the escape whose backslash is at `at`; moves `at` behind it. False when there is no such escape.
bool unescape(std::string_view body, char quote, std::size_t& at, std::string& into) {
  const char c = body[at + 1];
  constexpr std::string_view kFrom = "bfnrt\\/";
  constexpr std::string_view kTo = "\b\f\n\r\t\\/";
  if (const std::size_t found = kFrom.find(c); found != std::string_view::npos) {
    into += kTo[found];
  } else if (c == quote) {
    into += c;
  } else if (is_blank(c)) {
    into += '\\';
  } else if (c == 'x') {
    if (at + 3 >= body.size() || hex_value(body[at + 2]) < 0 || hex_value(body[at + 3]) < 0) return false;
    into += static_cast<char>(hex_value(body[at + 2]) * 16 + hex_value(body[at + 3]));
    at += 2;
  } else {
    return false;
  }
  at += 2;
  return true;
}

}  // namespace

bool ConditionLexer::skip_blanks() {
  const std::size_t from = position_;
  while (!at_end() && is_blank(text_[position_])) ++position_;
  return position_ > from;
}

bool ConditionLexer::take(std::string_view word) {
  if (!text_.substr(position_).starts_with(word)) return false;
  position_ += word.size();
  return true;
}

bool ConditionLexer::take_word(std::string_view word, std::string_view followers) {
  const std::size_t from = position_;
  if (!take(word)) return false;
  if (!at_end() &&
      (is_blank(text_[position_]) || followers.find(text_[position_]) != std::string_view::npos)) {
    return true;
  }
  position_ = from;
  return false;
}

std::size_t ConditionLexer::identifier_end(std::size_t from) const {
  if (from >= text_.size() || !is_letter(text_[from])) return from;
  while (from < text_.size() && (is_letter(text_[from]) || is_digit(text_[from]) || text_[from] == '_'))
    ++from;
  return from;
}

std::optional<std::string_view> ConditionLexer::take_until(std::size_t end) {
  if (end <= position_) return std::nullopt;
  const std::string_view taken = text_.substr(position_, end - position_);
  position_ = end;
  return taken;
}

std::optional<std::string_view> ConditionLexer::identifier() { return take_until(identifier_end(position_)); }

std::optional<std::string_view> ConditionLexer::field_name() {
  std::size_t end = identifier_end(position_);
  bool dotted = false;
  while (end > position_ && end < text_.size() && text_[end] == '.') {
    const std::size_t next = identifier_end(end + 1);
    if (next == end + 1) break;
    end = next;
    dotted = true;
  }
  return dotted ? take_until(end) : std::nullopt;
}

std::optional<std::string_view> ConditionLexer::bare_text() {
  return take_until(std::min(text_.find_first_of(kNotBare, position_), text_.size()));
}

std::optional<std::string_view> ConditionLexer::bare_argument() {
  return take_until(std::min(text_.find_first_of(kNotBareArgument, position_), text_.size()));
}

std::optional<std::string_view> ConditionLexer::number() {
  std::size_t end = position_;
  const auto at = [&](std::size_t i) { return i < text_.size() ? text_[i] : '\0'; };
  if (at(end) == '0' && (at(end + 1) == 'x' || at(end + 1) == 'X') && hex_value(at(end + 2)) >= 0) {
    end += 2;
    while (hex_value(at(end)) >= 0) ++end;
    return take_until(end);
  }
  if (at(end) == '+' || at(end) == '-') ++end;
  if (!is_digit(at(end))) return std::nullopt;
  while (is_digit(at(end))) ++end;
  if (at(end) == '.') ++end;
  while (is_digit(at(end))) ++end;
  if ((at(end) == 'e' || at(end) == 'E') && (at(end + 1) == '+' || at(end + 1) == '-') &&
      is_digit(at(end + 2))) {
    end += 2;
    while (is_digit(at(end))) ++end;
  }
  return take_until(end);
}

ConditionLexer::Quoted ConditionLexer::quoted() {
  const char quote = peek();
  if (at_end() || (quote != '"' && quote != '\'')) return {};
  std::size_t close = position_ + 1;
  while (close < text_.size() && text_[close] != quote) close += text_[close] == '\\' ? 2 : 1;
  if (close >= text_.size()) return {Quoted::Status::kOpen, {}, position_, {}};

  Quoted result{Quoted::Status::kGood, {}, 0, {}};
  const std::size_t first = position_ + 1;
  const std::string_view body = text_.substr(first, close - first);
  position_ = close + 1;
  for (std::size_t at = 0; at < body.size();) {
    if (body[at] != '\\') {
      result.text += body[at++];
      continue;
    }
    const std::size_t escape = at;
    if (unescape(body, quote, at, result.text)) continue;
    result.status = Quoted::Status::kBadEscape;
    result.begin = first + escape;
    const char c = body[escape + 1];
    if (c == 'x') {
      result.problem = "expected two hexadecimal digits after '\\x'";
    } else if (c == '"' || c == '\'') {
      result.problem = "only the quote that opened the text can be escaped";
    } else {
      result.problem =
          fmt::format("unknown escape '\\{}'; known are \\b \\f \\n \\r \\t \\\\ \\/ \\{} \\xHH", c, quote);
    }
    break;
  }
  return result;
}

std::size_t ConditionLexer::word_end() const {
  if (at_end()) return position_;
  const std::size_t end = std::min(text_.find_first_of(kNotBare, position_), text_.size());
  return std::max(end, position_ + 1);
}

}  // namespace saker::rules
