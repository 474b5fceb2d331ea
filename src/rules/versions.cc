#include "rules/versions.h"

#include <charconv>

namespace saker::rules {
namespace {

// Takes a number off the front of `text`.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take_dot(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  const auto major = take_number(text);
  if (!major || !take_dot(text)) return std::nullopt;
  const auto minor = take_number(text);
  if (!minor || !take_dot(text)) return std::nullopt;
  const auto patch = take_number(text);
  if (!patch) return std::nullopt;
  const bool plain = text.empty() || ((text[0] == '-' || text[0] == '+') && text.size() > 1);
  if (!plain) return std::nullopt;
  return Version{*major, *minor, *patch};
}

std::optional<Version> parse_engine_version(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number(rest);
  if (number && rest.empty()) return Version{0, *number, 0};
  return parse_version(text);
}

bool is_compatible(Version there, Version required) {
  return there.major == required.major && required <= there;
}

bool is_built_in_plugin(std::string_view name) { return name == "container"; }

}  // namespace saker::rules
