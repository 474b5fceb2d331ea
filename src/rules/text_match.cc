#include "rules/text_match.h"

#include <algorithm>
#include <cstddef>

#include "rules/ascii.h"

namespace saker::rules {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned char byte(char c) { return static_cast<unsigned char>(c); }
bool is_tail(unsigned char c) { return (c & 0xC0) == 0x80; }

// Bytes of the character that begins `text`, 0 when they are no character. The second byte's range keeps
// out over-long forms, surrogates and what is beyond U+10FFFF.
std::size_t character_length(std::string_view text) {
  const unsigned char first = byte(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  unsigned char low = 0x80, high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  if (byte(text[1]) < low || byte(text[1]) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_tail(byte(text[i]))) return 0;
  }
  return length;
}

std::size_t first_invalid(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = character_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return at;
}

}  // namespace

bool contains_folded(std::string_view text, std::string_view needle) {
  return std::search(text.begin(), text.end(), needle.begin(), needle.end(),
                     [](char a, char b) { return to_lower(a) == b; }) != text.end() ||
         needle.empty();
}

std::string_view valid_utf8(std::string_view text, Arena& arena) {
  const std::size_t good = first_invalid(text);
  if (good == text.size()) return text;
  char* const begin = arena.allocate(good + (text.size() - good) * kReplacement.size());
  char* to = std::copy_n(text.begin(), good, begin);
  for (std::size_t at = good; at < text.size();) {
    const std::size_t length = character_length(text.substr(at));
    const std::string_view piece = length == 0 ? kReplacement : text.substr(at, length);
    to = std::copy(piece.begin(), piece.end(), to);
    at += length == 0 ? 1 : length;
  }
  return {begin, static_cast<std::size_t>(to - begin)};
}

}  // namespace saker::rules
