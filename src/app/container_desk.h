// ContainerDesk: asks for what is not known of containers, and takes the answers in.
//
// The pipeline's side of capture/metadata_resolver.h: it asks when a container appears, looks after the
// accounts of containers and host while events come from them, and knows for how long an event may wait.
//
// Not thread-safe. The pipeline thread owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>

#include "capture/container_engines.h"
#include "capture/metadata_resolver.h"
#include "state/containers.h"
#include "state/users.h"

namespace saker::app {

struct MetadataSettings {
  capture::ContainerEngines engines;
  std::uint64_t wait_ns = 500'000'000;  // the longest an event waits, from the container's first sign on
  std::size_t held_events_max = 8192;
  std::size_t held_bytes_max = 8 * 1024 * 1024;

  auto limits() const { return std::tuple(wait_ns, held_events_max, held_bytes_max); }
};

class ContainerDesk {
 public:
  ContainerDesk(state::Containers& containers, const std::string& host_root,
                const MetadataSettings& settings);

  // A container that may be new.
  void look_at(state::Container& container, std::uint64_t now_ns);
  // A program has started in it: now its root can be seen through the process.
  void on_program(state::Container& container, std::uint32_t pid, std::uint64_t now_ns);
  // An event is about to be judged; null: on the host.
  void before_judging(state::Container* container, std::uint32_t pid, std::uint64_t now_ns);

  // Takes answers in; true when there were any.
  bool take_answers();
  // About once a second.
  void keep_house();

  const state::Users* host_users() const { return host_users_.get(); }
  const capture::MetadataResolver& resolver() const { return resolver_; }

  static std::uint8_t engine_bits(const capture::ContainerEngines& engines);

 private:
  state::Containers& containers_;
  MetadataSettings settings_;
  capture::MetadataResolver resolver_;
  std::shared_ptr<const state::Users> host_users_;
  std::uint64_t host_check_ns_ = 0;
};

}  // namespace saker::app
