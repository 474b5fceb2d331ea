// Answers of runtimes' APIs: Docker's JSON and the CRI's messages.
#include <gtest/gtest.h>

#include "capture/cri.pb.h"
#include "capture/cri_status.h"
#include "capture/docker_container.h"
#include "capture/image_reference.h"

namespace saker::capture {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kImageId(64, 'b');

TEST(ImageReference, Parts) {
  struct Row {
    std::string text, repository, tag, digest;
  };
  const Row kRows[] = {
      {"nginx", "nginx", "", ""},
      {"localhost:5000/a/nginx:1", "localhost:5000/a/nginx", "1", ""},
      {"ghcr.io/a/b:7@" + kDigest, "ghcr.io/a/b", "7", kDigest},
      {kDigest, "", "", ""},
      {"", "", "", ""},
  };
  for (const Row& row : kRows) {
    const ImageReference reference = parse_image_reference(row.text);
    EXPECT_EQ(reference.repository, row.repository) << row.text;
    EXPECT_EQ(reference.tag, row.tag) << row.text;
    EXPECT_EQ(reference.digest, row.digest) << row.text;
  }
}

cri::ContainerStatusResponse container_status() {
  cri::ContainerStatusResponse response;
  auto& status = *response.mutable_status();
  status.set_id("c1");
  status.mutable_metadata()->set_name("web");
  status.mutable_image()->set_image("docker.io/library/nginx:1.25");
  status.set_image_ref("docker.io/library/nginx@" + kDigest);
  status.set_image_id("sha256:" + kImageId);
  (*status.mutable_labels())["io.kubernetes.pod.name"] = "web-0";
  (*status.mutable_labels())["tier"] = "front";
  (*status.mutable_labels())["long"] = std::string(101, 'x');
  auto& mount = *status.add_mounts();
  mount.set_host_path("/srv");
  mount.set_container_path("/data");
  mount.set_readonly(true);
  mount.set_propagation(cri::PROPAGATION_HOST_TO_CONTAINER);
  return response;
}

TEST(CriStatus, AContainer) {
  cri::ContainerStatusResponse response = container_status();
  (*response.mutable_info())["info"] =
      R"({"sandboxID":"s1","config":{"linux":{"security_context":{"privileged":true}}}})";
  const auto info = from_container_status(response.SerializeAsString(), 100);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->name, "web");
  EXPECT_EQ(info->image, "docker.io/library/nginx:1.25");
  EXPECT_EQ(info->image_repository, "docker.io/library/nginx");
  EXPECT_EQ(info->image_tag, "1.25");
  EXPECT_EQ(info->image_digest, kDigest);
  EXPECT_EQ(info->image_id, kImageId);
  EXPECT_EQ(info->privileged, true);
  EXPECT_EQ(info->sandbox_id, "s1");
  EXPECT_EQ(info->k8s_pod_name, "web-0");
  EXPECT_EQ(*info->labels, (state::Labels{{"io.kubernetes.pod.name", "web-0"}, {"tier", "front"}}));
  EXPECT_EQ(*info->mounts, (std::vector<state::Mount>{{"/srv", "/data", "", "rslave", false}}));
}

TEST(CriStatus, Privileged) {
  struct Row {
    std::string info;
    std::optional<bool> want;
  };
  const Row kRows[] = {
      {R"({"config":{"linux":{"security_context":{}}}})", false},  // what is false is left out
      {R"({"privileged":true})", true},                            // CRI-O
      {R"({"runtimeSpec":{"linux":{"maskedPaths":["/proc/kcore"]}}})", false},
      {R"({"privileged":"yes"})", std::nullopt},
      {"[", std::nullopt},
      {"", std::nullopt},
  };
  for (const Row& row : kRows) {
    cri::ContainerStatusResponse response = container_status();
    (*response.mutable_info())["info"] = row.info;
    const auto info = from_container_status(response.SerializeAsString(), 100);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->privileged, row.want) << row.info;
  }
}

// An image that was loaded and not pulled has no digest; its id must not pass for one.
TEST(CriStatus, AnImageFromNoRegistry) {
  cri::ContainerStatusResponse response = container_status();
  response.mutable_status()->mutable_image()->set_image("sha256:" + kImageId);
  response.mutable_status()->set_image_ref("sha256:" + kImageId);
  response.mutable_status()->clear_image_id();
  (*response.mutable_info())["info"] =
      R"({"runtimeSpec":{"annotations":{"io.kubernetes.cri.image-name":"localhost/web:1"}}})";
  const auto info = from_container_status(response.SerializeAsString(), 100);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->image, "localhost/web:1");
  EXPECT_EQ(info->image_repository, "localhost/web");
  EXPECT_EQ(info->image_id, kImageId);
  EXPECT_EQ(info->image_digest, std::nullopt);
}

