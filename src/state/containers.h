// Containers: which container a cgroup belongs to, and what is known of it.
//
// The id is found in the cgroup's path, as Falco finds it, for containerd (CRI and plain), CRI-O, Docker,
// Podman and the rest, under the systemd and the cgroupfs driver, nested or not. Metadata (name, image,
// Kubernetes) comes from whoever reads the host (capture/) and is absent until then, never invented.
//
// Not thread-safe. The pipeline thread owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "event/event.h"

namespace saker::state {

// The first 12 characters of the container id that this cgroup path names, and the engine that makes
// paths of that shape ("docker", "podman", "cri", "containerd", "lxc", "libvirt_lxc", "bpm").
struct ContainerMatch {
  std::string id;       // at most 12 characters
  std::string full_id;  // as the path has it
  std::string_view engine;
};
std::optional<ContainerMatch> container_of_cgroup(std::string_view path);

struct Container {
  std::string id;
  std::string full_id;
  std::string_view engine;
  // What the runtime says; unset = not known.
  std::optional<std::string> name, image, image_repository, image_tag;
  std::optional<std::string> k8s_pod_name, k8s_ns_name, k8s_pod_uid;
  event::ProcessId first_process;  // seen in it; lives as long as the container, as a rule
  // Bookkeeping of metadata look-ups.
  std::uint32_t lookups = 0;
  std::uint64_t next_lookup_ns = 0;
  bool complete = false;
};

enum class Where : std::uint8_t { kUnknown, kHost, kContainer };

class Containers {
 public:
  struct Limits {
    std::size_t cgroups_max = 65'536;
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
  // set and holds until the next on().
  struct Found {
    Where where = Where::kUnknown;
    Container* container = nullptr;
  };
  Found find(const event::Task& task);

  std::size_t size() const;  // containers

 private:
  struct Index;
  std::unique_ptr<Index> index_;
  Limits limits_;
};

}  // namespace saker::state
