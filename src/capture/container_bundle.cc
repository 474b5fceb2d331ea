#include "capture/container_bundle.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/file.h"

namespace saker::capture {
namespace {

using nlohmann::json;
using state::Container;

// Bundles are a few kilobytes; the store's list grows with the containers of the host.
constexpr std::size_t kBundleBytesMax = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kStoreBytesMax = std::size_t{16} * 1024 * 1024;
// Namespaces of one containerd that are looked through.
constexpr int kNamespacesMax = 64;

constexpr std::string_view kDockerFolder = "/var/lib/docker/containers/";
constexpr std::string_view kContainerdFolders[] = {
    "/run/containerd/io.containerd.runtime.v2.task",
    "/run/k3s/containerd/io.containerd.runtime.v2.task",
    "/run/k0s/containerd/io.containerd.runtime.v2.task",
    "/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task",
};
// Where Podman and CRI-O keep containers, and the names of their storage drivers.
constexpr std::string_view kStores[] = {"/run/containers/storage/", "/var/lib/containers/storage/"};
constexpr std::string_view kStoreDrivers[] = {"overlay", "vfs", "btrfs"};
constexpr std::string_view kStoreLists[] = {"containers.json", "volatile-containers.json"};

// Annotations (and Docker's labels) that say what a container is, the most telling first.
struct Annotation {
  std::string_view key;
  std::optional<std::string> Container::* member;
};
constexpr Annotation kAnnotations[] = {
    {"io.kubernetes.cri.container-name", &Container::name},
    {"io.kubernetes.container.name", &Container::name},
    {"nerdctl/name", &Container::name},
    {"io.kubernetes.cri.image-name", &Container::image},
    {"io.kubernetes.cri-o.ImageName", &Container::image},
    {"io.kubernetes.cri-o.Image", &Container::image},
    {"io.kubernetes.cri.sandbox-name", &Container::k8s_pod_name},
    {"io.kubernetes.pod.name", &Container::k8s_pod_name},
    {"io.kubernetes.cri-o.KubeName", &Container::k8s_pod_name},
    {"io.kubernetes.cri.sandbox-namespace", &Container::k8s_ns_name},
    {"io.kubernetes.pod.namespace", &Container::k8s_ns_name},
    {"io.kubernetes.cri-o.Namespace", &Container::k8s_ns_name},
    {"io.kubernetes.cri.sandbox-uid", &Container::k8s_pod_uid},
    {"io.kubernetes.pod.uid", &Container::k8s_pod_uid},
};

// --- JSON, none of which is trusted to have the shape it should

const json* member(const json* object, std::string_view key) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto found = object->find(std::string(key));
  return found == object->end() ? nullptr : &*found;
}

// Empty when it is not there or is no text.
std::string text(const json* object, std::string_view key) {
  const json* value = member(object, key);
  const auto* found = value == nullptr ? nullptr : value->get_ptr<const std::string*>();
  return found == nullptr ? std::string() : *found;
}

std::optional<json> parse(const std::string& content) {
  auto parsed = json::parse(content, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object() && !parsed.is_array()) return std::nullopt;
  return parsed;
}

std::optional<json> read_json(const std::string& path, std::size_t bytes_max = kBundleBytesMax) {
  // A pipe in the place of a file would hold the agent up.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  const auto content = read_file(path, bytes_max);
  return content ? parse(*content) : std::nullopt;
}

// --- what is found, into the container

void fill(std::optional<std::string>& slot, std::string value) {
  if (!slot && !value.empty()) slot = std::move(value);
}

// REPOSITORY[:TAG][@DIGEST]; a colon before the last slash belongs to a registry's port.
void split_image(Container& container) {
  if (!container.image) return;
  std::string_view reference = *container.image;
  reference = reference.substr(0, reference.find('@'));
  const bool digits = reference.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (reference.starts_with("sha256:") || (digits && reference.size() == 64))
    return;  // an image's id names none
  const std::size_t slash = reference.rfind('/');
  const std::size_t colon = reference.find(':', slash == std::string_view::npos ? 0 : slash);
  fill(container.image_repository, std::string(reference.substr(0, colon)));
  if (colon != std::string_view::npos) fill(container.image_tag, std::string(reference.substr(colon + 1)));
}

void fill_annotations(const json* annotations, Container& container) {
  for (const Annotation& row : kAnnotations) fill(container.*row.member, text(annotations, row.key));
  split_image(container);
}

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
    for (char& c : uid) {
      if (c == '_') c = '-';
    }
    return uid;
  }
  return {};
}

bool has_cri_annotations(const json* annotations) {
  return !text(annotations, "io.kubernetes.cri.container-type").empty();
}

