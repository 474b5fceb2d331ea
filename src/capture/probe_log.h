// What is said while the probe is loaded, and errors that repeat it.
//
// libbpf has one printer for the whole program, so there is one log; from any thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "capture/load_log.h"

namespace saker::capture {

// Forgets what was said before, and listens from now on.
void begin_probe_log();

// What the verifier has counted since, of programs that were told to say so.
std::vector<VerifierCounts> probe_counts();

// "cannot <what>: ...", for an errno, with what libbpf and the verifier said of it.
std::unexpected<Error> probe_error(const char* what, int error);

}  // namespace saker::capture
