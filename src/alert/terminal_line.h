// An alert for somebody who looks at a terminal: one aligned line, the priority in colour.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/rule.h"

namespace saker::alert {

struct TerminalAlert {
  std::uint64_t wall_ns = 0;
  rules::Priority priority = rules::Priority::kDebug;
  std::string_view rule;
  std::string_view message;  // the rule's output, filled in
};

// Control characters in the texts are written as in a JSON string: an alert must not steer the terminal.
std::string terminal_line(const TerminalAlert& alert, bool colours);

}  // namespace saker::alert
