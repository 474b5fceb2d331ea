#include "state/containers.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace saker::state {
namespace {

const std::string kId = "a1b2c3d4e5f6" + std::string(52, '0');
const std::string kOther = "0123456789ab" + std::string(52, 'f');

struct Row {
  const char* what;
  std::string path;
  const char* engine;  // "" = host
  const char* id;
};

const Row kRows[] = {
    {"root", "/", "", ""},
    {"a service", "/system.slice/ssh.service", "", ""},
    {"a login", "/user.slice/user-1000.slice/session-2.scope", "", ""},
    {"K3s, systemd driver", "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + kId + ".scope", "cri",
     "a1b2c3d4e5f6"},
    {"K3s, cgroupfs driver", "/kubepods/besteffort/pod1/" + kId, "docker", "a1b2c3d4e5f6"},
    {"containerd, systemd syntax", "/kubepods-pod1.slice:cri-containerd:" + kId, "cri", "a1b2c3d4e5f6"},
    {"CRI-O", "/kubepods.slice/crio-" + kId + ".scope", "cri", "a1b2c3d4e5f6"},
    {"Docker", "/docker/" + kId, "docker", "a1b2c3d4e5f6"},
    {"Docker, systemd driver", "/system.slice/docker-" + kId + ".scope", "docker", "a1b2c3d4e5f6"},
    {"Podman", "/machine.slice/libpod-" + kId + ".scope", "podman", "a1b2c3d4e5f6"},
    {"Podman with a child", "/machine.slice/libpod-" + kId + ".scope/container", "podman", "a1b2c3d4e5f6"},
    {"ctr", "/default/web", "containerd", "web"},
    {"nested: the inner one", "/docker/" + kOther + "/kubepods/pod1/" + kId, "docker", "a1b2c3d4e5f6"},
    {"systemd in Docker", "/docker/" + kOther + "/init.scope", "docker", "0123456789ab"},
    {"a cgroup made inside", "/kubepods.slice/cri-containerd-" + kId + ".scope/a/b", "cri", "a1b2c3d4e5f6"},
    {"kind: the inner one", "/docker/" + kOther + "/kubelet.slice/cri-containerd-" + kId + ".scope", "cri",
     "a1b2c3d4e5f6"},
    {"65 digits", "/docker/" + kId + "0", "", ""},
    {"lxc", "/lxc.payload.c1/sub.scope", "lxc", "c1"},
    {"libvirt", "/machine.slice/machine-lxc\\x2dvm.scope", "libvirt_lxc", "vm"},
    {"bpm", "/bpm-job.scope", "bpm", "job"},
    {"a pod without container", "/kubepods.slice/kubepods-pod0f.slice", "", ""},
};

TEST(ContainerPath, Layouts) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.what);
    const auto found = container_of_cgroup(row.path);
    EXPECT_EQ(found ? found->engine : "", row.engine);
    EXPECT_EQ(found ? found->id : "", row.id);
  }
}

TEST(ContainerPath, Conformance) {
  std::ifstream file(SAKER_SHARED_DIR "/reference/conformance-language.json");
  if (!file) GTEST_SKIP() << "the conformance cases are not here";
  int seen = 0;
  const auto cases = nlohmann::json::parse(file);
  for (const auto& row : cases["cases"]) {
    if (row["area"] != "cgroup") continue;
    ++seen;
    SCOPED_TRACE(row["input"].get<std::string>());
    const auto found = container_of_cgroup(row["input"].get<std::string>());
    EXPECT_EQ(found ? found->engine : "host", row["expect"]["engine"].get<std::string>());
    EXPECT_EQ(found ? found->id : "", row["expect"]["id"].get<std::string>());
  }
  EXPECT_GT(seen, 20);
}

event::Cgroup seen(std::uint64_t key, std::string_view path) {
  event::Cgroup cgroup;
  cgroup.key = key;
  cgroup.path = {path, true, false};
  return cgroup;
}

event::Task task_in(std::uint64_t v2, std::uint64_t v1 = 0) {
  event::Task task;
  task.cgroup_v2 = v2;
  task.cgroup_v1 = v1;
  return task;
}

TEST(Containers, ACgroupIsUnknownUntilItsPathIsTold) {
  Containers containers({});
  EXPECT_EQ(containers.find(task_in(1)).where, Where::kUnknown);
  EXPECT_EQ(containers.on(seen(1, "/")), Where::kHost);
  EXPECT_EQ(containers.find(task_in(1)).where, Where::kHost);
  EXPECT_EQ(containers.on(seen(2, "/docker/" + kId)), Where::kContainer);
  const auto found = containers.find(task_in(2));
  ASSERT_EQ(found.where, Where::kContainer);
  EXPECT_EQ(found.container->id, "a1b2c3d4e5f6");
  EXPECT_FALSE(found.container->info.name);
}

