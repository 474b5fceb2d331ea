#include "capture/container_bundle.h"

#include <filesystem>
#include <string_view>
#include <system_error>

#include "capture/docker_container.h"
#include "capture/image_reference.h"
#include "capture/json_access.h"
#include "capture/oci_spec.h"

namespace saker::capture {
namespace {

using state::ContainerInfo;

// Bundles are a few kilobytes; the lists of a store grow with the containers and images of the host.
constexpr std::size_t kBundleBytesMax = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kStoreBytesMax = std::size_t{16} * 1024 * 1024;
// Namespaces of one containerd that are looked through.
constexpr int kNamespacesMax = 64;
constexpr std::size_t kShortId = 12;

constexpr std::string_view kDockerRoot = "/var/lib/docker/";
constexpr std::string_view kDockerDrivers[] = {"overlay2", "overlayfs", "fuse-overlayfs", "btrfs", "vfs"};
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

struct Search {
  const std::string& root;
  const std::string& id;
  std::size_t label_bytes_max;
  ContainerInfo& info;

  // Of an OCI bundle; `engine` unless its annotations know better.
  bool read_spec(const std::string& folder, std::string_view engine) const {
    const auto spec = read_json(folder + "/config.json", kBundleBytesMax);
    if (!spec) return false;
    fill_from_spec(*spec, folder.substr(root.size()), label_bytes_max, info);
    if (!info.engine) info.engine = engine;
    if (info.engine->empty()) {
      // Engines copy this one from the image, where it may be a bare tag; by itself it is the bundle's own
      // word.
      fill(info.image, text(member(&*spec, "annotations"), "org.opencontainers.image.ref.name"));
      split_image(info);
    }
    return true;
  }

  bool docker() const {
    const std::string folder = root + std::string(kDockerRoot) + "containers/" + id;
    const auto container = read_json(folder + "/config.v2.json", kBundleBytesMax);
    if (!container) return false;
    const auto host = read_json(folder + "/hostconfig.json", kBundleBytesMax);
    info.engine = "docker";
    fill_from_docker(*container, host ? &*host : nullptr, label_bytes_max, info);
    for (const std::string_view driver : kDockerDrivers) {
      const std::string list =
          root + std::string(kDockerRoot) + "image/" + std::string(driver) + "/repositories.json";
      if (const auto images = read_json(list, kStoreBytesMax)) fill_from_docker_repositories(*images, info);
    }
    // Its containerd has the bundle, and that the root file system.
    containerd();
    return true;
  }

  bool containerd() const {
    for (const std::string_view place : kContainerdFolders) {
      std::error_code error;
      std::filesystem::directory_iterator space(root + std::string(place), error);
      for (int i = 0; !error && space != std::filesystem::directory_iterator() && i < kNamespacesMax; ++i) {
        const std::string name = space->path().filename();
        if (read_spec(space->path() / id, name == "moby" ? "docker" : "containerd")) {
          // Clients other than the CRI and Docker call a container by its id.
          if (name != "moby" && name != "k8s.io") fill(info.name, id.substr(0, kShortId));
          info.containerd_namespace = name;
          return true;
        }
        space.increment(error);
      }
    }
    return false;
  }

  // Podman keeps a container's name and image in the list of its store only.
  bool find_in_list(const std::string& list) const {
    const auto rows = read_json(list, kStoreBytesMax);
    if (!rows || !rows->is_array()) return false;
    for (const Json& row : *rows) {
      if (text(&row, "id") != id) continue;
      const auto metadata = parse_json(text(&row, "metadata"));
      if (!metadata) return false;
      if (!info.engine) info.engine = "podman";
      // CRI-O's rows have the pod's in the same words.
      if (info.engine != "cri-o") fill(info.name, text(&*metadata, "name"));
      fill(info.image, text(&*metadata, "image-name"));
      fill(info.image_id, std::string(image_id_digits(text(&row, "image"))));
      split_image(info);
      return true;
    }
    return false;
  }

  bool store() const {
    bool found = false;
    for (const std::string_view place : kStores) {
      for (const std::string_view driver : kStoreDrivers) {
        const std::string folder = root + std::string(place) + std::string(driver) + "-containers/";
        if (read_spec(folder + id + "/userdata", info.engine.value_or("podman"))) found = true;
        for (const std::string_view list : kStoreLists) {
          if (find_in_list(folder + std::string(list))) found = true;
        }
      }
    }
    return found;
  }

  // runc and crun by themselves: they remember the bundle's folder, and have no name but the id and no image.
  bool bare_runtime() const {
    std::string bundle;
    if (const auto state = read_json(root + "/run/runc/" + id + "/state.json", kBundleBytesMax)) {
      bundle = bundle_of_runc(*state);
    } else if (const auto status = read_json(root + "/run/crun/" + id + "/status", kBundleBytesMax)) {
      bundle = text(&*status, "bundle");
    }
    return bundle.starts_with('/') && read_spec(root + bundle, "");
  }

  static std::string bundle_of_runc(const Json& state) {
    const Json* const labels = member(&state, {"config", "labels"});
    if (labels == nullptr || !labels->is_array()) return {};
    constexpr std::string_view kPrefix = "bundle=";
    for (const Json& label : *labels) {
      const auto* const row = label.get_ptr<const std::string*>();
      if (row != nullptr && row->starts_with(kPrefix)) return row->substr(kPrefix.size());
    }
    return {};
  }
};

}  // namespace

bool read_bundle(const std::string& host_root, const std::string& full_id, std::size_t label_bytes_max,
                 ContainerInfo& info) {
  // An id is one component of a path, or it is none of a runtime that keeps files.
  if (full_id.empty() || full_id == "." || full_id == ".." ||
      full_id.find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
    return false;
  }
  const Search search{host_root, full_id, label_bytes_max, info};
  return search.docker() || search.containerd() || search.store() || search.bare_runtime();
}

}  // namespace saker::capture
