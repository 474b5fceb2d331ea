#include "rules/constants.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace saker::rules {
namespace {

using fields::Type;

template <class... Args>
std::unexpected<std::string> refuse(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(fmt::format(format, std::forward<Args>(args)...));
}

unsigned width_of(Type type) {
  switch (type) {
    case Type::kInt8:
    case Type::kUint8:
      return 8;
    case Type::kInt16:
    case Type::kUint16:
    case Type::kPort:
      return 16;
    case Type::kInt32:
    case Type::kUint32:
      return 32;
    default:
      return 64;
  }
}

std::uint64_t cut(std::uint64_t bits, Type type) {
  const unsigned unused = 64 - width_of(type);
  bits <<= unused;
  if (is_signed(type)) return static_cast<std::uint64_t>(static_cast<std::int64_t>(bits) >> unused);
  return bits >> unused;
}

Constant<std::string> address(int family, std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  std::string bytes(family == AF_INET ? 4 : 16, '\0');
  if (text.size() < terminated.size()) {
    std::copy(text.begin(), text.end(), terminated.begin());
    if (text.find('\0') == std::string_view::npos &&
        ::inet_pton(family, terminated.data(), bytes.data()) == 1) {
      return bytes;
    }
  }
  return refuse("'{}' is no {} address", text, family == AF_INET ? "IPv4" : "IPv6");
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Whole bytes, then what is left of the prefix in one more.
unsigned char mask_of(std::uint32_t prefix, std::size_t at) {
  const std::size_t before = at * 8;
  if (prefix >= before + 8) return 0xff;
  if (prefix <= before) return 0;
  return static_cast<unsigned char>(0xff << (8 - (prefix - before)));
}

}  // namespace

bool is_signed(Type type) {
  return type == Type::kInt8 || type == Type::kInt16 || type == Type::kInt32 || type == Type::kInt64 ||
         type == Type::kDouble;
}

Constant<std::uint64_t> read_integer(std::string_view text, Type type) {
  std::string_view digits = text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude);
  if (digits.empty() || error == std::errc::invalid_argument || end != digits.data() + digits.size()) {
    return refuse("'{}' is no decimal integer", text);
  }
  const bool large = error == std::errc::result_out_of_range;
  constexpr auto kLowest = std::uint64_t{1} << 63;
  if (is_signed(type)) {
    magnitude = large ? kLowest : std::min(magnitude, negative ? kLowest : kLowest - 1);
    if (large && !negative) magnitude = kLowest - 1;
  } else if (large) {
    magnitude = std::numeric_limits<std::uint64_t>::max();
  }
  return cut(negative && !(large && !is_signed(type)) ? std::uint64_t{0} - magnitude : magnitude, type);
}

Constant<std::uint64_t> read_bool(std::string_view text) {
  if (text == "true") return 1;
  if (text == "false") return 0;
  return refuse("'{}' is neither true nor false", text);
}

Constant<std::uint64_t> read_port(std::string_view text) {
  if (text.empty()) return 0;
  if (std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    return read_integer(text, Type::kPort);
  }
  const std::string name(text);
  servent found{};
  servent* result = nullptr;
  std::array<char, 2048> space{};
  if (::getservbyname_r(name.c_str(), nullptr, &found, space.data(), space.size(), &result) == 0 &&
      result != nullptr) {
    return ntohs(static_cast<std::uint16_t>(found.s_port));
  }
  return refuse("'{}' is no port number and no service this host knows", text);
}

Constant<std::string> read_ip(std::string_view text) {
  return address(text.find('.') != std::string_view::npos ? AF_INET : AF_INET6, text);
}

bool Network::contains(std::string_view ip) const {
  if (ip.size() != address.size()) return false;
  for (std::size_t i = 0; i * 8 < prefix; ++i) {
    const auto differs = static_cast<unsigned char>(ip[i] ^ address[i]);
    if ((differs & mask_of(prefix, i)) != 0) return false;
  }
  return true;
}

Constant<Network> read_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos)
    return refuse("'{}' is no network: a prefix is missing, as in 10.0.0.0/8", text);
  const auto ip = read_ip(text.substr(0, slash));
  if (!ip) return std::unexpected(ip.error());
  const bool v6 = ip->size() == 16;
  const std::string_view digits = text.substr(slash + 1);
  Network network{*ip, 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), network.prefix);
  if (error != std::errc() || end != digits.data() + digits.size() || network.prefix > (v6 ? 128U : 32U) ||
      (v6 && network.prefix == 0)) {
    return refuse("'{}' is no prefix: expected {}", digits, v6 ? "1 to 128" : "0 to 32");
  }
  for (std::size_t i = 0; i < network.address.size(); ++i) {
    network.address[i] = static_cast<char>(network.address[i] & mask_of(network.prefix, i));
  }
  return network;
}

Constant<std::string> read_text(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return refuse("a text may not hold a NUL byte");
  return read_bytes(text);
}

Constant<std::string> read_bytes(std::string_view text) {
  if (text.size() <= kConstantBytesMax) return std::string(text);
  return refuse("the value has {} bytes; at most {} can be compared", text.size(), kConstantBytesMax);
}

Constant<std::string> read_hex(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) break;
    bytes += static_cast<char>(high * 16 + low);
  }
  if (bytes.size() * 2 != text.size())
    return refuse("'{}' is not an even number of hexadecimal digits", text);
  return read_bytes(bytes);
}

}  // namespace saker::rules
