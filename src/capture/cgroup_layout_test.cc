#include "capture/cgroup_layout.h"

#include <gtest/gtest.h>

namespace saker::capture {
namespace {

constexpr const char* kV2Mount = "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
constexpr const char* kV1Mount = "31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

struct Row {
  const char* what;
  const char* cgroups;
  std::string mounts;
  const char* name;
  const char* controller;
  std::uint32_t hierarchy;
};

const Row kRows[] = {
    {"all on v2", "#subsys_name hierarchy num_cgroups enabled\nmemory 0 80 1\npids 0 80 1\n", kV2Mount, "v2",
     "", 0},
    {"all on v1", "memory 4 80 1\npids 8 80 1\ncpu 2 80 1\n", kV1Mount, "v1", "pids", 8},
    {"hybrid", "cpuset 3 1 1\nmemory 4 1 1\n", std::string(kV1Mount) + kV2Mount, "hybrid", "memory", 4},
    {"nothing mounted", "", "", "none", "", 0},
    {"broken lines are skipped", "memory\n\nmemory x 1 1\n", kV2Mount, "v2", "", 0},
};

TEST(CgroupLayout, FromProc) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.what);
    const CgroupLayout layout = parse_cgroup_layout(row.cgroups, row.mounts);
    EXPECT_EQ(cgroup_layout_name(layout), row.name);
    EXPECT_EQ(layout.v1_controller, row.controller);
    EXPECT_EQ(layout.v1_hierarchy, row.hierarchy);
  }
}

}  // namespace
}  // namespace saker::capture
