// Which cgroup hierarchies this host has. Containers are recognised in the default one (v2) and, where
// controllers still have v1 hierarchies, in one of those as well.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace saker::capture {

struct CgroupLayout {
  bool v2 = false;
  // The v1 controller that is looked at; empty when every controller is on v2. All runtimes put a container
  // into every v1 hierarchy, so one of them is enough.
  std::string v1_controller;
  std::uint32_t v1_hierarchy = 0;  // its number in /proc/cgroups
};

// From the texts of /proc/cgroups and /proc/self/mountinfo.
CgroupLayout parse_cgroup_layout(std::string_view proc_cgroups, std::string_view mountinfo);
CgroupLayout read_cgroup_layout();

std::string cgroup_layout_name(const CgroupLayout& layout);  // "v2", "v1", "hybrid", "none"

}  // namespace saker::capture
