// A rule as loaded: what the author wrote, after lists, macros, exceptions, appends and overrides.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/ast.h"

namespace saker::rules {

enum class Priority : std::uint8_t {
  kEmergency,
  kAlert,
  kCritical,
  kError,
  kWarning,
  kNotice,
  kInformational,
  kDebug
};

std::string_view priority_name(Priority priority);              // "Critical", as alerts print it
std::optional<Priority> parse_priority(std::string_view text);  // any letter case; "info" too

struct Rule {
  std::string name;
  std::string description;
  std::string condition;  // text, exceptions not yet expanded
  // Canonical print of the final tree: exceptions, lists and macros filled in. Empty until it compiled.
  std::string condition_compiled;
  std::string output;  // template text, append_output not yet applied
  Priority priority = Priority::kDebug;
  std::string source = "syscall";
  std::vector<std::string> tags;  // sorted, unique
  bool enabled = true;
  bool warn_evttypes = true;
  bool skip_if_unknown_filter = false;
  bool capture = false;
  std::uint32_t capture_duration_ms = 0;
  // Where the rule was first defined.
  std::string file;
  std::uint32_t line = 0;  // 1-based
};

}  // namespace saker::rules
