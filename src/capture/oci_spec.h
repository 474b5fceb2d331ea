// What an OCI runtime specification (a bundle's config.json) says of the container, with the annotations that
// engines put into it. Format: the Open Container Initiative's runtime-spec, config.md and config-linux.md.
#pragma once

#include <cstddef>

#include "capture/json_access.h"
#include "state/container_info.h"

namespace saker::capture {

// Fills what is not known yet. `folder` is the bundle's, as the host sees it: the root file system may be
// told relative to it. Engines that say who they are in annotations ("cri-o", "podman", containerd's CRI) set
// info.engine; the others leave it.
void fill_from_spec(const Json& spec, const std::string& folder, std::size_t label_bytes_max,
                    state::ContainerInfo& info);

// Annotations (or Docker's labels, which have the same words) that say what a container is.
void fill_from_annotations(const Json* annotations, state::ContainerInfo& info);

// The exec probes of a container of that name in a pod's "last applied configuration", if somebody applied
// the pod itself.
void fill_probes(const std::string& last_applied, state::ContainerInfo& info);

// Everything that makes up "privileged", whoever the engine: nothing is masked or read-only, no filter of
// system calls and no profile is in the way.
std::optional<bool> is_privileged(const Json& spec);

}  // namespace saker::capture