TEST(Containers, EitherHierarchyMayTell) {
  Containers containers({});
  containers.on(seen(1, "/"));
  containers.on(seen(50, "/docker/" + kId));
  EXPECT_EQ(containers.find(task_in(1, 50)).where, Where::kContainer);
  EXPECT_EQ(containers.find(task_in(50, 99)).where, Where::kContainer);
  EXPECT_EQ(containers.find(task_in(1, 99)).where, Where::kHost);
}

TEST(Containers, CgroupsOfOneContainerShareItUntilTheLastGoes) {
  Containers containers({});
  containers.on(seen(1, "/docker/" + kId));
  containers.on(seen(2, "/docker-" + kId + ".scope"));
  EXPECT_EQ(containers.size(), 1U);
  event::Cgroup removed;
  removed.removed = true;
  removed.key = 1;
  EXPECT_EQ(containers.on(removed), Where::kUnknown);
  EXPECT_EQ(containers.find(task_in(2)).where, Where::kContainer);
  removed.key = 2;
  containers.on(removed);
  EXPECT_EQ(containers.find(task_in(2)).where, Where::kUnknown);
}

// Of a container that ends at once, events and metadata may come after its cgroup has gone.
TEST(Containers, KeptForAWhileAfterTheEnd) {
  Containers containers({});
  containers.on(seen(1, "/docker/" + kId));
  Container* container = containers.find(kId);
  ASSERT_NE(container, nullptr);
  container->held = 1;
  event::Cgroup removed;
  removed.removed = true;
  removed.key = 1;
  containers.on(removed);
  std::string forgotten;
  const auto purge = [&](int times) {
    for (int i = 0; i < times; ++i)
      containers.purge([&](const Container& gone) { forgotten += gone.full_id; });
  };
  purge(100);
  EXPECT_EQ(containers.find(kId), container) << "somebody still has it";
  container->held = 0;
  purge(100);
  EXPECT_EQ(forgotten, kId);
  EXPECT_EQ(containers.size(), 0U);

  containers.on(seen(1, "/docker/" + kId));
  containers.on(removed);
  containers.on(seen(2, "/docker/" + kId));  // it came back
  purge(100);
  EXPECT_NE(containers.find(kId), nullptr);
}

TEST(Containers, EnginesThatDoNotTakePart) {
  Containers containers({.engines = kAllEngines & ~(kDocker | kPodman)});
  EXPECT_EQ(containers.on(seen(1, "/machine.slice/libpod-" + kId + ".scope")), Where::kHost);
  EXPECT_EQ(containers.on(seen(2, "/docker/" + kId)), Where::kContainer);  // a path that is also the CRI's
  EXPECT_EQ(containers.find(kId)->engine, "cri");
  Containers none({.engines = 0});
  EXPECT_EQ(none.on(seen(1, "/lxc/a")), Where::kHost);
}

TEST(Containers, AFixedOneIsEverywhere) {
  Containers containers({});
  Container fixed;
  fixed.id = "me";
  containers.set_fixed(std::move(fixed));
  EXPECT_EQ(containers.on(seen(1, "/")), Where::kContainer);
  EXPECT_EQ(containers.find(task_in(77)).container->id, "me");
}

TEST(Containers, APathThatIsNotWholeNeverTellsOfTheHost) {
  Containers containers({});
  for (const event::Text& path :
       {event::Text{}, event::Text{"", true, true}, event::Text{"/a", true, true}}) {
    EXPECT_EQ(containers.on({1, false, path}), Where::kUnknown);
    EXPECT_EQ(containers.find(task_in(1)).where, Where::kUnknown);
  }
  const std::string end = "/" + kId;
  EXPECT_EQ(containers.on({1, false, {end, true, true}}), Where::kContainer);
}

TEST(Containers, ACgroupToldAgainKeepsWhatIsKnown) {
  Containers containers({});
  containers.on(seen(1, "/docker/" + kId));
  containers.find(task_in(1)).container->info.name = "web";
  containers.on(seen(1, "/docker/" + kId));
  EXPECT_EQ(containers.find(task_in(1)).container->info.name, "web");
}

TEST(Containers, TheTableIsBounded) {
  Containers containers({.cgroups_max = 2});
  EXPECT_EQ(containers.on(seen(1, "/")), Where::kHost);
  EXPECT_EQ(containers.on(seen(2, "/")), Where::kHost);
  EXPECT_EQ(containers.on(seen(3, "/docker/" + kId)), Where::kUnknown);
  EXPECT_EQ(containers.on(seen(2, "/docker/" + kId)), Where::kContainer);  // told anew
}

}  // namespace
}  // namespace saker::state
