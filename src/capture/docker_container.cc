#include "capture/docker_container.h"

#include "capture/image_reference.h"
#include "capture/oci_spec.h"

namespace saker::capture {
namespace {

using state::ContainerInfo;

state::Mount mount_of(const Json& row) {
  return {.source = text(&row, "Source"),
          .destination = text(&row, "Destination"),
          .mode = text(&row, member(&row, "Mode") != nullptr ? "Mode" : "Relabel"),
          .propagation = text(&row, "Propagation"),
          .writable = boolean(&row, "RW").value_or(false)};
}

// An inspection lists them, the file has them by destination.
std::optional<std::vector<state::Mount>> mounts_of(const Json& container) {
  const Json* rows = member(&container, "Mounts");
  if (rows == nullptr) rows = member(&container, "MountPoints");
  if (rows == nullptr || rows->is_primitive()) return std::nullopt;
  std::vector<state::Mount> mounts;
  for (const Json& row : *rows) mounts.push_back(mount_of(row));
  return mounts;
}

// The address in the network that the container was made with, else in any.
std::string address_of(const Json& container) {
  const Json* settings = member(&container, "NetworkSettings");
  if (std::string ip = text(settings, "IPAddress"); !ip.empty()) return ip;
  const Json* networks = member(settings, "Networks");
  if (networks == nullptr || !networks->is_object()) return {};
  for (const Json& network : *networks) {
    if (std::string ip = text(&network, "IPAddress"); !ip.empty()) return ip;
  }
  return {};
}

// ["CMD", PROGRAM, ARGUMENT...] or ["CMD-SHELL", SCRIPT]; anything else is none.
std::optional<state::ProbeCommand> healthcheck_of(const Json* config) {
  const Json* test = member(config, {"Healthcheck", "Test"});
  if (test == nullptr || !test->is_array() || test->size() < 2) return std::nullopt;
  state::ProbeCommand words;
  for (const Json& word : *test) {
    const auto* found = word.get_ptr<const std::string*>();
    if (found == nullptr) return std::nullopt;
    words.push_back(*found);
  }
  if (words[0] == "CMD-SHELL") return state::ProbeCommand{"/bin/sh", "-c", words[1]};
  if (words[0] != "CMD") return std::nullopt;
  words.erase(words.begin());
  return words;
}

void fill_host_config(const Json* host_config, ContainerInfo& info) {
  if (host_config == nullptr) return;
  if (!info.privileged) info.privileged = boolean(host_config, "Privileged");
  if (!info.host_pid) info.host_pid = text(host_config, "PidMode") == "host";
  if (!info.host_ipc) info.host_ipc = text(host_config, "IpcMode") == "host";
  if (!info.host_network) info.host_network = text(host_config, "NetworkMode") == "host";
}

// One row of an image's names: "nginx:1.25", or "nginx@sha256:..." from the registry.
void take_name(std::string_view name, ContainerInfo& info) {
  const ImageReference reference = parse_image_reference(name);
  fill(info.image_repository, std::string(reference.repository));
  // A digest is also good under another name of the image; its tag is not.
  fill(info.image_digest, std::string(reference.digest));
  if (info.image_repository == reference.repository) fill(info.image_tag, std::string(reference.tag));
}

}  // namespace

void fill_from_docker(const Json& container, const Json* host_config, std::size_t label_bytes_max,
                      ContainerInfo& info) {
  std::string name = text(&container, "Name");
  if (name.starts_with('/')) name.erase(0, 1);
  fill(info.name, std::move(name));
  const Json* const config = member(&container, "Config");
  fill(info.image, text(config, "Image"));
  const Json* const labels = member(config, "Labels");
  // Docker writes null for none.
  if (!info.labels)
    info.labels =
        labels != nullptr && labels->is_null() ? state::Labels() : labels_of(labels, label_bytes_max);
  fill_from_annotations(labels, info);
  fill(info.image_id, std::string(image_id_digits(text(&container, "Image"))));
  if (!info.mounts) info.mounts = mounts_of(container);
  if (!info.healthcheck) info.healthcheck = healthcheck_of(config);
  if (info.rootfs.empty()) info.rootfs = text(member(&container, {"GraphDriver", "Data"}), "MergedDir");
  fill(info.ip, address_of(container));
  fill_host_config(host_config != nullptr ? host_config : member(&container, "HostConfig"), info);
}

void fill_from_docker_repositories(const Json& repositories, ContainerInfo& info) {
  const Json* by_name = member(&repositories, "Repositories");
  if (by_name == nullptr || !by_name->is_object() || !info.image_id) return;
  for (const Json& names : *by_name) {
    if (!names.is_object()) continue;
    for (const auto& [name, id] : names.items()) {
      const auto* found = id.get_ptr<const std::string*>();
      if (found != nullptr && image_id_digits(*found) == *info.image_id) take_name(name, info);
    }
  }
}

void fill_from_docker_image(const Json& image, ContainerInfo& info) {
  for (const char* list : {"RepoDigests", "RepoTags"}) {
    const Json* names = member(&image, list);
    if (names == nullptr || !names->is_array()) continue;
    for (const Json& name : *names) {
      if (const auto* found = name.get_ptr<const std::string*>()) take_name(*found, info);
    }
  }
}

}  // namespace saker::capture
