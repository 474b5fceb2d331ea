// Value: what a field has for one event. Small, copied freely; texts are views that hold while the event
// is judged (into the record, the process table, or the event's Arena).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace saker::fields {

enum class Kind : std::uint8_t {
  kMissing,  // the field has no value for this event: every check on it is false
  kText,
  kBool,
  kInt,
  kUint,
  kList,  // of texts or numbers
  kIp,    // text() holds 4 or 16 bytes in network order
};

class Value {
 public:
  constexpr Value() = default;
  static constexpr Value text(std::string_view text) {
    Value v;
    v.kind_ = Kind::kText;
    v.data_ = text.data();
    v.size_ = static_cast<std::uint32_t>(text.size());
    return v;
  }
  static constexpr Value boolean(bool b) { return number(Kind::kBool, b ? 1 : 0); }
  static constexpr Value integer(std::int64_t n) { return number(Kind::kInt, static_cast<std::uint64_t>(n)); }
  static constexpr Value unsigned_integer(std::uint64_t n) { return number(Kind::kUint, n); }
  static constexpr Value list(std::span<const Value> items) {
    Value v;
    v.kind_ = Kind::kList;
    v.items_ = items.data();
    v.size_ = static_cast<std::uint32_t>(items.size());
    return v;
  }
  static constexpr Value ip(std::string_view bytes) {
    Value v = text(bytes);
    v.kind_ = Kind::kIp;
    return v;
  }

  constexpr Kind kind() const { return kind_; }
  constexpr bool missing() const { return kind_ == Kind::kMissing; }
  constexpr std::string_view text() const { return {data_, size_}; }  // kText, kIp
  constexpr bool boolean() const { return number_ != 0; }
  constexpr std::int64_t integer() const { return static_cast<std::int64_t>(number_); }
  constexpr std::uint64_t unsigned_integer() const { return number_; }
  constexpr std::span<const Value> list() const { return {items_, size_}; }

 private:
  static constexpr Value number(Kind kind, std::uint64_t n) {
    Value v;
    v.kind_ = kind;
    v.number_ = n;
    return v;
  }

  union {
    std::uint64_t number_ = 0;
    const char* data_;
    const Value* items_;
  };
  std::uint32_t size_ = 0;
  Kind kind_ = Kind::kMissing;
};
static_assert(sizeof(Value) == 16);

}  // namespace saker::fields
