#include "capture/cri_status.h"

#include <array>
#include <utility>

#include "capture/cri.pb.h"
#include "capture/image_reference.h"
#include "capture/json_access.h"
#include "capture/oci_spec.h"

namespace saker::capture {
namespace {

using state::ContainerInfo;

constexpr std::size_t kCniBytesMax = 4096;  // Falco's
constexpr const char* kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

template <class Map>
state::Labels labels_from(const Map& map, std::size_t value_bytes_max) {
  state::Labels labels;
  for (const auto& [key, value] : map) {
    if (value.size() <= value_bytes_max) labels.emplace(key, value);
  }
  return labels;
}

template <class Map>
std::string value_of(const Map& map, const char* key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

std::string propagation_of(cri::MountPropagation propagation) {
  switch (propagation) {
    case cri::PROPAGATION_PRIVATE:
      return "private";
    case cri::PROPAGATION_HOST_TO_CONTAINER:
      return "rslave";
    case cri::PROPAGATION_BIDIRECTIONAL:
      return "rshared";
    default:
      return "unknown";
  }
}

// `info` of a verbose answer is one JSON text; containerd and CRI-O differ in what they put there.
struct Details {
  std::optional<Json> json;

  template <class Map>
  explicit Details(const Map& info) : json(parse_json(value_of(info, "info"))) {}

  const Json* at(std::initializer_list<std::string_view> keys) const {
    return json ? member(&*json, keys) : nullptr;
  }
  const Json* annotations() const { return at({"runtimeSpec", "annotations"}); }
};

std::optional<bool> privileged_of(const Details& details) {
  for (const Json* place :
       {details.at({"config", "linux", "security_context"}),
        details.at({"runtimeSpec", "linux", "security_context"}), details.json ? &*details.json : nullptr}) {
    if (const auto said = boolean(place, "privileged")) return said;
  }
  // containerd leaves out what is false.
  if (const Json* config = details.at({"config"}); config != nullptr && config->is_object()) return false;
  const Json* spec = details.at({"runtimeSpec"});
  return spec == nullptr ? std::nullopt : is_privileged(*spec);
}

// image_ref is HOST/IMAGE@sha256:DIGEST, or sha256:ID of an image that came from no registry.
void fill_image(const cri::ContainerStatus& status, const Details& details, ContainerInfo& info) {
  const ImageReference by_digest = parse_image_reference(status.image_ref());
  for (const std::string& name :
       {status.image().user_specified_image(), text(details.annotations(), "io.kubernetes.cri.image-name"),
        text(details.annotations(), "io.kubernetes.cri-o.ImageName"), status.image().image()}) {
    if (!parse_image_reference(name).repository.empty()) fill(info.image, name);
  }
  if (!info.image && !by_digest.repository.empty()) info.image = status.image_ref();
  split_image(info);
  fill(info.image_repository, std::string(by_digest.repository));
  if (!by_digest.digest.empty()) info.image_digest = by_digest.digest;
  for (const std::string& id : {status.image_id(), text(details.at({"config", "image"}), "image"),
                                status.image().image(), status.image_ref()}) {
    fill(info.image_id, std::string(image_id_digits(id)));
  }
}

}  // namespace

Result<ContainerInfo> from_container_status(const std::string& message, std::size_t label_bytes_max) {
  cri::ContainerStatusResponse response;
  if (!response.ParseFromString(message) || !response.has_status())
    return fail(ErrorCode::kIo, "the runtime's answer is no container status");
  const cri::ContainerStatus& status = response.status();
  const Details details(response.info());
  ContainerInfo info;
  fill(info.name, status.metadata().name());
  fill_image(status, details, info);
  info.labels = labels_from(status.labels(), label_bytes_max);
  info.privileged = privileged_of(details);
  info.mounts.emplace();
  for (const cri::Mount& mount : status.mounts()) {
    info.mounts->push_back({.source = mount.host_path(),
                            .destination = mount.container_path(),
                            .mode = {},
                            .propagation = propagation_of(mount.propagation()),
                            .writable = !mount.readonly()});
  }
  fill(info.sandbox_id, text(details.json ? &*details.json : nullptr, "sandboxID"));
  fill(info.k8s_pod_name, value_of(status.labels(), "io.kubernetes.pod.name"));
  fill(info.k8s_ns_name, value_of(status.labels(), "io.kubernetes.pod.namespace"));
  fill(info.k8s_pod_uid, value_of(status.labels(), "io.kubernetes.pod.uid"));
  fill_from_annotations(details.annotations(), info);
  return info;
}

Result<> add_pod_status(const std::string& message, std::size_t label_bytes_max, ContainerInfo& info) {
  cri::PodSandboxStatusResponse response;
  if (!response.ParseFromString(message) || !response.has_status())
    return fail(ErrorCode::kIo, "the runtime's answer is no pod sandbox status");
  const cri::PodSandboxStatus& status = response.status();
  fill(info.sandbox_id, status.id());
  fill(info.k8s_pod_name, status.metadata().name());
  fill(info.k8s_ns_name, status.metadata().namespace_());
  fill(info.k8s_pod_uid, status.metadata().uid());
  info.pod_labels = labels_from(status.labels(), label_bytes_max);
  fill(info.ip, status.network().ip());
  if (status.linux().namespaces().has_options()) {
    const cri::NamespaceOption& options = status.linux().namespaces().options();
    info.host_network = options.network() == cri::NODE;
    info.host_ipc = options.ipc() == cri::NODE;
    info.host_pid = options.pid() == cri::NODE;
  }
  fill_probes(value_of(status.annotations(), kLastApplied), info);
  const Details details(response.info());
  if (const Json* cni = details.at({"cniResult"}); cni != nullptr && cni->is_object()) {
    fill(info.cni_json, cni->dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, kCniBytesMax));
  } else {
    fill(info.cni_json, text(details.annotations(), "io.kubernetes.cri-o.CNIResult").substr(0, kCniBytesMax));
  }
  return {};
}

}  // namespace saker::capture
