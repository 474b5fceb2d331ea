// Clock: the two times of the agent. Kernel records carry boot time (it runs on through suspend and
// never steps); people and Falco want wall-clock time. All are nanoseconds.
#pragma once

#include <cstdint>
#include <ctime>

namespace saker {

inline std::uint64_t read_clock_ns(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return static_cast<std::uint64_t>(ts.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(ts.tv_nsec);
}

inline std::uint64_t boot_time_ns() { return read_clock_ns(CLOCK_BOOTTIME); }
inline std::uint64_t wall_time_ns() { return read_clock_ns(CLOCK_REALTIME); }

// What must be added to a boot time to get wall-clock time, now. Changes when the wall clock is set, so
// the pipeline reads it again once a second.
inline std::uint64_t wall_minus_boot_ns() { return wall_time_ns() - boot_time_ns(); }

}  // namespace saker
