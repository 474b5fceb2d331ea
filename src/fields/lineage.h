// A process's ancestors and the leaders of its groups, from the process table.
#pragma once

#include <cstdint>

#include "fields/catalogue.h"
#include "state/process_table.h"

namespace saker::fields {

// How far up a lineage is followed. The table makes no loops, but a bound costs nothing.
inline constexpr std::int64_t kLevelsMax = 256;

// Null when the table does not know it.
const state::Process* parent_of(const Subject& subject);

// Level 0 is the process itself, 1 its parent; null beyond the known ones.
const state::Process* ancestor(const Subject& subject, std::int64_t level);

// Calls `visit` for each known ancestor, the parent first, until it says false.
template <class Visit>
void each_ancestor(const Subject& subject, Visit visit) {
  const state::Process* process = parent_of(subject);
  for (std::int64_t level = 1; process != nullptr && level <= kLevelsMax; ++level) {
    if (!visit(*process)) return;
    process = subject.processes->parent_of(*process);
  }
}

// The process that leads the session (or group): the one with that pid, else the eldest of the unbroken row
// of ancestors that are in it too, self included. All are host ids.
enum class Team { kSession, kGroup };
const state::Process* leader(const Subject& subject, Team team);

}  // namespace saker::fields
