// LocatedText: a text that remembers, byte for byte, which bytes of which file it came from.
//
// Conditions are glued together from scalars (definition, appends, exceptions) and rewritten (lists), then
// parsed. Since every step keeps the places, a parser's position in the final text still leads back to
// the line and column that the author must change. Covered by located_text_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace saker::rules {

// Bytes [offset, offset + length) of a rule file; `file` counts the files of one load.
struct Place {
  std::uint32_t file = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;

  bool operator==(const Place&) const = default;
};

class LocatedText {
 public:
  LocatedText() = default;
  // All of `text` comes from one place.
  LocatedText(std::string_view text, Place from) { append(text, from); }

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  std::size_t size() const { return text_.size(); }

  void append(std::string_view text, Place from);
  void append(const LocatedText& other) { append(other, 0, other.size()); }
  void append(const LocatedText& other, std::size_t begin, std::size_t end);
  void push_back(char c, Place from);
  void erase(std::size_t begin, std::size_t end);
  void truncate(std::size_t size) { erase(size, text_.size()); }
  // Blanks at both ends go.
  void trim();

  // Where bytes [begin, end) came from. The blanks at the end, and the end itself, stand for the byte after
  // the last word: that is where something is missing, not on the line after it.
  Place place(std::size_t begin, std::size_t end) const;

  bool operator==(const LocatedText&) const = default;

 private:
  std::string text_;
  std::vector<Place> places_;  // one a byte
};

}  // namespace saker::rules
