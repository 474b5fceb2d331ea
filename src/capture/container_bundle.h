// What a container's runtime wrote down about it: name, image, pod.
//
// Runtimes keep a state file or an OCI bundle on the host's disk for every container that runs. Reading those
// asks no daemon, waits for nobody and works the same for a container that the runtime's own API would hide.
// Nothing is invented: what the files do not say stays unset.
#pragma once

#include <string>

#include "state/containers.h"

namespace saker::capture {

// Fills what is still unset in `container` from the first place that knows its full id. False when no place
// does, or none yet: a runtime may write its files a moment after the cgroup appears.
bool read_bundle(const std::string& host_root, state::Container& container);

}  // namespace saker::capture
