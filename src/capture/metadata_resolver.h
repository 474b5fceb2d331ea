// MetadataResolver: finds out what a container is, away from the event path.
//
// Asked once for a container, when its cgroup appears: usually before its first program runs. Three threads,
// so that a slow place holds up nobody who does not need it:
//
//   files     the runtime's bundle on disk; again after 1 ms, 2 ms, 4 ms ... while it is not there yet
//   runtimes  the runtime's API over its socket, for what the disk does not say
//   accounts  passwd and group files of the container (or the host)
//
// Each answers for itself, with what is known so far. Nobody waits here: asking puts a job into a bounded
// queue and taking reads what has been answered; ready_fd() says when.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "capture/container_engines.h"
#include "state/container_info.h"
#include "state/users.h"

namespace saker::capture {

struct MetadataAnswer {
  std::string full_id;  // "": the host
  // What is known now; unset: nothing new.
  std::optional<state::ContainerInfo> info;
  bool info_complete = false;                 // nobody is being asked any more
  std::shared_ptr<const state::Users> users;  // null: nothing new
  bool users_complete = false;                // the files have been looked for
  bool users_of_process = false;              // and found through a process in the container
};

class MetadataResolver {
 public:
  struct Stats {
    std::uint64_t found_on_disk = 0;
    std::uint64_t found_by_api = 0;
    std::uint64_t not_found = 0;   // given up
    std::uint64_t api_failed = 0;  // calls that were not answered
    std::uint64_t refused = 0;     // questions that found the queue full
  };

  // `host_root`: where the host's / is mounted; "" = we are on the host.
  MetadataResolver(std::string host_root, ContainerEngines engines);
  ~MetadataResolver();
  MetadataResolver(const MetadataResolver&) = delete;

  // `engine` is what the cgroup's path suggests. False when too many questions are waiting.
  bool ask(const std::string& full_id, std::string_view engine);

  // The accounts again; `pid` is a process in the container, 0 if none is known. The host's: "" and 0.
  // Answered when the files have changed, or in any case.
  bool ask_accounts(const std::string& full_id, std::uint32_t pid, bool must_answer);

  // The container is gone.
  void forget(const std::string& full_id);

  // Readable while there are answers.
  int ready_fd() const;
  // Hands out what has been answered since; cheap when nothing has.
  void take(const std::function<void(MetadataAnswer&)>& sink);

  Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace saker::capture
