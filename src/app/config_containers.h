// The keys that say which container runtimes are asked: Falco's `plugins` (its container plugin's
// init_config) and the older `container_engines`.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "capture/container_engines.h"

namespace saker::app {

// Each returns what is wrong, or nothing. What a node does not mention keeps its value.
std::string read_plugins(const YAML::Node& plugins, capture::ContainerEngines& into);
std::string read_container_engines(const YAML::Node& engines, capture::ContainerEngines& into);

}  // namespace saker::app
