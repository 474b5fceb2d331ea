// Sandbox: what the agent keeps once it has started.
//
// Everything that needs more has happened by then. Kept are the capabilities that watching needs (and of
// those only what the agent was given), no new privileges can be gained, not even by the programs it runs,
// and system calls are let through by a list. On request files can only be read.
//
// Landlock would say which files may be written, but it also forbids to look at a process that is not itself
// confined so: /proc/PID/root, exe and environ, which the agent lives from. It is left to what starts the
// agent (ProtectSystem=, readOnlyRootFilesystem) to say so.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace saker::app {

struct SandboxOptions {
  bool filter_calls = true;    // seccomp
  bool runs_programs = false;  // program_output: a child may need any call, so none are filtered
  bool writes_files = true;    // some output does
};

// For the whole process, all threads. Says in `kept` what is left, for the log. An error when the kernel
// refuses; what is done by then stays.
Result<std::string> enter_sandbox(const SandboxOptions& options);

}  // namespace saker::app
