#include "app/config_containers.h"

#include <fmt/format.h>

#include <vector>

namespace saker::app {
namespace {

using Node = YAML::Node;
using capture::ContainerEngines;
using capture::EngineSockets;

constexpr long kLabelBytesMax = 65'536;

std::string read_sockets(const std::string& name, const Node& engine, EngineSockets& into) {
  if (!engine.IsMap()) return fmt::format("engine '{}' must be a map", name);
  if (engine["enabled"]) into.enabled = engine["enabled"].as<bool>();
  if (const Node sockets = engine["sockets"]; sockets && sockets.size() > 0) {
    into.sockets = sockets.as<std::vector<std::string>>();
    for (std::string& socket : into.sockets) {
      constexpr std::string_view kScheme = "unix://";
      if (socket.starts_with(kScheme)) socket.erase(0, kScheme.size());
      if (!socket.starts_with('/')) return fmt::format("socket '{}' must be an absolute path", socket);
    }
  }
  return {};
}

std::string read_switch(const std::string& name, const Node& engine, bool& into) {
  if (!engine.IsMap()) return fmt::format("engine '{}' must be a map", name);
  if (engine["enabled"]) into = engine["enabled"].as<bool>();
  return {};
}

std::string read_static(const Node& engine, ContainerEngines& into) {
  if (!engine.IsMap()) return "engine 'static' must be a map";
  if (!engine["enabled"] || !engine["enabled"].as<bool>()) return {};
  const auto text = [&engine](const char* key) {
    return engine[key] ? engine[key].as<std::string>() : std::string();
  };
  into.fixed = {.id = text("container_id"), .name = text("container_name"), .image = text("container_image")};
  return into.fixed->id.empty() ? "engine 'static' needs a container_id" : "";
}

std::string read_engine(const std::string& name, const Node& engine, ContainerEngines& into) {
  if (name == "docker") return read_sockets(name, engine, into.docker);
  if (name == "podman") return read_sockets(name, engine, into.podman);
  if (name == "cri") return read_sockets(name, engine, into.cri);
  if (name == "containerd") return read_sockets(name, engine, into.containerd);
  if (name == "lxc") return read_switch(name, engine, into.lxc);
  if (name == "libvirt_lxc") return read_switch(name, engine, into.libvirt_lxc);
  if (name == "bpm") return read_switch(name, engine, into.bpm);
  if (name == "static") return read_static(engine, into);
  return fmt::format(
      "'{}' is not an engine: use docker, podman, cri, containerd, lxc, libvirt_lxc, bpm or static", name);
}

}  // namespace

std::string read_container_engines(const Node& engines, ContainerEngines& into) {
  for (const auto& entry : engines) {
    if (auto problem = read_engine(entry.first.as<std::string>(), entry.second, into); !problem.empty())
      return problem;
  }
  return {};
}

std::string read_plugins(const Node& plugins, ContainerEngines& into) {
  for (const Node& plugin : plugins) {
    if (!plugin.IsMap() || !plugin["name"] || plugin["name"].as<std::string>() != "container") continue;
    const Node config = plugin["init_config"];
    if (!config || config.IsNull()) continue;
    if (!config.IsMap()) return "init_config of the container plugin must be a map";
    if (const Node label = config["label_max_len"]) {
      const auto bytes = label.as<long>();
      if (bytes < 0 || bytes > kLabelBytesMax)
        return fmt::format("label_max_len must be from 0 to {}", kLabelBytesMax);
      into.label_bytes_max = static_cast<std::size_t>(bytes);
    }
    if (const Node engines = config["engines"]) {
      if (!engines.IsMap()) return "engines of the container plugin must be a map";
      return read_container_engines(engines, into);
    }
  }
  return {};
}

}  // namespace saker::app
