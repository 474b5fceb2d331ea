// Times as the evt.* fields print them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"

namespace saker::fields {

enum class TimeStyle : std::uint8_t { kTime, kTimeSeconds, kDateTime, kDateTimeSeconds, kIso8601 };

// `wall_ns` since the epoch; local time, but kIso8601 is UTC.
std::string_view time_text(std::uint64_t wall_ns, TimeStyle style, Arena& arena);

}  // namespace saker::fields
