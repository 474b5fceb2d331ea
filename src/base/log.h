// Log: what the agent says about itself, on stderr and, if asked, to the system log. Alerts never go through
// here.
//
// One line a message, text for people (`TIME: LEVEL: TEXT`) or one JSON object a line
// ({"level","msg","time"}) when alerts are JSON, so that a collector that reads both streams parses
// both. Thread-safe.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace saker {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;  // less severe messages are dropped
  bool json = false;
  bool to_stderr = true;
  bool to_syslog = false;
};

void configure_log(const LogOptions& options);
bool log_enabled(LogLevel level);
void log_line(LogLevel level, std::string_view text);

template <class... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace saker
