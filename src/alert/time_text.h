// Times as alerts show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace saker::alert {

std::string local_time(std::uint64_t wall_ns);                       // 23:13:04.506339881
std::string utc_time(std::uint64_t wall_ns, std::string_view zone);  // 2026-11-23T23:13:04.506339881 + zone

}  // namespace saker::alert
