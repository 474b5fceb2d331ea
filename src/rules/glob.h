// Glob: a shell pattern, prepared once. As fnmatch(3) without flags in the C locale: `*` crosses '/', leading
// dots are ordinary, backslash escapes. Time is bounded by pattern times text, whatever the pattern.
// Checked against fnmatch itself in glob_test.cc.
#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

namespace saker::rules {

class Glob {
 public:
  // `fold_case`: ASCII letters match in either case.
  explicit Glob(std::string_view pattern, bool fold_case = false);

  bool matches(std::string_view text) const;

 private:
  using Set = std::bitset<256>;
  enum class Kind : std::uint8_t { kByte, kAny, kStar, kSet, kNever };
  struct Token {
    Kind kind = Kind::kByte;
    char byte = 0;
    std::uint32_t set = 0;  // index into sets_
  };

  std::size_t add_set(std::string_view pattern, std::size_t at);
  bool accepts(const Token& token, char c) const;

  bool fold_case_;
  std::vector<Token> tokens_;
  std::vector<Set> sets_;
};

}  // namespace saker::rules
