// A runtime's API over its unix socket, asked for one container.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/container_engines.h"
#include "state/container_info.h"

namespace saker::capture {

class RuntimeApi {
 public:
  virtual ~RuntimeApi() = default;

  // What the runtime says of the container. `known` is what the disk has said: it may name a pod's sandbox or
  // a namespace. kNotFound: the runtime does not have it. Blocks, at most some seconds.
  virtual Result<state::ContainerInfo> describe(const std::string& full_id,
                                                const state::ContainerInfo& known) = 0;

  // Whether it makes sense to ask this one for a container of that engine ("": not known).
  virtual bool may_run(std::string_view engine) const = 0;
};

// `socket` is the path as the agent sees it.
std::unique_ptr<RuntimeApi> docker_api(std::string socket, std::string engine, std::size_t label_bytes_max);
std::unique_ptr<RuntimeApi> cri_api(std::string socket, std::size_t label_bytes_max);
std::unique_ptr<RuntimeApi> containerd_api(std::string socket, std::size_t label_bytes_max);

}  // namespace saker::capture
