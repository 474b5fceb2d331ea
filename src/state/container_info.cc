#include "state/container_info.h"

namespace saker::state {
namespace {

template <class T>
void fill(std::optional<T>& into, const std::optional<T>& other) {
  if (!into) into = other;
}

}  // namespace

void fill_unknown(ContainerInfo& into, const ContainerInfo& other) {
  fill(into.engine, other.engine);
  fill(into.name, other.name);
  fill(into.image, other.image);
  fill(into.image_repository, other.image_repository);
  fill(into.image_tag, other.image_tag);
  fill(into.image_id, other.image_id);
  fill(into.image_digest, other.image_digest);
  fill(into.privileged, other.privileged);
  fill(into.host_pid, other.host_pid);
  fill(into.host_network, other.host_network);
  fill(into.host_ipc, other.host_ipc);
  fill(into.mounts, other.mounts);
  fill(into.labels, other.labels);
  fill(into.ip, other.ip);
  fill(into.cni_json, other.cni_json);
  fill(into.k8s_pod_name, other.k8s_pod_name);
  fill(into.k8s_ns_name, other.k8s_ns_name);
  fill(into.k8s_pod_uid, other.k8s_pod_uid);
  fill(into.sandbox_id, other.sandbox_id);
  fill(into.pod_labels, other.pod_labels);
  fill(into.healthcheck, other.healthcheck);
  fill(into.liveness_probe, other.liveness_probe);
  fill(into.readiness_probe, other.readiness_probe);
  if (into.rootfs.empty()) into.rootfs = other.rootfs;
  if (into.containerd_namespace.empty()) into.containerd_namespace = other.containerd_namespace;
}

}  // namespace saker::state
