#include "capture/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace saker::capture {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, kFeatures> kNames = {
    "typed_reads", "ring_requests", "identify", "each_call", "exact_memory", "call_functions", "close_names"};

}  // namespace

std::string_view feature_name(Feature feature) { return kNames[static_cast<std::size_t>(feature)]; }

std::optional<Feature> find_feature(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Feature>(found - kNames.begin());
}

std::string feature_names() { return fmt::format("{}", fmt::join(kNames, ", ")); }

}  // namespace saker::capture
