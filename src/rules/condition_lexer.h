// The tokens of the condition language. There is no token stream: what a character means depends on what the
// grammar expects at that place (`in` is an operator, a value, or part of a name), so the parser asks for one
// kind of token and gets it or not.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace saker::rules {

class ConditionLexer {
 public:
  explicit ConditionLexer(std::string_view text) : text_(text) {}

  std::size_t position() const { return position_; }
  bool at_end() const { return position_ == text_.size(); }
  void back_to(std::size_t position) { position_ = position; }

  // True when there was at least one.
  bool skip_blanks();
  // Takes `word` when the text goes on with it, whatever follows.
  bool take(std::string_view word);
  // The same, only when a blank follows, or one of `followers`.
  bool take_word(std::string_view word, std::string_view followers = {});

  std::optional<std::string_view> identifier();     // letter, then letters, digits, _
  std::optional<std::string_view> field_name();     // two or more identifiers joined by dots
  std::optional<std::string_view> bare_text();      // a value without quotes
  std::optional<std::string_view> bare_argument();  // between the brackets of a field
  std::optional<std::string_view> number();

  // A quoted text, escapes undone. `kNone`: there is no quote here, nothing was taken. `kOpen`: it is never
  // closed, nothing was taken. `kBadEscape`: taken, but wrong from `begin` on.
  struct Quoted {
    enum class Status { kNone, kGood, kOpen, kBadEscape } status = Status::kNone;
    std::string text;
    std::size_t begin = 0;
    std::string problem;
  };
  Quoted quoted();

  // What stands here, up to the next blank or delimiter; at least one byte unless at the end.
  std::size_t word_end() const;

 private:
  char peek(std::size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  std::size_t identifier_end(std::size_t from) const;
  std::optional<std::string_view> take_until(std::size_t end);

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace saker::rules
