#include "capture/probe_counters.h"

namespace saker::capture {
namespace {

struct Row {
  saker_counter counter;
  std::string_view name;
  bool drop;
};

constexpr Row kRows[] = {
    {SAKER_COUNT_SENT, "sent", false},
    {SAKER_COUNT_FILTERED, "filtered", false},
    {SAKER_COUNT_DROP_RING_FULL, "drop_ring_full", true},
    {SAKER_COUNT_DROP_RING_MISSING, "drop_ring_missing", true},
    {SAKER_COUNT_DROP_SCRATCH, "drop_scratch", true},
    {SAKER_COUNT_TRUNCATED, "truncated", false},
    {SAKER_COUNT_READ_FAILED, "read_failed", false},
    {SAKER_COUNT_CGROUP_UNNAMED, "cgroup_unnamed", false},
};
static_assert(std::size(kRows) == SAKER_COUNTERS);

}  // namespace

std::string_view counter_name(saker_counter counter) { return kRows[counter].name; }

bool is_drop(saker_counter counter) { return kRows[counter].drop; }

std::uint64_t ProbeCounters::drops() const {
  std::uint64_t sum = missed_runs;
  for (const Row& row : kRows) {
    if (row.drop) sum += cause[row.counter];
  }
  return sum;
}

}  // namespace saker::capture
