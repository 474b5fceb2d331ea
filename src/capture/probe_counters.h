// What the probe counts in the kernel, summed over CPUs.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "event/types.h"
#include "wire/records.h"

namespace saker::capture {

struct ProbeCounters {
  std::array<std::uint64_t, SAKER_COUNTERS> cause{};
  std::array<std::uint64_t, SAKER_EVENTS_MAX> sent{};
  std::array<std::uint64_t, SAKER_EVENTS_MAX> filtered{};
  std::array<std::uint64_t, SAKER_EVENTS_MAX> dropped{};
  // Runs of all programs and the time they took; only while they are counted (Driver::count_runs).
  std::uint64_t runs = 0, run_ns = 0;
  // Runs the kernel skipped because the program was already running on that CPU.
  std::uint64_t missed_runs = 0;

  // Every way a record can be lost, missed runs included.
  std::uint64_t drops() const;
};

// A name for logs and metrics, for example "drop_ring_full".
std::string_view counter_name(saker_counter counter);

// True for the counters that mean a lost record.
bool is_drop(saker_counter counter);

}  // namespace saker::capture
