#include "state/users.h"

#include <array>
#include <charconv>
#include <optional>
#include <span>

namespace saker::state {
namespace {

// The fields of one line, split at colons; false when there are fewer than `into` wants.
bool split(std::string_view line, std::span<std::string_view> into) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos && i + 1 < into.size()) return false;
    into[i] = line.substr(0, colon);
    line = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  }
  return true;
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

template <class Take>
void each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    take(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

void parse_passwd(std::string_view text, Users& into) {
  each_line(text, [&](std::string_view line) {
    std::array<std::string_view, 7> fields;  // name, password, uid, gid, comment, home, shell
    if (!split(line, fields)) return;
    // The first row of an id wins, as in the system's own look-up.
    if (const auto uid = number(fields[2])) {
      into.users.try_emplace(*uid,
                             User{std::string(fields[0]), std::string(fields[5]), std::string(fields[6])});
    }
  });
}

void parse_group(std::string_view text, Users& into) {
  each_line(text, [&](std::string_view line) {
    std::array<std::string_view, 4> fields;  // name, password, gid, members
    if (!split(line, fields)) return;
    if (const auto gid = number(fields[2])) into.groups.try_emplace(*gid, std::string(fields[0]));
  });
}

}  // namespace saker::state
