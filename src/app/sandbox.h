// Sandbox: what the agent keeps once it has started.
//
// Everything that needs more has happened by then. Kept are the capabilities that watching needs (and of
// those only what the agent was given), no new privileges can be gained, not even by the programs it runs,
// and system calls are let through by a list.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace saker::app {

struct SandboxOptions {
  bool filter_calls = true;    // seccomp
  bool runs_programs = false;  // program_output: a child may need any call, so none are filtered
};

// For the whole process, all threads. Says in `kept` what is left, for the log. An error when the kernel
// refuses; what is done by then stays.
Result<std::string> enter_sandbox(const SandboxOptions& options);

// What the filter lets through; for tests.
const std::vector<const char*>& allowed_calls();

}  // namespace saker::app
