#include "rules/glob.h"

#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "rules/ascii.h"

namespace saker::rules {
namespace {

using ByteSet = std::bitset<256>;
constexpr std::size_t kNoSet = 0;

unsigned char byte(char c) { return static_cast<unsigned char>(c); }

constexpr std::array<std::pair<std::string_view, int (*)(int)>, 12> kClasses = {{{"alpha", std::isalpha},
                                                                                 {"digit", std::isdigit},
                                                                                 {"alnum", std::isalnum},
                                                                                 {"upper", std::isupper},
                                                                                 {"lower", std::islower},
                                                                                 {"space", std::isspace},
                                                                                 {"blank", std::isblank},
                                                                                 {"punct", std::ispunct},
                                                                                 {"print", std::isprint},
                                                                                 {"graph", std::isgraph},
                                                                                 {"cntrl", std::iscntrl},
                                                                                 {"xdigit", std::isxdigit}}};

// The text between [: and :], or nothing when the bracket is an ordinary one.
std::optional<std::string_view> class_name(std::string_view pattern, std::size_t at) {
  if (!pattern.substr(at).starts_with("[:")) return std::nullopt;
  const std::size_t end = pattern.find(":]", at + 2);
  if (end == std::string_view::npos) return std::nullopt;
  return pattern.substr(at + 2, end - at - 2);
}

// False when there is no class of that name.
bool add_class(std::string_view name, ByteSet& set) {
  for (const auto& [known, contains] : kClasses) {
    if (known != name) continue;
    for (int c = 0; c < 128; ++c) {
      if (contains(c) != 0) set.set(static_cast<std::size_t>(c));
    }
    return true;
  }
  return false;
}

}  // namespace

Glob::Glob(std::string_view pattern, bool fold_case) : fold_case_(fold_case) {
  const auto literal = [&](char c) { tokens_.push_back({Kind::kByte, fold_case_ ? to_lower(c) : c, 0}); };
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '*') {
      if (tokens_.empty() || tokens_.back().kind != Kind::kStar) tokens_.push_back({Kind::kStar, 0, 0});
    } else if (c == '?') {
      tokens_.push_back({Kind::kAny, 0, 0});
    } else if (c == '\\') {
      if (++at == pattern.size()) {
        tokens_.push_back({Kind::kNever, 0, 0});
      } else {
        literal(pattern[at]);
      }
    } else if (c == '[') {
      const std::size_t end = add_set(pattern, at);
      if (end == kNoSet) {
        literal(c);
      } else {
        at = end;
      }
    } else {
      literal(c);
    }
  }
}

// Reads the bracket expression at `at`; its last byte, or kNoSet when it is never closed.
std::size_t Glob::add_set(std::string_view pattern, std::size_t at) {
  Set set;
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  const auto take = [&]() -> std::optional<unsigned char> {
    if (i < pattern.size() && pattern[i] == '\\') ++i;
    if (i >= pattern.size()) return std::nullopt;
    return byte(fold_case_ ? to_lower(pattern[i++]) : pattern[i++]);
  };
  for (bool first = true;; first = false) {
    if (i >= pattern.size()) return kNoSet;
    if (pattern[i] == ']' && !first) break;
    if (const auto name = class_name(pattern, i)) {
      if (!add_class(*name, set)) {
        tokens_.push_back({Kind::kNever, 0, 0});
        return pattern.size() - 1;
      }
      i += name->size() + 4;
      continue;
    }
    const auto low = take();
    if (!low) return kNoSet;
    auto high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      high = take();
      if (!high) return kNoSet;
    }
    for (unsigned value = *low; value <= *high; ++value) set.set(value);
  }
  if (fold_case_) {
    for (std::size_t upper = 'A'; upper <= 'Z'; ++upper) {
      if (set[upper]) set.set(upper - 'A' + 'a');
    }
  }
  tokens_.push_back({Kind::kSet, 0, static_cast<std::uint32_t>(sets_.size())});
  sets_.push_back(negated ? ~set : set);
  return i;
}

bool Glob::accepts(const Token& token, char c) const {
  if (fold_case_) c = to_lower(c);
  switch (token.kind) {
    case Kind::kByte:
      return token.byte == c;
    case Kind::kAny:
      return true;
    case Kind::kSet:
      return sets_[token.set][byte(c)];
    default:
      return false;
  }
}

// On a mismatch only the last star needs another try: an earlier one could reach no further than it did.
bool Glob::matches(std::string_view text) const {
  std::size_t token = 0, at = 0;
  std::size_t star = SIZE_MAX, star_at = 0;
  while (at < text.size()) {
    if (token < tokens_.size() && tokens_[token].kind == Kind::kStar) {
      star = token++;
      star_at = at;
    } else if (token < tokens_.size() && accepts(tokens_[token], text[at])) {
      ++token;
      ++at;
    } else if (star != SIZE_MAX) {
      token = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  while (token < tokens_.size() && tokens_[token].kind == Kind::kStar) ++token;
  return token == tokens_.size();
}

}  // namespace saker::rules
