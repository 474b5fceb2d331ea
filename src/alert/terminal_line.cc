#include "alert/terminal_line.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "alert/time_text.h"

namespace saker::alert {
namespace {

std::string_view colour_of(rules::Priority priority) {
  switch (priority) {
    case rules::Priority::kEmergency:
    case rules::Priority::kAlert:
      return "\x1b[1;97;41m";
    case rules::Priority::kCritical:
      return "\x1b[1;31m";
    case rules::Priority::kError:
      return "\x1b[31m";
    case rules::Priority::kWarning:
      return "\x1b[33m";
    case rules::Priority::kNotice:
      return "\x1b[36m";
    case rules::Priority::kInformational:
      return "\x1b[32m";
    case rules::Priority::kDebug:
      return "\x1b[2m";
  }
  return "";
}

std::string harmless(std::string_view text) {
  const std::string quoted =
      nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  // Only ASCII is left, and of that no control character but DEL.
  std::string made;
  for (const char c : quoted.substr(1, quoted.size() - 2)) {
    if (c == '\x7f')
      made += "\\u007f";
    else
      made += c;
  }
  return made;
}

}  // namespace

std::string terminal_line(const TerminalAlert& alert, bool colours) {
  const std::string_view reset = colours ? "\x1b[0m" : "";
  const std::string_view bold = colours ? "\x1b[1m" : "";
  return fmt::format("{} {}{:<13}{} {}{}{}  {}", local_time(alert.wall_ns).substr(0, 12),
                     colours ? colour_of(alert.priority) : "", rules::priority_name(alert.priority), reset,
                     bold, harmless(alert.rule), reset, harmless(alert.message));
}

}  // namespace saker::alert
