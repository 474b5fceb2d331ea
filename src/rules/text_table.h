// TextTable: many checks of one text decided by one look at it.
//
// Rules ask the same few fields about a great many constants: dozens of proc.name = a, proc.name in (b, c),
// fd.name startswith /d. Each such check is a bit; a look-up of the text gives the row of bits that hold for
// it, whose bits are then as cheap to ask as a flag. Covered by text_table_test.cc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saker::rules {

class TextTable {
 public:
  enum class Kind : std::uint8_t {
    kExact,   // a bit holds for its texts
    kPrefix,  // a bit holds for whatever begins with one of its texts
  };
  explicit TextTable(Kind kind) : kind_(kind) {}

  Kind kind() const { return kind_; }

  // Adds a check; its bit.
  std::uint32_t add(const std::vector<std::string>& texts);
  // Once, after the last add().
  void finish();

  // The row of the text: texts under which the same checks hold may share one.
  std::uint32_t row(std::string_view text) const;
  std::uint32_t row_count() const {
    return static_cast<std::uint32_t>(words_.size() / std::max<std::size_t>(words_per_row_, 1));
  }
  // Bit b of a row is bit b % 64 of word b / 64.
  const std::uint64_t* bits(std::uint32_t row) const { return words_.data() + row * words_per_row_; }
  static bool bit(const std::uint64_t* row, std::uint32_t bit) {
    return (row[bit / 64] >> (bit % 64) & 1U) != 0;
  }

 private:
  // One byte further into a prefix. Its row has the bits of all prefixes on the way to it.
  struct Branch {
    std::vector<std::pair<char, std::uint32_t>> children;
    std::uint32_t row = 0;
  };

  std::uint64_t* row_at(std::uint32_t number) { return words_.data() + number * words_per_row_; }
  void finish_exact();
  void finish_prefixes();
  std::uint32_t branch(std::string_view text);
  const std::uint32_t* child(std::uint32_t branch, char c) const;

  Kind kind_;
  std::vector<std::vector<std::string>> checks_;  // until finish()
  std::size_t words_per_row_ = 0;
  std::vector<std::uint64_t> words_;  // row after row; row 0 belongs to a text nobody asks about
  // kExact. Most texts that are looked up are not there, which the hash of their length and ends tells.
  struct Entry {
    std::uint64_t hash = 0;
    std::uint32_t row = 0;  // 0: empty
    std::string text;
  };
  static std::uint64_t hash(std::string_view text);

  std::vector<Entry> entries_;    // open addressing; a power of two
  std::vector<Branch> branches_;  // kPrefix
};

}  // namespace saker::rules