// An OCI bundle's config.json.
bool fill_bundle(const std::string& folder, Container& container, std::string_view engine) {
  const auto config = read_json(folder + "/config.json");
  if (!config) return false;
  const json* const annotations = member(&*config, "annotations");
  const std::string manager = text(annotations, "io.container.manager");
  container.engine = engine;
  if (manager == "libpod") container.engine = "podman";
  if (manager == "cri-o") container.engine = "cri-o";
  if (has_cri_annotations(annotations)) container.engine = "containerd";
  fill_annotations(annotations, container);
  if (container.engine.empty()) {
    // Engines copy this one from the image, where it may be a bare tag; by itself it is the bundle's own
    // word.
    fill(container.image, text(annotations, "org.opencontainers.image.ref.name"));
    split_image(container);
  }
  fill(container.k8s_pod_uid, pod_uid_of(text(member(&*config, "linux"), "cgroupsPath")));
  return true;
}

// --- the places

bool read_docker(const std::string& host_root, Container& container) {
  const auto config =
      read_json(host_root + std::string(kDockerFolder) + container.full_id + "/config.v2.json");
  if (!config) return false;
  container.engine = "docker";
  std::string name = text(&*config, "Name");
  if (name.starts_with('/')) name.erase(0, 1);
  fill(container.name, std::move(name));
  const json* const inner = member(&*config, "Config");
  fill(container.image, text(inner, "Image"));
  fill_annotations(member(inner, "Labels"), container);
  return true;
}

bool read_containerd(const std::string& host_root, Container& container) {
  for (const std::string_view place : kContainerdFolders) {
    std::error_code error;
    std::filesystem::directory_iterator space(host_root + std::string(place), error);
    for (int i = 0; !error && space != std::filesystem::directory_iterator() && i < kNamespacesMax; ++i) {
      const std::string name = space->path().filename();
      const std::string_view engine = name == "moby" ? "docker" : "containerd";
      if (fill_bundle(space->path() / container.full_id, container, engine)) return true;
      space.increment(error);
    }
  }
  return false;
}

// Podman keeps a container's name and image in the list of its store only.
bool find_in_store(const std::string& list, Container& container) {
  const auto rows = read_json(list, kStoreBytesMax);
  if (!rows || !rows->is_array()) return false;
  for (const json& row : *rows) {
    if (text(&row, "id") != container.full_id) continue;
    const auto metadata = parse(text(&row, "metadata"));
    if (!metadata) return false;
    // CRI-O's rows have the pod's in the same words.
    if (container.engine != "cri-o") fill(container.name, text(&*metadata, "name"));
    fill(container.image, text(&*metadata, "image-name"));
    split_image(container);
    return true;
  }
  return false;
}

bool read_store(const std::string& host_root, Container& container) {
  bool found = false;
  for (const std::string_view store : kStores) {
    for (const std::string_view driver : kStoreDrivers) {
      const std::string folder = host_root + std::string(store) + std::string(driver) + "-containers/";
      if (fill_bundle(folder + container.full_id + "/userdata", container, container.engine)) found = true;
      for (const std::string_view list : kStoreLists) {
        if (find_in_store(folder + std::string(list), container)) found = true;
      }
    }
  }
  return found;
}

// runc and crun by themselves: they remember the bundle's folder, and have no name but the id and no image.
std::string bundle_of_runc(const json& state) {
  const json* const labels = member(member(&state, "config"), "labels");
  if (labels == nullptr || !labels->is_array()) return {};
  constexpr std::string_view kPrefix = "bundle=";
  for (const json& label : *labels) {
    const auto* const row = label.get_ptr<const std::string*>();
    if (row != nullptr && row->starts_with(kPrefix)) return row->substr(kPrefix.size());
  }
  return {};
}

bool read_bare_runtime(const std::string& host_root, Container& container) {
  std::string bundle;
  if (const auto state = read_json(host_root + "/run/runc/" + container.full_id + "/state.json")) {
    bundle = bundle_of_runc(*state);
  } else if (const auto status = read_json(host_root + "/run/crun/" + container.full_id + "/status")) {
    bundle = text(&*status, "bundle");
  }
  return bundle.starts_with('/') && fill_bundle(host_root + bundle, container, {});
}

}  // namespace

bool read_bundle(const std::string& host_root, Container& container) {
  // An id is one component of a path, or it is none of a runtime that keeps files.
  const std::string& id = container.full_id;
  if (id.empty() || id == "." || id == ".." ||
      id.find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
    return false;
  }
  return read_docker(host_root, container) || read_containerd(host_root, container) ||
         read_store(host_root, container) || read_bare_runtime(host_root, container);
}

}  // namespace saker::capture
