// Which runtimes are asked for metadata, and where. Falco's settings of its container plugin.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace saker::capture {

struct EngineSockets {
  bool enabled = true;
  std::vector<std::string> sockets;  // paths on the host; those that are not there are passed over

  bool operator==(const EngineSockets&) const = default;
};

// One fixed container in place of all engines.
struct StaticContainer {
  std::string id, name, image;

  bool operator==(const StaticContainer&) const = default;
};

struct ContainerEngines {
  EngineSockets docker{.sockets = {"/var/run/docker.sock"}};
  EngineSockets podman{.sockets = {"/run/podman/podman.sock"}};  // and those of users, below /run/user
  EngineSockets cri{.sockets = {"/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock",
                                "/run/crio/crio.sock", "/run/host-containerd/containerd.sock"}};
  EngineSockets containerd{.sockets = {"/run/containerd/containerd.sock",
                                       "/run/k3s/containerd/containerd.sock",
                                       "/run/host-containerd/containerd.sock"}};
  bool lxc = true, libvirt_lxc = true, bpm = true;
  std::optional<StaticContainer> fixed;
  std::size_t label_bytes_max = 100;  // a label with a longer value is left out

  bool operator==(const ContainerEngines&) const = default;
};

}  // namespace saker::capture
