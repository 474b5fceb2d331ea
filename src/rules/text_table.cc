#include "rules/text_table.h"

#include <absl/hash/hash.h>

#include <bit>
#include <cstring>
#include <map>

namespace saker::rules {
namespace {

// Places for each text, so that a look-up mostly ends at the first one.
constexpr std::size_t kRoom = 4;

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

std::uint64_t TextTable::hash(std::string_view text) {
  std::uint64_t head = 0, tail = 0;
  if (text.size() >= sizeof(head)) {
    std::memcpy(&head, text.data(), sizeof(head));
    std::memcpy(&tail, text.data() + text.size() - sizeof(tail), sizeof(tail));
  } else {
    std::memcpy(&head, text.data(), text.size());
  }
  return absl::HashOf(head, tail, text.size());
}

void TextTable::finish_exact() {
  std::map<std::string_view, std::uint32_t> rows;
  for (const auto& texts : checks_) {
    for (const std::string& text : texts) rows.try_emplace(text, static_cast<std::uint32_t>(rows.size() + 1));
  }
  words_.assign((rows.size() + 1) * words_per_row_, 0);
  for (std::size_t bit = 0; bit < checks_.size(); ++bit) {
    for (const std::string& text : checks_[bit]) set_bit(row_at(rows.at(text)), bit);
  }
  entries_.resize(std::bit_ceil(kRoom * (rows.size() + 1)));
  for (const auto& [text, row] : rows) {
    const std::uint64_t own = hash(text);
    std::size_t at = own & (entries_.size() - 1);
    while (entries_[at].row != 0) at = (at + 1) & (entries_.size() - 1);
    entries_[at] = {own, row, std::string(text)};
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
  std::map<std::uint32_t, std::vector<std::size_t>> ends;  // the bits of each branch that ends a prefix
  for (std::size_t bit = 0; bit < checks_.size(); ++bit) {
    for (const std::string& text : checks_[bit]) ends[branch(text)].push_back(bit);
  }
  words_.assign(words_per_row_, 0);
  // A branch has a higher number than the one it grows from; only where a prefix ends is a new row needed.
  for (std::uint32_t at = 0; at < branches_.size(); ++at) {
    if (const auto ended = ends.find(at); ended != ends.end()) {
      const std::uint32_t row = row_count();
      const std::vector<std::uint64_t> below(bits(branches_[at].row),
                                             bits(branches_[at].row) + words_per_row_);
      words_.insert(words_.end(), below.begin(), below.end());
      for (const std::size_t bit : ended->second) set_bit(row_at(row), bit);
      branches_[at].row = row;
    }
    for (const auto& [byte, next] : branches_[at].children) branches_[next].row = branches_[at].row;
  }
}

std::uint32_t TextTable::row(std::string_view text) const {
  if (kind_ == Kind::kPrefix) {
    std::uint32_t at = 0;
    for (const char c : text) {
      const std::uint32_t* next = child(at, c);
      if (next == nullptr) break;
      at = *next;
    }
    return branches_[at].row;
  }
  const std::uint64_t own = hash(text);
  for (std::size_t at = own & (entries_.size() - 1); entries_[at].row != 0;
       at = (at + 1) & (entries_.size() - 1)) {
    if (entries_[at].hash == own && entries_[at].text == text) return entries_[at].row;
  }
  return 0;
}

}  // namespace saker::rules
