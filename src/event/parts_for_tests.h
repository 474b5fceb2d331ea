// Parts of a record as the probe puts them together.
#pragma once

#include <string>
#include <string_view>

#include "event/event.h"

namespace saker::event {

class Parts {
 public:
  Parts& add(std::uint8_t kind, std::uint8_t argument, std::string_view bytes) {
    const saker_part part{
        .kind = kind, .argument = argument, .flags = 0, .length = static_cast<__u32>(bytes.size())};
    bytes_.append(reinterpret_cast<const char*>(&part), sizeof(part)).append(bytes);
    return *this;
  }
  template <class T>
  Parts& add_struct(std::uint8_t kind, std::uint8_t argument, const T& value) {
    return add(kind, argument, {reinterpret_cast<const char*>(&value), sizeof(value)});
  }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace saker::event
