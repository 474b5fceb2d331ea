// MemoryBudget: how the agent fits into the memory that its cgroup has.
//
// Degrading is by fixed shares, so that one part cannot eat what another needs, and each says so by its own
// counter. Alerts that wait for a slow receiver are dropped (saker_output_dropped_total). Of processes, the
// oldest programs lose their environment and the ends of long texts (saker_programs_shortened_total), then
// ended processes are forgotten early (saker_processes_evicted_total), then newcomers stay unknown
// (falcosecurity_scap_n_drops_full_threadtable_total). Judging goes on through all of it. Ring buffers become
// smaller where there are many CPUs, and then fewer: what does not fit into them is counted as dropped.
#pragma once

#include <cstdint>
#include <optional>

#include "app/config.h"

namespace saker::app {

// The limit of the agent's own cgroup in bytes, v2 or v1; nothing when there is none.
std::optional<std::uint64_t> memory_limit();

// Lowers limits of `config` to what fits into `limit_bytes` on a machine of so many possible CPUs; says in
// the log what it lowered. Never raises one.
void fit_into(std::uint64_t limit_bytes, std::uint32_t cpus, Config& config);

}  // namespace saker::app
