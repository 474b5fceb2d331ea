#include "spool/priority.h"

#include <absl/strings/match.h>

namespace saker::spool {

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase({a.data(), a.size()}, {b.data(), b.size()});
}

std::optional<Priority> priority_named(std::string_view name) {
  for (std::size_t i = 0; i < kPriorityCount; ++i) {
    if (equals_ignoring_case(name, kPriorityNames[i])) return static_cast<Priority>(i);
  }
  if (equals_ignoring_case(name, "info")) return Priority::kInformational;
  return std::nullopt;
}

}  // namespace saker::spool
