#include "rules/rule.h"

#include <algorithm>
#include <array>

namespace saker::rules {
namespace {

// In the order of Priority.
constexpr std::array<std::string_view, 8> kNames = {"Emergency", "Alert",  "Critical",      "Error",
                                                    "Warning",   "Notice", "Informational", "Debug"};

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

}  // namespace

std::string_view priority_name(Priority priority) { return kNames[static_cast<std::size_t>(priority)]; }

std::optional<Priority> parse_priority(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (same_word(text, kNames[i])) return static_cast<Priority>(i);
  }
  if (same_word(text, "info")) return Priority::kInformational;
  return std::nullopt;
}

}  // namespace saker::rules
