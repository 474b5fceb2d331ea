#include "capture/container_bundle.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace saker::capture {
namespace {

namespace fs = std::filesystem;

const std::string kId = "a1b2c3d4e5f6" + std::string(52, '0');
const std::string kTask = "run/containerd/io.containerd.runtime.v2.task/";

// A folder that looks like the host's root.
class FakeHost {
 public:
  FakeHost() {
    std::string name = testing::TempDir() + "hostXXXXXX";
    root_ = mkdtemp(name.data());
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;
  ~FakeHost() { fs::remove_all(root_); }

  std::string path(const std::string& name = "") const { return name.empty() ? root_ : root_ / name; }
  void write(const std::string& name, const std::string& content) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << content;
  }

 private:
  fs::path root_;
};

std::string annotated(const std::string& annotations, const std::string& more = "") {
  return R"({"ociVersion":"1.0.2","annotations":{)" + annotations + "}" + more + "}";
}

// "ENGINE key=value ..." of what is set, or "nothing".
std::string describe(const FakeHost& host, const std::string& id = kId) {
  state::ContainerInfo container;
  if (!read_bundle(host.path(), id, 100, container)) {
    return container.name || container.image || container.k8s_pod_name ? "half" : "nothing";
  }
  std::string text = container.engine.value_or("?");
  const auto say = [&text](const char* key, const std::optional<std::string>& value) {
    if (value) text += std::string(" ") + key + "=" + *value;
  };
  say("name", container.name);
  say("image", container.image);
  say("repository", container.image_repository);
  say("tag", container.image_tag);
  say("pod", container.k8s_pod_name);
  say("ns", container.k8s_ns_name);
  say("uid", container.k8s_pod_uid);
  return text;
}

const std::string kCri =
    R"("io.kubernetes.cri.container-type":"container","io.kubernetes.cri.container-name":"web",)"
    R"("io.kubernetes.cri.image-name":"docker.io/library/nginx:1.25","io.kubernetes.cri.sandbox-name":"web-0",)"
    R"("io.kubernetes.cri.sandbox-namespace":"shop","io.kubernetes.cri.sandbox-uid":"0f0f-1")";
const std::string kCriWant =
    "containerd name=web image=docker.io/library/nginx:1.25 repository=docker.io/library/nginx tag=1.25 "
    "pod=web-0 "
    "ns=shop uid=0f0f-1";

TEST(ReadBundle, OneFileATime) {
  struct Row {
    std::string path, content, want;
  };
  const Row kRows[] = {
      {kTask + "k8s.io/" + kId + "/config.json", annotated(kCri), kCriWant},
      {"run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" + kId + "/config.json", annotated(kCri),
       kCriWant},
      {kTask + "default/" + kId + "/config.json", annotated(""), "containerd name=a1b2c3d4e5f6"},
      {kTask + "default/" + kId + "/config.json", annotated(R"("nerdctl/name":"web")"),
       "containerd name=web"},
      {kTask + "moby/" + kId + "/config.json", annotated(""), "docker"},
      // A pod's sandbox has no name of its own.
      {kTask + "k8s.io/" + kId + "/config.json",
       annotated(R"("io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-name":"web-0")"),
       "containerd pod=web-0"},
      {"var/lib/docker/containers/" + kId + "/config.v2.json",
       R"({"ID":"x","Name":"/web","Config":{"Image":"nginx","Labels":{"a":"b"}}})",
       "docker name=web image=nginx repository=nginx"},
      {"var/lib/docker/containers/" + kId + "/config.v2.json",
       R"({"Name":"/k8s_web","Config":{"Image":"nginx:1","Labels":{"io.kubernetes.pod.name":"web-0",)"
       R"("io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"0f","io.kubernetes.container.name":"web"}}})",
       "docker name=k8s_web image=nginx:1 repository=nginx tag=1 pod=web-0 ns=shop uid=0f"},
      {"run/containers/storage/overlay-containers/" + kId + "/userdata/config.json",
       annotated(R"("io.container.manager":"cri-o","io.kubernetes.container.name":"web",)"
                 R"("io.kubernetes.cri-o.ContainerName":"k8s_web_web-0_shop_0f_0",)"
                 R"("io.kubernetes.cri-o.ImageName":"quay.io/x/web:2","io.kubernetes.pod.name":"web-0",)"
                 R"("io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"0f")"),
       "cri-o name=web image=quay.io/x/web:2 repository=quay.io/x/web tag=2 pod=web-0 ns=shop uid=0f"},
      // What is not there, is not what it should be, or belongs to another.
      {kTask + "default/" + kId + "0/config.json", annotated(kCri), "nothing"},
      {kTask + "default/" + kId + "/config.json", "", "nothing"},
      {kTask + "default/" + kId + "/config.json", "{\"annotations\":", "nothing"},
      {kTask + "default/" + kId + "/config.json", "7", "nothing"},
      {kTask + "default/" + kId + "/config.json", "[]", "containerd name=a1b2c3d4e5f6"},
      {kTask + "default/" + kId + "/config.json", R"({"annotations":[1]})", "containerd name=a1b2c3d4e5f6"},
      {kTask + "default/" + kId + "/config.json", R"({"linux":7,"annotations":{"nerdctl/name":7}})",
       "containerd name=a1b2c3d4e5f6"},
      {kTask + "default/" + kId + "/config.json", std::string(200'000, '['), "nothing"},
      {kTask + "default/" + kId + "/config.json", std::string(5'000'000, ' ') + annotated(kCri), "nothing"},
      {"var/lib/docker/containers/" + kId + "/config.v2.json", R"({"Name":{},"Config":[]})", "docker"},
  };
  for (const Row& row : kRows) {
    const FakeHost host;
    host.write(row.path, row.content);
    EXPECT_EQ(describe(host), row.want) << row.path << " " << row.content.substr(0, 200);
  }
}

TEST(ReadBundle, ImageReferences) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  struct Row {
    std::string image, want;
  };
  const Row kRows[] = {
      {"nginx", "repository=nginx"},
      {"nginx:1.25", "repository=nginx tag=1.25"},
      {"localhost:5000/nginx", "repository=localhost:5000/nginx"},
      {"localhost:5000/a/nginx:1", "repository=localhost:5000/a/nginx tag=1"},
      {"ghcr.io/a/b@" + digest, "repository=ghcr.io/a/b"},
      {"ghcr.io/a/b:7@" + digest, "repository=ghcr.io/a/b tag=7"},
      {"nginx:", "repository=nginx"},
      {digest, ""},
      {std::string(64, 'a'), ""},
  };
  for (const Row& row : kRows) {
    const FakeHost host;
    host.write(kTask + "k8s.io/" + kId + "/config.json",
               annotated(R"("io.kubernetes.cri.image-name":")" + row.image + "\""));
    EXPECT_EQ(describe(host), "containerd image=" + row.image + (row.want.empty() ? "" : " ") + row.want);
  }
}

