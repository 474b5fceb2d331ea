#include "rules/text_table.h"

#include <absl/strings/string_view.h>

#include <algorithm>

namespace saker::rules {
namespace {

// Lengths beyond share a bit.
std::uint64_t length_bit(std::size_t length) { return std::uint64_t{1} << std::min<std::size_t>(length, 63); }

void set_bit(std::uint64_t* row, std::size_t bit) { row[bit / 64] |= std::uint64_t{1} << (bit % 64); }

}  // namespace

std::uint32_t TextTable::add(const std::vector<std::string>& texts) {
  checks_.push_back(texts);
  return static_cast<std::uint32_t>(checks_.size() - 1);
}

void TextTable::finish() {
  words_per_row_ = (checks_.size() + 63) / 64;
  if (kind_ == Kind::kExact) {
    finish_exact();
  } else {
    finish_prefixes();
  }
  checks_.clear();
}

void TextTable::finish_exact() {
  for (const auto& texts : checks_) {
    for (const std::string& text : texts) {
      rows_.try_emplace(text, static_cast<std::uint32_t>(rows_.size() + 1));
      lengths_ |= length_bit(text.size());
    }
  }
  words_.assign((rows_.size() + 1) * words_per_row_, 0);
  for (std::size_t bit = 0; bit < checks_.size(); ++bit) {
    for (const std::string& text : checks_[bit]) set_bit(row_at(rows_.at(text)), bit);
  }
}

const std::uint32_t* TextTable::child(std::uint32_t branch, char c) const {
  for (const auto& [byte, next] : branches_[branch].children) {
    if (byte == c) return &next;
  }
  return nullptr;
}

// The branch of a prefix, made when it is not there.
std::uint32_t TextTable::branch(std::string_view text) {
  std::uint32_t at = 0;
  for (const char c : text) {
    if (const std::uint32_t* known = child(at, c)) {
      at = *known;
      continue;
    }
    const auto next = static_cast<std::uint32_t>(branches_.size());
    branches_[at].children.emplace_back(c, next);
    branches_.emplace_back();
    at = next;
  }
  return at;
}

void TextTable::finish_prefixes() {
  branches_.resize(1);
  std::vector<std::pair<std::uint32_t, std::size_t>> ends;
  for (std::size_t bit = 0; bit < checks_.size(); ++bit) {
    for (const std::string& text : checks_[bit]) ends.emplace_back(branch(text), bit);
  }
  words_.assign(branches_.size() * words_per_row_, 0);
  for (const auto& [at, bit] : ends) set_bit(row_at(at), bit);
  // A branch has a higher number than the one it grows from.
  for (std::uint32_t at = 0; at < branches_.size(); ++at) {
    for (const auto& [byte, next] : branches_[at].children) {
      for (std::size_t word = 0; word < words_per_row_; ++word) row_at(next)[word] |= row_at(at)[word];
    }
  }
}

const std::uint64_t* TextTable::row(std::string_view text) const {
  std::uint32_t number = 0;
  if (kind_ == Kind::kPrefix) {
    for (const char c : text) {
      const std::uint32_t* next = child(number, c);
      if (next == nullptr) break;
      number = *next;
    }
  } else if ((lengths_ & length_bit(text.size())) != 0) {
    const auto found = rows_.find(absl::string_view(text.data(), text.size()));
    if (found != rows_.end()) number = found->second;
  }
  return words_.data() + number * words_per_row_;
}

}  // namespace saker::rules
