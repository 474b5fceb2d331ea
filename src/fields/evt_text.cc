#include "fields/evt_text.h"

#include <fmt/format.h>

#include <ctime>

namespace saker::fields {

std::string_view time_text(std::uint64_t wall_ns, TimeStyle style, Arena& arena) {
  const auto seconds = static_cast<std::time_t>(wall_ns / 1'000'000'000);
  const std::uint64_t rest = wall_ns % 1'000'000'000;
  std::tm parts{};
  if (style == TimeStyle::kIso8601) {
    gmtime_r(&seconds, &parts);
  } else {
    localtime_r(&seconds, &parts);
  }
  const bool date = style != TimeStyle::kTime && style != TimeStyle::kTimeSeconds;
  const bool fraction = style != TimeStyle::kTimeSeconds && style != TimeStyle::kDateTimeSeconds;
  fmt::memory_buffer text;
  const auto out = std::back_inserter(text);
  if (date) {
    fmt::format_to(out, "{:04}-{:02}-{:02}{}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                   style == TimeStyle::kIso8601 ? 'T' : ' ');
  }
  fmt::format_to(out, "{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec);
  if (fraction) fmt::format_to(out, ".{:09}", rest);
  if (style == TimeStyle::kIso8601) fmt::format_to(out, "+0000");
  return arena.copy({text.data(), text.size()});
}

}  // namespace saker::fields
