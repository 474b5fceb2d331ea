// What the Container Runtime Interface answers, as ContainerInfo. The messages are those of cri.proto, taken
// as bytes: they come from a daemon and may be anything.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "state/container_info.h"

namespace saker::capture {

// Of a ContainerStatusResponse, verbose: its `info` holds what the interface itself leaves out.
Result<state::ContainerInfo> from_container_status(const std::string& message, std::size_t label_bytes_max);

// Of a PodSandboxStatusResponse, verbose, into what is known of a container in the pod.
Result<> add_pod_status(const std::string& message, std::size_t label_bytes_max, state::ContainerInfo& info);

}  // namespace saker::capture
