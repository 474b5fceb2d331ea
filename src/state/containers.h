// Containers: which container a cgroup belongs to, and what is known of it.
//
// The id is found in the cgroup's path, as Falco finds it, for containerd (CRI and plain), CRI-O, Docker,
// Podman and the rest, under the systemd and the cgroupfs driver, nested or not. Metadata (name, image,
// Kubernetes) comes from whoever reads the host (capture/) and is absent until then, never invented.
//
// A container is kept for some seconds after its last cgroup: its last events, and what is said of it, may
// come later.
//
// Not thread-safe. The pipeline thread owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "event/event.h"
#include "state/container_info.h"
#include "state/users.h"

namespace saker::state {

// The first 12 characters of the container id that this cgroup path names, and the engine that makes
// paths of that shape ("docker", "podman", "cri", "containerd", "lxc", "libvirt_lxc", "bpm").
struct ContainerMatch {
  std::string id;       // at most 12 characters
  std::string full_id;  // as the path has it
  std::string_view engine;
};
//
// `engines` are those that take part; a path of one that does not may be another's, or the host's.
enum EngineBits : std::uint8_t {
  kDocker = 1 << 0,
  kPodman = 1 << 1,
  kCri = 1 << 2,
  kContainerd = 1 << 3,
  kLxc = 1 << 4,
  kLibvirtLxc = 1 << 5,
  kBpm = 1 << 6,
  kAllEngines = 0x7f,
};
std::optional<ContainerMatch> container_of_cgroup(std::string_view path, std::uint8_t engines = kAllEngines);

struct Container {
  std::string id;
  std::string full_id;
  std::string_view engine;  // as the path suggests
  ContainerInfo info;
  event::ProcessId first_process;      // seen in it; lives as long as the container, as a rule
  std::shared_ptr<const Users> users;  // its own; null: not known
  // What is still on its way: events from the container wait for it, up to a time.
  bool info_pending = false;
  bool users_pending = false;
  bool asked = false;             // for info
  bool users_of_process = false;  // they were read through a process in it
  std::uint32_t programs_asked = 0;
  bool judged = false;               // an event from it has been
  std::uint64_t wait_until_ns = 0;   // boot time
  std::uint64_t users_check_ns = 0;  // when to look at its files again
  std::uint32_t held = 0;            // events that wait

  bool pending() const { return info_pending || users_pending; }
};

enum class Where : std::uint8_t { kUnknown, kHost, kContainer };

class Containers {
 public:
  struct Limits {
    std::size_t cgroups_max = 65'536;
    std::uint8_t engines = kAllEngines;
  };

  explicit Containers(Limits limits);
  ~Containers();

  // A cgroup's path became known, or the cgroup went away. Returns where its tasks are, for the probe's
  // class map (kUnknown when it was removed).
  Where on(const event::Cgroup& cgroup);

  // Adds a cgroup path read from /proc for a process of the scan; `key` may be 0 when only the path is
  // known, then the result is for the caller alone.
  Where add_path(std::uint64_t key, std::string_view path);

  // The container of a task. kUnknown: its cgroups have not been named yet. On kContainer `container` is
  // set and holds until the next purge(), and while its `held` is not 0.
  struct Found {
    Where where = Where::kUnknown;
    Container* container = nullptr;
  };
  Found find(const event::Task& task);

  // From now on everything is in this container, whatever the cgroup.
  void set_fixed(Container container);

  // Null when there is none, or no more.
  Container* find(const std::string& full_id);
  // The container that a cgroup leads to; null when it leads to none.
  Container* of_cgroup(std::uint64_t key);

  // Calls `visit` for each container whose last cgroup has gone some calls ago, before it is forgotten.
  // Called by the pipeline about once a second.
  void purge(const std::function<void(const Container&)>& visit);

  std::size_t size() const;  // containers

 private:
  struct Index;
  std::unique_ptr<Index> index_;
  Limits limits_;
};

}  // namespace saker::state