TEST(ReadBundle, ThePodsUidFromTheCgroupsPath) {
  const std::string uid = "0f0f0f0f-1111-2222-3333-444444444444", hash(32, 'b');
  const std::string underscored = "0f0f0f0f_1111_2222_3333_444444444444";
  struct Row {
    std::string path, want;
  };
  const Row kRows[] = {
      {"kubepods-burstable-pod" + underscored + ".slice:cri-containerd:" + kId, uid},
      {"/kubepods/burstable/pod" + uid + "/" + kId, uid},
      {"/kubepods.slice/kubepods-pod" + hash + ".slice", hash},
      {"/k3s/kubepods/pod" + uid + "/" + kId, uid},
      {"/kubepods/burstable/podx/" + kId, ""},
      {"/pod" + uid + "/" + kId, ""},
      {"", ""},
  };
  for (const Row& row : kRows) {
    const FakeHost host;
    host.write(kTask + "k8s.io/" + kId + "/config.json",
               annotated("", R"(,"linux":{"cgroupsPath":")" + row.path + "\"}"));
    EXPECT_EQ(describe(host), row.want.empty() ? "containerd" : "containerd uid=" + row.want) << row.path;
  }
}

TEST(ReadBundle, PodmanHasNamesInItsStore) {
  const std::string list =
      R"([7,{"id":"other","metadata":"{\"name\":\"no\"}"},{"id":")" + kId +
      R"(","names":["x"],"metadata":"{\"image-name\":\"docker.io/library/busybox:latest\",\"name\":\"web\"}"}])";
  for (const std::string name :
       {"overlay-containers/containers.json", "vfs-containers/volatile-containers.json"}) {
    const FakeHost host;
    host.write("var/lib/containers/storage/" + name, list);
    host.write("var/lib/containers/storage/overlay-containers/" + kId + "/userdata/config.json",
               annotated(R"("io.container.manager":"libpod","org.opencontainers.image.ref.name":"a-tag")"));
    EXPECT_EQ(describe(host),
              "podman name=web image=docker.io/library/busybox:latest repository=docker.io/library/busybox "
              "tag=latest");
  }
  for (const std::string& broken :
       {std::string(), std::string("{}"), std::string("[]"), R"([{"id":")" + kId + R"(","metadata":"{"}])"}) {
    const FakeHost host;
    host.write("var/lib/containers/storage/overlay-containers/containers.json", broken);
    EXPECT_EQ(describe(host), "nothing") << broken;
  }
}

