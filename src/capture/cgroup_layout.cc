#include "capture/cgroup_layout.h"

#include <charconv>
#include <iterator>
#include <sstream>

#include "base/file.h"

namespace saker::capture {
namespace {

// In order of preference: those that every runtime uses come first.
constexpr std::string_view kControllers[] = {"pids", "memory",  "cpuset", "devices",
                                             "cpu",  "freezer", "blkio"};

}  // namespace

CgroupLayout parse_cgroup_layout(std::string_view proc_cgroups, std::string_view mountinfo) {
  CgroupLayout layout;
  layout.v2 = mountinfo.find(" - cgroup2 ") != std::string_view::npos;
  std::size_t best = std::size(kControllers);
  std::istringstream lines{std::string(proc_cgroups)};
  std::string line;
  while (std::getline(lines, line)) {
    // name, hierarchy (0 = the default one), cgroups, enabled
    std::istringstream row(line);
    std::string name;
    std::uint32_t hierarchy = 0;
    if (!(row >> name >> hierarchy) || hierarchy == 0) continue;
    for (std::size_t i = 0; i < best; ++i) {
      if (kControllers[i] != name) continue;
      best = i;
      layout.v1_controller = name;
      layout.v1_hierarchy = hierarchy;
    }
  }
  return layout;
}

CgroupLayout read_cgroup_layout() {
  const auto cgroups = read_file("/proc/cgroups");
  const auto mounts = read_file("/proc/self/mountinfo");
  return parse_cgroup_layout(cgroups ? *cgroups : "", mounts ? *mounts : "");
}

std::string cgroup_layout_name(const CgroupLayout& layout) {
  const bool v1 = !layout.v1_controller.empty();
  if (layout.v2) return v1 ? "hybrid" : "v2";
  return v1 ? "v1" : "none";
}

}  // namespace saker::capture
