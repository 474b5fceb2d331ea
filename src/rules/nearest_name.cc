#include "rules/nearest_name.h"

#include "base/suggestion.h"

namespace saker::rules {

std::string_view nearest_name(std::string_view unknown, std::span<const std::string_view> names) {
  Suggestion suggestion(unknown);
  for (const std::string_view name : names) {
    if (name != unknown) suggestion.offer(name);
  }
  return suggestion.nearest();
}

}  // namespace saker::rules
