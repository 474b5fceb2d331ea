#include "state/containers.h"

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <utility>
#include <vector>

namespace saker::state {

struct Containers::Index {
  struct Row {
    Container container;
    std::uint32_t cgroups = 0;  // that lead to it
  };
  // Calls of purge() for which a container is kept when its last cgroup has gone.
  static constexpr std::uint64_t kKept = 10;

  // A cgroup that is known: on the host (null) or in a container.
  absl::flat_hash_map<std::uint64_t, Row*> cgroups;
  absl::flat_hash_map<std::string, std::unique_ptr<Row>> containers;  // by full id

  static constexpr std::size_t kGoneMax = 4096;

  // Many that come and go fast are kept for less long.
  void make_room() {
    while (gone.size() > kGoneMax) {
      const auto found = containers.find(gone.front().second);
      gone.pop_front();
      if (found != containers.end() && found->second->cgroups == 0 && found->second->container.held == 0)
        containers.erase(found);
    }
  }

  void forget(std::uint64_t key) {
    const auto found = cgroups.find(key);
    if (found == cgroups.end()) return;
    Row* row = found->second;
    cgroups.erase(found);
    if (row == nullptr || --row->cgroups > 0) return;
    gone.emplace_back(purges, row->container.full_id);
    make_room();
  }

  std::deque<std::pair<std::uint64_t, std::string>> gone;  // (when, who), in order
  std::uint64_t purges = 0;
  std::unique_ptr<Container> fixed;
};

Containers::Containers(Limits limits) : index_(std::make_unique<Index>()), limits_(limits) {}
Containers::~Containers() = default;

void Containers::set_fixed(Container container) {
  index_->fixed = std::make_unique<Container>(std::move(container));
}

Where Containers::on(const event::Cgroup& cgroup) {
  if (cgroup.removed) {
    index_->forget(cgroup.key);
    return Where::kUnknown;
  }
  if (index_->fixed) return Where::kContainer;
  // Of a path that could not be read whole the end is there. A container in it is one; that there is none
  // says nothing, and the probe must go on sending all its events.
  const bool whole = cgroup.path.present && !cgroup.path.truncated;
  if (!whole && !container_of_cgroup(cgroup.path.bytes, limits_.engines)) return Where::kUnknown;
  return add_path(cgroup.key, cgroup.path.bytes);
}

void Containers::purge(const std::function<void(const Container&)>& visit) {
  ++index_->purges;
  std::vector<std::string> busy;
  while (!index_->gone.empty() && index_->gone.front().first + Index::kKept <= index_->purges) {
    std::string full_id = std::move(index_->gone.front().second);
    index_->gone.pop_front();
    const auto found = index_->containers.find(full_id);
    if (found == index_->containers.end() || found->second->cgroups > 0) continue;  // it came back
    if (found->second->container.held > 0) {
      busy.push_back(std::move(full_id));
      continue;
    }
    visit(found->second->container);
    index_->containers.erase(found);
  }
  for (std::string& full_id : busy) index_->gone.emplace_back(index_->purges, std::move(full_id));
}

Container* Containers::find(const std::string& full_id) {
  const auto found = index_->containers.find(full_id);
  return found == index_->containers.end() ? nullptr : &found->second->container;
}

Container* Containers::of_cgroup(std::uint64_t key) {
  const auto found = index_->cgroups.find(key);
  return found == index_->cgroups.end() || found->second == nullptr ? nullptr : &found->second->container;
}

Where Containers::add_path(std::uint64_t key, std::string_view path) {
  const auto found = container_of_cgroup(path, limits_.engines);
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
  if (index_->fixed) return {Where::kContainer, index_->fixed.get()};
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
