#include "rules/scalar_places.h"

#include <algorithm>
#include <string>

namespace saker::rules {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Past an anchor (&name) or tag (!name) to the scalar itself.
std::size_t skip_properties(std::string_view raw, std::size_t at) {
  while (at < raw.size() && (raw[at] == '&' || raw[at] == '!')) {
    while (at < raw.size() && !is_blank(raw[at])) ++at;
    while (at < raw.size() && is_blank(raw[at])) ++at;
  }
  return at;
}

// What a backslash escape of a double-quoted scalar takes in the file and gives in the value.
struct Escape {
  std::size_t raw = 2;
  std::size_t value = 1;
};

std::size_t utf8_bytes(std::string_view hex) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::uint32_t code = 0;
  for (const char c : hex) {
    const std::size_t digit = kDigits.find(static_cast<char>(c | 0x20));
    code = code * 16 + static_cast<std::uint32_t>(digit == std::string_view::npos ? 0 : digit);
  }
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

Escape escape_at(std::string_view raw, std::size_t at) {
  const char kind = at + 1 < raw.size() ? raw[at + 1] : '\0';
  switch (kind) {
    case 'x':
      return {4, utf8_bytes(raw.substr(at + 2, 2))};
    case 'u':
      return {6, utf8_bytes(raw.substr(at + 2, 4))};
    case 'U':
      return {10, utf8_bytes(raw.substr(at + 2, 8))};
    case 'N':
    case '_':
      return {2, 2};
    case 'L':
    case 'P':
      return {2, 3};
    case '\n':
    case '\r': {  // the line goes on without a blank
      std::size_t end = at + 1;
      while (end < raw.size() && is_blank(raw[end])) ++end;
      return {end - at, 0};
    }
    default:
      return {2, 1};
  }
}

class Aligner {
 public:
  Aligner(std::string_view raw, std::uint32_t file, std::size_t start) : raw_(raw), file_(file) {
    at_ = skip_properties(raw, start);
    start_ = at_;
    if (at_ >= raw.size()) return;
    const char first = raw[at_];
    if (first == '|' || first == '>') {
      at_ = std::min(raw.find('\n', at_), raw.size() - 1) + 1;
    } else if (first == '\'' || first == '"') {
      quote_ = first;
      ++at_;
    }
  }

  LocatedText run(std::string_view value) {
    LocatedText text;
    std::size_t i = 0;
    while (i < value.size()) {
      if (quote_ == '"' && backslash_ahead(value[i])) {
        const Escape escape = escape_at(raw_, at_);
        const Place from = place(at_, escape.raw);
        at_ += escape.raw;
        for (std::size_t n = 0; n < escape.value && i < value.size(); ++n) text.push_back(value[i++], from);
      } else {
        const char c = value[i++];
        text.push_back(c, is_blank(c) ? take_blank() : take(c));
      }
    }
    return text;
  }

 private:
  Place place(std::size_t at, std::size_t length) const {
    return {file_, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(length)};
  }

  // An escape stands at the cursor, or behind blanks that the value does not have (a fold).
  bool backslash_ahead(char next) {
    std::size_t at = at_;
    if (!is_blank(next)) {
      while (at < raw_.size() && is_blank(raw_[at])) ++at;
    }
    if (at >= raw_.size() || raw_[at] != '\\') return false;
    at_ = at;
    return true;
  }

  Place take_blank() {
    if (at_ >= raw_.size() || !is_blank(raw_[at_])) return place(std::min(at_, raw_.size()), 1);
    return place(at_++, 1);
  }

  Place take(char c) {
    std::size_t at = at_;
    while (at < raw_.size() && is_blank(raw_[at])) ++at;
    if (at >= raw_.size() || raw_[at] != c) return place(start_, 1);  // not understood: the scalar as a whole
    at_ = at + (quote_ == '\'' && c == '\'' ? 2 : 1);
    return place(at, at_ - at);
  }

  std::string_view raw_;
  std::uint32_t file_;
  std::size_t start_ = 0;
  std::size_t at_ = 0;
  char quote_ = '\0';
};

}  // namespace

LocatedText locate_scalar(std::string_view value, std::string_view file_text, std::uint32_t file,
                          std::size_t start) {
  return Aligner(file_text, file, std::min(start, file_text.size())).run(value);
}

}  // namespace saker::rules
