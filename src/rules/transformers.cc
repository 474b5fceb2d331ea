#include "rules/transformers.h"

#include <absl/container/inlined_vector.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "rules/ascii.h"

namespace saker::rules {
namespace {

using fields::Kind;
using fields::Value;

Value mapped(const Value& value, Arena& arena, char (*map)(char)) {
  const std::string_view text = value.text();
  char* const to = arena.allocate(text.size());
  std::transform(text.begin(), text.end(), to, map);
  return Value::text({to, text.size()});
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

Value base64(const Value& value, Arena& arena) {
  std::string_view text = value.text();
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return {};
  char* const begin = arena.allocate(text.size());
  char* to = begin;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const int six = base64_value(c);
    if (six < 0) return {};
    bits = bits << 6 | static_cast<std::uint32_t>(six);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    *to++ = static_cast<char>(bits >> count & 0xff);
  }
  return Value::text({begin, static_cast<std::size_t>(to - begin)});
}

Value basename(const Value& value) {
  const std::string_view text = value.text();
  const std::size_t slash = text.rfind('/');
  return slash == std::string_view::npos ? value : Value::text(text.substr(slash + 1));
}

Value transform_text(Transformer transformer, const Value& value, Arena& arena) {
  if (value.kind() != Kind::kText) return {};
  switch (transformer) {
    case Transformer::kToLower:
      return mapped(value, arena, to_lower);
    case Transformer::kToUpper:
      return mapped(value, arena, to_upper);
    case Transformer::kB64:
      return base64(value, arena);
    default:
      return basename(value);
  }
}

// Element by element; a list with one that cannot be transformed is missing altogether.
Value each(Transformer transformer, const Value& value, Arena& arena) {
  if (value.kind() != Kind::kList) return transform_text(transformer, value, arena);
  const auto items = arena.array<Value>(value.list().size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i] = transform_text(transformer, value.list()[i], arena);
    if (items[i].missing()) return {};
  }
  return Value::list(items);
}

Value length(const Value& value) {
  if (value.kind() == Kind::kList) return Value::unsigned_integer(value.list().size());
  if (value.kind() == Kind::kText) return Value::unsigned_integer(value.text().size());
  return {};
}

std::optional<std::string_view> text_of(const Value& value, Arena& arena) {
  constexpr std::size_t kDigitsMax = 20;
  char* const begin =
      value.kind() == Kind::kInt || value.kind() == Kind::kUint ? arena.allocate(kDigitsMax) : nullptr;
  switch (value.kind()) {
    case Kind::kText:
      return value.text();
    case Kind::kBool:
      return value.boolean() ? "true" : "false";
    case Kind::kInt:
      return std::string_view(begin, std::to_chars(begin, begin + kDigitsMax, value.integer()).ptr);
    case Kind::kUint:
      return std::string_view(begin, std::to_chars(begin, begin + kDigitsMax, value.unsigned_integer()).ptr);
    default:
      return std::nullopt;
  }
}

Value joined(std::string_view separator, std::span<const Value> items, Arena& arena) {
  absl::InlinedVector<std::string_view, 16> texts;
  std::size_t size = 0;
  for (const Value& item : items) {
    const auto text = text_of(item, arena);
    if (!text) return {};
    size += text->size() + separator.size();
    texts.push_back(*text);
  }
  char* const begin = arena.allocate(size);
  char* to = begin;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) to = std::copy(separator.begin(), separator.end(), to);
    to = std::copy(texts[i].begin(), texts[i].end(), to);
  }
  return Value::text({begin, static_cast<std::size_t>(to - begin)});
}

// Short options as getopt(3) reads them, also behind operands. An option without an argument gives an empty
// text; one that is not there gives nothing.
Value option(std::span<const Value> words, std::string_view options, char wanted) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].kind() != Kind::kText) return {};
    std::string_view word = words[i].text();
    if (word == "--") return {};
    if (word.size() < 2 || word[0] != '-' || word[1] == '-') continue;
    for (word.remove_prefix(1); !word.empty();) {
      const char letter = word[0];
      word.remove_prefix(1);
      const std::size_t known = letter == ':' ? std::string_view::npos : options.find(letter);
      const bool takes_argument =
          known != std::string_view::npos && options.substr(known + 1).starts_with(':');
      if (takes_argument && word.empty() && i + 1 == words.size()) return {};
      std::string_view argument;
      if (takes_argument) {
        argument = word.empty() ? words[++i].text() : word;
        word = {};
      }
      if (known != std::string_view::npos && letter == wanted) return Value::text(argument);
    }
  }
  return {};
}

}  // namespace

Value transform(Transformer transformer, std::span<const Value> arguments, std::string_view argument,
                Arena& arena) {
  if (std::ranges::any_of(arguments, &Value::missing)) return {};
  switch (transformer) {
    case Transformer::kLen:
      return length(arguments[0]);
    case Transformer::kConcat:
      return joined({}, arguments, arena);
    case Transformer::kJoin:
      return joined(arguments[0].text(), arguments[1].list(), arena);
    case Transformer::kGetopt:
      return option(arguments[0].list(), arguments[1].text(), argument[0]);
    default:
      return each(transformer, arguments[0], arena);
  }
}

}  // namespace saker::rules