TEST(ReadBundle, RuntimesByThemselvesLeadToTheirBundle) {
  struct Row {
    std::string path, content, annotations, want;
  };
  const std::string runc = "run/runc/" + kId + "/state.json", crun = "run/crun/" + kId + "/status";
  const Row kRows[] = {
      {runc, R"({"id":"x","config":{"labels":["a=b","bundle=/srv/bundle"]}})", kCri, kCriWant},
      {runc, R"({"config":{"labels":["bundle=/srv/bundle"]}})", "", ""},
      {runc, R"({"config":{"labels":["bundle=/srv/other"]}})", kCri, "nothing"},
      {runc, R"({"config":{"labels":[7,{}]}})", kCri, "nothing"},
      {runc, R"({"config":{"labels":"bundle=/srv/bundle"}})", kCri, "nothing"},
      {runc, "[]", kCri, "nothing"},
      {crun, R"({"pid":7,"bundle":"/srv/bundle"})", kCri, kCriWant},
      {crun, R"({"pid":7,"bundle":"/srv/bundle"})", R"("org.opencontainers.image.ref.name":"a/b:1")",
       " image=a/b:1 repository=a/b tag=1"},
      {crun, R"({"bundle":7})", kCri, "nothing"},
      {crun, R"({"bundle":"../srv/bundle"})", kCri, "nothing"},  // from a folder that is not told
  };
  for (const Row& row : kRows) {
    const FakeHost host;
    host.write(row.path, row.content);
    host.write("srv/bundle/config.json", annotated(row.annotations));
    EXPECT_EQ(describe(host), row.want) << row.path << " " << row.content;
  }
}

TEST(ReadBundle, IdsThatAreNoNamesAreNotLookedFor) {
  const FakeHost host;
  host.write(kTask + "default/a/b/config.json", annotated(kCri));
  host.write(kTask + "default/config.json", annotated(kCri));
  host.write(kTask + "config.json", annotated(kCri));
  for (const std::string& id : {std::string("a/b"), std::string(".."), std::string("."), std::string(),
                                std::string("../default"), std::string("default\0", 8)}) {
    EXPECT_EQ(describe(host, id), "nothing") << id;
  }
}

TEST(ReadBundle, APipeDoesNotHoldUs) {
  const FakeHost host;
  fs::create_directories(host.path(kTask + "default/" + kId));
  ASSERT_EQ(mkfifo(host.path(kTask + "default/" + kId + "/config.json").c_str(), 0600), 0);
  EXPECT_EQ(describe(host), "nothing");
}

TEST(ReadBundle, WhatIsKnownStays) {
  const FakeHost host;
  host.write(kTask + "k8s.io/" + kId + "/config.json", annotated(kCri));
  state::ContainerInfo container;
  container.name = "known";
  ASSERT_TRUE(read_bundle(host.path(), kId, 100, container));
  EXPECT_EQ(container.name, "known");
  EXPECT_EQ(container.k8s_pod_name, "web-0");
}

// What a specification says of mounts, namespaces and privileges, as one line.
std::string describe_more(const state::ContainerInfo& info) {
  std::string text;
  const auto flag = [&text](const char* name, const std::optional<bool>& value) {
    if (value) text += std::string(name) + (*value ? "+ " : "- ");
  };
  flag("privileged", info.privileged);
  flag("pid", info.host_pid);
  flag("network", info.host_network);
  flag("ipc", info.host_ipc);
  if (info.mounts) {
    for (const state::Mount& mount : *info.mounts)
      text += mount.source + ">" + mount.destination + ":" + mount.mode + (mount.writable ? ":rw:" : ":ro:") +
              mount.propagation + " ";
  }
  if (info.labels) {
    for (const auto& [key, value] : *info.labels) text += key + "=" + value + " ";
  }
  for (const auto* word : {&info.image_id, &info.image_digest, &info.ip, &info.sandbox_id}) {
    if (*word) text += **word + " ";
  }
  if (!info.rootfs.empty()) text += "root=" + info.rootfs + " ";
  for (const auto* probe : {&info.healthcheck, &info.liveness_probe, &info.readiness_probe}) {
    if (!*probe) continue;
    text += "[";
    for (const std::string& item : **probe) text += item + "|";
    text += "] ";
  }
  return text;
}

