// ContainerInfo: what a container's runtime says of it, whichever place said it.
//
// Filled by capture/ from the runtime's files on disk and from its API; unset = not known, so an empty list
// of labels and labels that nobody has told of are two things.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace saker::state {

struct Mount {
  std::string source, destination, mode, propagation;
  bool writable = false;

  bool operator==(const Mount&) const = default;
};

using Labels = std::map<std::string, std::string, std::less<>>;

// argv of a command that the runtime or the kubelet runs in the container to see whether it is well.
using ProbeCommand = std::vector<std::string>;

struct ContainerInfo {
  // What runs it: "docker", "podman", "containerd", "cri-o", "cri"; empty: a runtime without an engine.
  // Unset: only the cgroup's path has spoken.
  std::optional<std::string> engine;
  std::optional<std::string> name;
  std::optional<std::string> image;             // as it was asked for
  std::optional<std::string> image_repository;  // without tag and digest
  std::optional<std::string> image_tag;
  std::optional<std::string> image_id;      // hex digits, without "sha256:"
  std::optional<std::string> image_digest;  // of the image in its registry, with "sha256:"
  std::optional<bool> privileged, host_pid, host_network, host_ipc;
  std::optional<std::vector<Mount>> mounts;
  std::optional<Labels> labels;
  std::optional<std::string> ip;        // its first address; of a pod, the pod's
  std::optional<std::string> cni_json;  // what the network plugin answered
  std::optional<std::string> k8s_pod_name, k8s_ns_name, k8s_pod_uid;
  std::optional<std::string> sandbox_id;  // whole id
  std::optional<Labels> pod_labels;
  std::optional<ProbeCommand> healthcheck, liveness_probe, readiness_probe;
  // Where its root file system is mounted on the host; empty when not known.
  std::string rootfs;
  // containerd's, of a container that it runs; empty when not known.
  std::string containerd_namespace;
};

// Takes from `other` what `into` does not know yet.
void fill_unknown(ContainerInfo& into, const ContainerInfo& other);

}  // namespace saker::state
