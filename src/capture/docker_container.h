// What Docker says of a container, in the two shapes that it has: the answer to an inspection (Docker's and
// Podman's API, GET /containers/ID/json) and the files config.v2.json and hostconfig.json below
// /var/lib/docker/containers/ID. The words are the same; what differs is looked for in both places.
#pragma once

#include <cstddef>

#include "capture/json_access.h"
#include "state/container_info.h"

namespace saker::capture {

// Fills what is not known yet. `host_config` may be null.
void fill_from_docker(const Json& container, const Json* host_config, std::size_t label_bytes_max,
                      state::ContainerInfo& info);

// From image/DRIVER/repositories.json: every name and digest of every image that this Docker has.
void fill_from_docker_repositories(const Json& repositories, state::ContainerInfo& info);

// The answer to GET /images/ID/json: digests and tags of one image.
void fill_from_docker_image(const Json& image, state::ContainerInfo& info);

}  // namespace saker::capture