TEST(CriStatus, APod) {
  cri::PodSandboxStatusResponse response;
  auto& status = *response.mutable_status();
  status.set_id("s1");
  status.mutable_metadata()->set_name("web-0");
  status.mutable_metadata()->set_namespace_("shop");
  status.mutable_metadata()->set_uid("u1");
  status.mutable_network()->set_ip("10.42.0.7");
  status.mutable_linux()->mutable_namespaces()->mutable_options()->set_network(cri::NODE);
  status.mutable_linux()->mutable_namespaces()->mutable_options()->set_pid(cri::CONTAINER);
  (*status.mutable_labels())["app"] = "web";
  (*status.mutable_annotations())["kubectl.kubernetes.io/last-applied-configuration"] =
      R"({"spec":{"containers":[{"name":"other"},{"name":"web","livenessProbe":{"exec":{"command":["cat","/ok"]}}}]}})";
  (*response.mutable_info())["info"] = R"({"cniResult":{"Interfaces":{"eth0":{}}}})";
  state::ContainerInfo info;
  info.name = "web";
  ASSERT_TRUE(add_pod_status(response.SerializeAsString(), 100, info));
  EXPECT_EQ(info.sandbox_id, "s1");
  EXPECT_EQ(info.k8s_pod_name, "web-0");
  EXPECT_EQ(info.k8s_ns_name, "shop");
  EXPECT_EQ(info.k8s_pod_uid, "u1");
  EXPECT_EQ(info.ip, "10.42.0.7");
  EXPECT_EQ(info.host_network, true);
  EXPECT_EQ(info.host_pid, false);
  EXPECT_EQ(*info.pod_labels, (state::Labels{{"app", "web"}}));
  EXPECT_EQ(*info.liveness_probe, (state::ProbeCommand{"cat", "/ok"}));
  EXPECT_EQ(info.cni_json, R"({"Interfaces":{"eth0":{}}})");
}

TEST(CriStatus, WhatIsNoAnswer) {
  state::ContainerInfo info;
  for (const std::string& bytes :
       {std::string(), std::string("\xff\xff\xff"), std::string("\x0a\x7f"), std::string(9, '\0')}) {
    EXPECT_FALSE(from_container_status(bytes, 100));
    EXPECT_FALSE(add_pod_status(bytes, 100, info));
  }
}

TEST(DockerContainer, AnInspection) {
  const auto container = parse_json(
      R"({"Name":"/web","Image":"sha256:)" + kImageId +
      R"(","Config":{"Image":"nginx:1","Labels":null,)"
      R"("Healthcheck":{"Test":["CMD","/check","-a"]}},"HostConfig":{"Privileged":false,"NetworkMode":"host"},)"
      R"("Mounts":[{"Type":"bind","Source":"/srv","Destination":"/data","Mode":"ro","RW":false,"Propagation":"rprivate"}],)"
      R"("GraphDriver":{"Data":{"MergedDir":"/store/a/merged"}},"NetworkSettings":{"IPAddress":"172.17.0.3"}})");
  ASSERT_TRUE(container);
  state::ContainerInfo info;
  fill_from_docker(*container, nullptr, 100, info);
  fill_from_docker_image(
      *parse_json(R"({"RepoTags":["nginx:1"],"RepoDigests":["nginx@)" + kDigest + R"("]})"), info);
  EXPECT_EQ(info.name, "web");
  EXPECT_EQ(info.image_tag, "1");
  EXPECT_EQ(info.image_id, kImageId);
  EXPECT_EQ(info.image_digest, kDigest);
  EXPECT_TRUE(info.labels->empty());
  EXPECT_EQ(info.privileged, false);
  EXPECT_EQ(info.host_network, true);
  EXPECT_EQ(info.host_pid, false);
  EXPECT_EQ(info.ip, "172.17.0.3");
  EXPECT_EQ(info.rootfs, "/store/a/merged");
  EXPECT_EQ(*info.healthcheck, (state::ProbeCommand{"/check", "-a"}));
  EXPECT_EQ(*info.mounts, (std::vector<state::Mount>{{"/srv", "/data", "ro", "rprivate", false}}));
}

TEST(DockerContainer, OddShapesAreNothing) {
  for (const char* text :
       {"{}", "[]", R"({"Config":7,"Mounts":7,"NetworkSettings":[],"HostConfig":"x","GraphDriver":[7]})",
        R"({"Config":{"Healthcheck":{"Test":["NONE"]},"Labels":{"a":7}},"Mounts":[7,{}]})",
        R"({"Config":{"Healthcheck":{"Test":["CMD",7]}},"NetworkSettings":{"Networks":{"a":7}}})"}) {
    state::ContainerInfo info;
    fill_from_docker(*parse_json(text), nullptr, 100, info);
    EXPECT_FALSE(info.name) << text;
    EXPECT_FALSE(info.healthcheck) << text;
    EXPECT_FALSE(info.ip) << text;
  }
}

}  // namespace
}  // namespace saker::capture
