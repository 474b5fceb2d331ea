#include "fields/cgroup_text.h"

#include <algorithm>
#include <array>

#include "event/details.h"

namespace saker::fields {
namespace {

constexpr std::array<std::string_view, 5> kTold = {"cpuset", "cpu", "cpuacct", "blkio", "memory"};

}  // namespace

std::string_view cgroup_path(const Subject& subject, std::string_view controller) {
  const std::string_view kernels = controller == "blkio" ? "io" : controller;
  const auto found = std::ranges::find(subject.cgroup_subsystems, kernels);
  if (found == subject.cgroup_subsystems.end()) return {};
  return event::cgroup_of(*subject.event,
                          static_cast<std::uint32_t>(found - subject.cgroup_subsystems.begin()));
}

std::string cgroup_text(const Subject& subject, char separator) {
  std::string all;
  for (const std::string_view name : kTold) {
    const std::string_view path = cgroup_path(subject, name);
    if (path.empty()) continue;
    if (!all.empty()) all += separator;
    all.append(name).append("=").append(path);
  }
  return all;
}

}  // namespace saker::fields
