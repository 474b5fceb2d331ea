#include "state/containers.h"

#include <absl/container/flat_hash_map.h>

#include <utility>

namespace saker::state {

struct Containers::Index {
  struct Row {
    Container container;
    std::uint32_t cgroups = 0;  // that lead to it
  };
  // A cgroup that is known: on the host (null) or in a container.
  absl::flat_hash_map<std::uint64_t, Row*> cgroups;
  absl::flat_hash_map<std::string, std::unique_ptr<Row>> containers;  // by full id

  void forget(std::uint64_t key) {
    const auto found = cgroups.find(key);
    if (found == cgroups.end()) return;
    Row* row = found->second;
    cgroups.erase(found);
    if (row != nullptr && --row->cgroups == 0) containers.erase(std::string(row->container.full_id));
  }
};

Containers::Containers(Limits limits) : index_(std::make_unique<Index>()), limits_(limits) {}
Containers::~Containers() = default;

Where Containers::on(const event::Cgroup& cgroup) {
  if (cgroup.removed) {
    index_->forget(cgroup.key);
    return Where::kUnknown;
  }
  // Of a path that could not be read whole the end is there. A container in it is one; that there is none
  // says nothing, and the probe must go on sending all its events.
  const bool whole = cgroup.path.present && !cgroup.path.truncated;
  if (!whole && !container_of_cgroup(cgroup.path.bytes)) return Where::kUnknown;
  return add_path(cgroup.key, cgroup.path.bytes);
}

Where Containers::add_path(std::uint64_t key, std::string_view path) {
  const auto found = container_of_cgroup(path);
  if (key == 0) return found ? Where::kContainer : Where::kHost;
  const auto before = index_->cgroups.find(key);
  // Told again: what is known of the container must not be lost.
  if (before != index_->cgroups.end() && before->second != nullptr && found &&
      before->second->container.full_id == found->full_id) {
    return Where::kContainer;
  }
  index_->forget(key);
  // A full table leaves the cgroup undecided: its events are still sent and judged, with no container id.
  if (index_->cgroups.size() >= limits_.cgroups_max) return Where::kUnknown;
  if (!found) {
    index_->cgroups[key] = nullptr;
    return Where::kHost;
  }
  auto& row = index_->containers[found->full_id];
  if (!row) {
    row = std::make_unique<Index::Row>();
    row->container.id = found->id;
    row->container.full_id = found->full_id;
    row->container.engine = found->engine;
  }
  ++row->cgroups;
  index_->cgroups[key] = row.get();
  return Where::kContainer;
}

Containers::Found Containers::find(const event::Task& task) {
  bool known = false;
  for (const std::uint64_t key : {task.cgroup_v2, task.cgroup_v1}) {
    if (key == 0) continue;
    const auto found = index_->cgroups.find(key);
    if (found == index_->cgroups.end()) continue;
    if (found->second != nullptr) return {Where::kContainer, &found->second->container};
    known = true;
  }
  return {known ? Where::kHost : Where::kUnknown, nullptr};
}

std::size_t Containers::size() const { return index_->containers.size(); }

}  // namespace saker::state