TEST(ReadBundle, WhatASpecificationSays) {
  const std::string all = R"("process":{"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_ADMIN"]}})";
  struct Row {
    std::string more, want;
  };
  const Row kRows[] = {
      {R"(,"root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/run/netns/a"}],)"
       R"("maskedPaths":["/proc/kcore"]})",
       "privileged- pid- ipc+ root=/" + kTask + "default/" + kId + "/rootfs "},
      {R"(,"root":{"path":"/srv/root"},"linux":{}, )" + all, "privileged+ root=/srv/root "},
      {R"(,"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO"}}, )" + all, "privileged- "},
      {R"(,"linux":{"maskedPaths":[],"readonlyPaths":null},"mounts":[{"type":"sysfs","options":["ro"]}], )" +
           all,
       "privileged- "},
      {R"(,"linux":{})", "privileged- "},
      {R"(,"mounts":[{"type":"proc","source":"proc","destination":"/proc"},)"
       R"({"type":"bind","source":"/etc","destination":"/host/etc","options":["rbind","rprivate","ro"]},)"
       R"({"source":"/srv","destination":"/data","options":["bind"]},7,{"options":7}])",
       "/etc>/host/etc::ro:rprivate /srv>/data::rw: "},
      {R"(,"mounts":7,"linux":{"namespaces":7},"root":7)", "privileged- "},
  };
  for (const Row& row : kRows) {
    const FakeHost host;
    host.write(kTask + "default/" + kId + "/config.json", annotated("", row.more));
    state::ContainerInfo info;
    ASSERT_TRUE(read_bundle(host.path(), kId, 100, info)) << row.more;
    EXPECT_EQ(describe_more(info), row.want) << row.more;
  }
}

TEST(ReadBundle, CriOKeepsItAllInAnnotations) {
  const FakeHost host;
  host.write(
      "run/containers/storage/overlay-containers/" + kId + "/userdata/config.json",
      annotated(
          R"("io.container.manager":"cri-o","io.kubernetes.cri-o.Labels":"{\"app\":\"web\",\"long\":\"12345678901\"}",)"
          R"("io.kubernetes.cri-o.ImageRef":")" +
          std::string(64, 'b') +
          R"(",)"
          R"("io.kubernetes.cri-o.PrivilegedRuntime":"true","io.kubernetes.cri-o.IP.0":"10.1.2.3",)"
          R"("io.kubernetes.cri-o.SandboxID":"s1")"));
  state::ContainerInfo info;
  ASSERT_TRUE(read_bundle(host.path(), kId, 10, info));
  EXPECT_EQ(describe_more(info), "privileged+ app=web " + std::string(64, 'b') + " 10.1.2.3 s1 ");
}

TEST(ReadBundle, DockersFiles) {
  const FakeHost host;
  const std::string folder = "var/lib/docker/containers/" + kId, image(64, 'c'), digest(64, 'd');
  host.write(
      folder + "/config.v2.json",
      R"({"Name":"/web","Image":"sha256:)" + image +
          R"(","Config":{"Image":"nginx","Labels":{"a":"b"},)"
          R"("Healthcheck":{"Test":["CMD-SHELL","curl localhost"]}},)"
          R"("MountPoints":{"/data":{"Source":"/srv","Destination":"/data","RW":true,"Relabel":"z","Propagation":"rprivate"}},)"
          R"("NetworkSettings":{"Networks":{"bridge":{"IPAddress":"172.17.0.2"}}}})");
  host.write(folder + "/hostconfig.json",
             R"({"Privileged":true,"PidMode":"host","IpcMode":"private","NetworkMode":"default"})");
  host.write("var/lib/docker/image/overlay2/repositories.json",
             R"({"Repositories":{"nginx":{"nginx:1.25":"sha256:)" + image + R"(","nginx@sha256:)" + digest +
                 R"(":"sha256:)" + image + R"("},"other":{"other:1":"sha256:x"}}})");
  state::ContainerInfo info;
  ASSERT_TRUE(read_bundle(host.path(), kId, 100, info));
  EXPECT_EQ(describe_more(info), "privileged+ pid+ network- ipc- /srv>/data:z:rw:rprivate a=b " + image +
                                     " sha256:" + digest + " 172.17.0.2 [/bin/sh|-c|curl localhost|] ");
  EXPECT_EQ(info.image_repository, "nginx");
  EXPECT_EQ(info.image_tag, "1.25");
}

}  // namespace
}  // namespace saker::capture
