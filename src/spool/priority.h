// Priority of an alert, in the order and with the two number schemes that Falco's and Falcosidekick's
// consumers know.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace saker::spool {

// Syslog's numbers: 0 is the most severe.
enum class Priority : std::uint8_t {
  kEmergency,
  kAlert,
  kCritical,
  kError,
  kWarning,
  kNotice,
  kInformational,
  kDebug,
};

inline constexpr std::size_t kPriorityCount = 8;
inline constexpr std::array<std::string_view, kPriorityCount> kPriorityNames = {
    "Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"};

constexpr std::string_view name_of(Priority priority) {
  return kPriorityNames[static_cast<std::size_t>(priority)];
}

// Falcosidekick's: Debug = 1 ... Emergency = 8; its metric label `priority`.
constexpr int sidekick_number(Priority priority) { return 8 - static_cast<int>(priority); }

// ASCII letters only.
bool equals_ignoring_case(std::string_view a, std::string_view b);

// Any case; "info" is Informational.
std::optional<Priority> priority_named(std::string_view name);

}  // namespace saker::spool
