#include "spool/utf8.h"

#include <cstddef>

namespace saker::spool {
namespace {

// The length of the UTF-8 sequence that begins at `at`; 0 when there is none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(at + 1);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) {
    return 0;
  }
  return length;
}

}  // namespace

std::string mended_utf8(std::string_view text) {
  std::string mended;
  std::size_t plain_from = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(text, i);
    if (length > 0) {
      i += length;
      continue;
    }
    mended.append(text, plain_from, i - plain_from);
    mended += "\xEF\xBF\xBD";
    plain_from = ++i;
  }
  if (plain_from == 0) return mended;
  mended.append(text, plain_from, text.size() - plain_from);
  return mended;
}

}  // namespace saker::spool
