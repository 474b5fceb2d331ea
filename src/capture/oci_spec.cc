#include "capture/oci_spec.h"

#include <algorithm>

#include "capture/image_reference.h"

namespace saker::capture {
namespace {

using state::ContainerInfo;

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

struct Annotation {
  std::string_view key;
  std::optional<std::string> ContainerInfo::* member;
};
// The most telling first.
constexpr Annotation kAnnotations[] = {
    {"io.kubernetes.cri.container-name", &ContainerInfo::name},
    {"io.kubernetes.container.name", &ContainerInfo::name},
    {"nerdctl/name", &ContainerInfo::name},
    {"io.kubernetes.cri.image-name", &ContainerInfo::image},
    {"io.kubernetes.cri-o.ImageName", &ContainerInfo::image},
    {"io.kubernetes.cri-o.Image", &ContainerInfo::image},
    {"io.kubernetes.cri.sandbox-name", &ContainerInfo::k8s_pod_name},
    {"io.kubernetes.pod.name", &ContainerInfo::k8s_pod_name},
    {"io.kubernetes.cri-o.KubeName", &ContainerInfo::k8s_pod_name},
    {"io.kubernetes.cri.sandbox-namespace", &ContainerInfo::k8s_ns_name},
    {"io.kubernetes.pod.namespace", &ContainerInfo::k8s_ns_name},
    {"io.kubernetes.cri-o.Namespace", &ContainerInfo::k8s_ns_name},
    {"io.kubernetes.cri.sandbox-uid", &ContainerInfo::k8s_pod_uid},
    {"io.kubernetes.pod.uid", &ContainerInfo::k8s_pod_uid},
    {"io.kubernetes.cri.sandbox-id", &ContainerInfo::sandbox_id},
    {"io.kubernetes.cri-o.SandboxID", &ContainerInfo::sandbox_id},
    {"io.kubernetes.cri-o.IP.0", &ContainerInfo::ip},
    {"io.kubernetes.cri-o.CNIResult", &ContainerInfo::cni_json},
};

// kubelet puts a pod's uid into the path of its cgroups; with systemd its hyphens become underscores.
std::string pod_uid_of(std::string_view cgroups_path) {
  const std::size_t kubelet = cgroups_path.find("kubepods");
  if (kubelet == std::string_view::npos) return {};
  for (std::size_t at = cgroups_path.find("pod", kubelet); at != std::string_view::npos;
       at = cgroups_path.find("pod", at + 1)) {
    if (cgroups_path[at - 1] != '-' && cgroups_path[at - 1] != '/') continue;
    const std::string_view rest = cgroups_path.substr(at + std::string_view("pod").size());
    std::string uid(rest.substr(0, rest.find_first_not_of("0123456789abcdef-_")));
    if (uid.size() != 36 && uid.size() != 32) continue;  // a UUID, or the hash of a static pod
    std::ranges::replace(uid, '_', '-');
    return uid;
  }
  return {};
}

bool has_option(const Json& mount, std::string_view wanted) {
  const Json* options = member(&mount, "options");
  if (options == nullptr || !options->is_array()) return false;
  return std::ranges::any_of(*options, [wanted](const Json& option) {
    const auto* found = option.get_ptr<const std::string*>();
    return found != nullptr && *found == wanted;
  });
}

std::string propagation_of(const Json& mount) {
  for (const std::string_view word :
       {"rprivate", "private", "rslave", "slave", "rshared", "shared", "runbindable", "unbindable"}) {
    if (has_option(mount, word)) return std::string(word);
  }
  return {};
}

// What the host lends: binds. The kernel's own file systems (proc, sysfs, tmpfs, ...) are in every container.
std::optional<std::vector<state::Mount>> mounts_of(const Json& spec) {
  const Json* list = member(&spec, "mounts");
  if (list == nullptr || !list->is_array()) return std::nullopt;
  std::vector<state::Mount> mounts;
  for (const Json& row : *list) {
    if (text(&row, "type") != "bind" && !has_option(row, "bind") && !has_option(row, "rbind")) continue;
    mounts.push_back({.source = text(&row, "source"),
                      .destination = text(&row, "destination"),
                      .mode = {},
                      .propagation = propagation_of(row),
                      .writable = !has_option(row, "ro")});
  }
  return mounts;
}

// A namespace that the list does not name is the host's, one without a path is new. A path leads to one that
// is there already, and that may be the host's too.
std::optional<bool> is_host(const Json& spec, std::string_view kind) {
  const Json* list = member(&spec, {"linux", "namespaces"});
  if (list == nullptr || !list->is_array()) return std::nullopt;
  for (const Json& row : *list) {
    if (text(&row, "type") != kind) continue;
    return text(&row, "path").empty() ? std::optional(false) : std::nullopt;
  }
  return true;
}

bool is_absent_or_empty(const Json* value) { return value == nullptr || value->empty(); }

// CRI-O writes labels as JSON into an annotation.
std::optional<state::Labels> labels_in(const Json* annotations, std::string_view key, std::size_t bytes_max) {
  const auto parsed = parse_json(text(annotations, key));
  return parsed ? labels_of(&*parsed, bytes_max) : std::nullopt;
}

std::optional<state::ProbeCommand> exec_probe(const Json* container, std::string_view key) {
  const Json* command = member(container, {key, "exec", "command"});
  if (command == nullptr || !command->is_array() || command->empty()) return std::nullopt;
  state::ProbeCommand words;
  for (const Json& word : *command) {
    const auto* found = word.get_ptr<const std::string*>();
    if (found == nullptr) return std::nullopt;
    words.push_back(*found);
  }
  return words;
}

void fill_cri_o(const Json* annotations, std::size_t label_bytes_max, ContainerInfo& info) {
  if (!info.labels) info.labels = labels_in(annotations, "io.kubernetes.cri-o.Labels", label_bytes_max);
  if (!info.privileged) {
    const std::string said = text(annotations, "io.kubernetes.cri-o.PrivilegedRuntime");
    if (!said.empty()) info.privileged = said == "true";
  }
  // sha256:..., or REPOSITORY@sha256:...
  for (const char* key : {"io.kubernetes.cri-o.ImageRef", "io.kubernetes.cri-o.Image"}) {
    const std::string image = text(annotations, key);
    fill(info.image_id, std::string(image_id_digits(image)));
    fill(info.image_digest, std::string(parse_image_reference(image).digest));
  }
}

}  // namespace

std::optional<bool> is_privileged(const Json& spec) {
  const Json* linux_part = member(&spec, "linux");
  if (linux_part == nullptr) return std::nullopt;
  const Json* process = member(&spec, "process");
  const std::string profile = text(process, "apparmorProfile");
  if (!is_absent_or_empty(member(linux_part, "maskedPaths")) ||
      !is_absent_or_empty(member(linux_part, "readonlyPaths")) ||
      !is_absent_or_empty(member(linux_part, "seccomp")) || !text(process, "selinuxLabel").empty() ||
      (!profile.empty() && profile != "unconfined")) {
    return false;
  }
  if (const Json* mounts = member(&spec, "mounts"); mounts != nullptr && mounts->is_array()) {
    for (const Json& mount : *mounts) {
      const std::string type = text(&mount, "type");
      if ((type == "sysfs" || type == "cgroup" || type == "cgroup2") && has_option(mount, "ro")) return false;
    }
  }
  // Without these words a bare bundle with an empty specification would count.
  const Json* bounding = member(process, {"capabilities", "bounding"});
  if (bounding == nullptr || !bounding->is_array()) return false;
  return std::ranges::any_of(*bounding, [](const Json& name) { return name == "CAP_SYS_ADMIN"; });
}

void fill_probes(const std::string& last_applied, ContainerInfo& info) {
  if (!info.name || last_applied.empty()) return;
  const auto pod = parse_json(last_applied);
  const Json* containers = pod ? member(&*pod, {"spec", "containers"}) : nullptr;
  if (containers == nullptr || !containers->is_array()) return;
  for (const Json& container : *containers) {
    if (text(&container, "name") != *info.name) continue;
    if (!info.liveness_probe) info.liveness_probe = exec_probe(&container, "livenessProbe");
    if (!info.readiness_probe) info.readiness_probe = exec_probe(&container, "readinessProbe");
  }
}

void fill_from_annotations(const Json* annotations, ContainerInfo& info) {
  for (const Annotation& row : kAnnotations) fill(info.*row.member, text(annotations, row.key));
  fill_probes(text(annotations, kLastApplied), info);
  split_image(info);
}

void fill_from_spec(const Json& spec, const std::string& folder, std::size_t label_bytes_max,
                    ContainerInfo& info) {
  const Json* const annotations = member(&spec, "annotations");
  const std::string manager = text(annotations, "io.container.manager");
  if (manager == "libpod") info.engine = "podman";
  if (manager == "cri-o") info.engine = "cri-o";
  if (!text(annotations, "io.kubernetes.cri.container-type").empty()) info.engine = "containerd";
  fill_from_annotations(annotations, info);
  if (manager == "cri-o") fill_cri_o(annotations, label_bytes_max, info);
  fill(info.k8s_pod_uid, pod_uid_of(text(member(&spec, "linux"), "cgroupsPath")));
  if (!info.mounts) info.mounts = mounts_of(spec);
  if (!info.privileged) info.privileged = is_privileged(spec);
  if (!info.host_pid) info.host_pid = is_host(spec, "pid");
  if (!info.host_network) info.host_network = is_host(spec, "network");
  if (!info.host_ipc) info.host_ipc = is_host(spec, "ipc");
  if (const std::string root = text(member(&spec, "root"), "path"); info.rootfs.empty() && !root.empty())
    info.rootfs = root.starts_with('/') ? root : folder + "/" + root;
}

}  // namespace saker::capture
