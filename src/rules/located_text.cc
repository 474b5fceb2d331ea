#include "rules/located_text.h"

#include <algorithm>

namespace saker::rules {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\v\f";

}  // namespace

void LocatedText::append(std::string_view text, Place from) {
  text_ += text;
  places_.resize(text_.size(), from);
}

void LocatedText::append(const LocatedText& other, std::size_t begin, std::size_t end) {
  text_.append(other.text_, begin, end - begin);
  const auto first = other.places_.begin();
  places_.insert(places_.end(), first + static_cast<std::ptrdiff_t>(begin),
                 first + static_cast<std::ptrdiff_t>(end));
}

void LocatedText::push_back(char c, Place from) {
  text_.push_back(c);
  places_.push_back(from);
}

void LocatedText::erase(std::size_t begin, std::size_t end) {
  text_.erase(begin, end - begin);
  const auto first = places_.begin();
  places_.erase(first + static_cast<std::ptrdiff_t>(begin), first + static_cast<std::ptrdiff_t>(end));
}

void LocatedText::trim() {
  const std::size_t last = text_.find_last_not_of(kBlanks);
  truncate(last == std::string::npos ? 0 : last + 1);
  erase(0, std::min(text_.find_first_not_of(kBlanks), text_.size()));
}

Place LocatedText::place(std::size_t begin, std::size_t end) const {
  if (places_.empty()) return {};
  const std::size_t last_word = text_.find_last_not_of(kBlanks);
  if (last_word == std::string::npos) return places_.front();
  if (begin > last_word) {
    const Place& last = places_[last_word];
    return {last.file, last.offset + last.length, 1};
  }
  Place found = places_[begin];
  if (end <= begin + 1) return found;
  const Place& last = places_[std::min(end, last_word + 1) - 1];
  // A text put together from several scalars need not run forward; then the first byte's place must do.
  if (last.file == found.file && last.offset >= found.offset) {
    found.length = last.offset + last.length - found.offset;
  }
  return found;
}

}  // namespace saker::rules
