#include "base/log.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <syslog.h>

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>

namespace saker {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

std::atomic<bool> json_lines = false, to_stderr = true, to_syslog = false;

int syslog_priority(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return LOG_DEBUG;
    case LogLevel::kInfo:
      return LOG_INFO;
    case LogLevel::kWarning:
      return LOG_WARNING;
    case LogLevel::kError:
      return LOG_ERR;
  }
  return LOG_INFO;
}

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("saker", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *instance;
}

}  // namespace

void configure_log(const LogOptions& options) {
  json_lines = options.json;
  to_stderr = options.to_stderr;
  to_syslog = options.to_syslog;
  const bool anywhere = options.to_stderr || options.to_syslog;
  logger().set_level(anywhere ? spdlog_level(options.level) : spdlog::level::off);
}

bool log_enabled(LogLevel level) { return logger().should_log(spdlog_level(level)); }

void log_line(LogLevel level, std::string_view text) {
  if (to_syslog)
    ::syslog(LOG_DAEMON | syslog_priority(level), "%.*s", static_cast<int>(text.size()), text.data());
  if (!to_stderr) return;
  const auto now = std::chrono::system_clock::now();
  if (json_lines) {
    nlohmann::json line;
    line["level"] = level_name(level);
    line["msg"] = text;
    line["time"] =
        fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
    logger().log(spdlog_level(level), line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  logger().log(spdlog_level(level), fmt::format("{:%a %b %e %H:%M:%S %Y}: {}: {}",
                                                fmt::localtime(std::chrono::system_clock::to_time_t(now)),
                                                level_name(level), text));
}

}  // namespace saker
