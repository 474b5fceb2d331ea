// The processes that were there before the agent: one reading of /proc.
//
// /proc is no snapshot: processes vanish while they are read and are left out, new ones are told by records.
// So the probe must be attached before the scan; a row of a process that a record has told of already is
// ignored by the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "state/process_table.h"

namespace saker::capture {

// One line of /proc/PID/cgroup.
struct ProcCgroup {
  std::uint32_t hierarchy = 0;   // 0: the default one, v2
  std::string_view controllers;  // v1: joined by commas
  std::string_view path;
};

// Called for each line of each process, after the process has been read and before it is added.
using CgroupSink = std::function<void(const state::ScannedProcess&, const ProcCgroup&)>;

// Adds every process below `proc_root` (HOST_ROOT/proc), the oldest first, and says how many.
// An error only when the folder itself cannot be read.
Result<std::size_t> scan_processes(const std::string& proc_root, state::ProcessTable& into,
                                   const CgroupSink& on_cgroup = {});

// Takes so many processes off the end of the list, and tells the table the environments of those that it has
// none of. Some microseconds each: whoever handles events meanwhile does a few at a time.
void read_environments(const std::string& proc_root, std::size_t count, std::vector<event::ProcessId>& of,
                       state::ProcessTable& into);

// Whether the process with that number is still this one. Start times in /proc have steps of 10 ms.
bool is_running(const std::string& proc_root, const event::ProcessId& process);

}  // namespace saker::capture
