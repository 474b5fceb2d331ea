// Constants of a comparison, read as the field's type wants them. An error is one sentence about the text.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "fields/catalogue.h"

namespace saker::rules {

template <class T>
using Constant = std::expected<T, std::string>;

// Longer texts are refused, as in Falco.
inline constexpr std::size_t kConstantBytesMax = 255;

bool is_signed(fields::Type type);

// The bits of the number, sign-extended to 64; cut to the width of `type`.
Constant<std::uint64_t> read_integer(std::string_view text, fields::Type type);
Constant<std::uint64_t> read_bool(std::string_view text);
// A number, nothing (0), or the name of a service.
Constant<std::uint64_t> read_port(std::string_view text);

// 4 or 16 bytes, network order.
Constant<std::string> read_ip(std::string_view text);

struct Network {
  std::string address;  // as read_ip() gives it, bits behind the prefix cleared
  std::uint32_t prefix = 0;
  bool contains(std::string_view ip) const;
};
Constant<Network> read_network(std::string_view text);

Constant<std::string> read_text(std::string_view text);
// NUL bytes allowed.
Constant<std::string> read_bytes(std::string_view text);
Constant<std::string> read_hex(std::string_view text);

}  // namespace saker::rules
