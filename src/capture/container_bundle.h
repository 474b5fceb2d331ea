// What a container's runtime wrote down about it: name, image, pod, mounts.
//
// Runtimes keep a state file or an OCI bundle on the host's disk for every container that runs. Reading those
// asks no daemon, waits for nobody and works the same for a container that the runtime's own API would hide.
// Nothing is invented: what the files do not say stays unset.
#pragma once

#include <cstddef>
#include <string>

#include "state/container_info.h"

namespace saker::capture {

// Fills what is still unset in `info` from the first place that knows the container's whole id. False when no
// place does, or none yet: a runtime may write its files a moment after the cgroup appears.
bool read_bundle(const std::string& host_root, const std::string& full_id, std::size_t label_bytes_max,
                 state::ContainerInfo& info);

}  // namespace saker::capture
