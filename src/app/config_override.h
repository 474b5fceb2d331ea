// key.sub[0]=value of the command line, put into the configuration's tree.
#pragma once

#include <string>

namespace YAML {
class Node;
}

namespace saker::app {

// Makes what is missing on the way; [] appends. Returns a sentence when the path does not fit the tree or the
// value is no YAML; the tree may then have grown empty keys.
std::string apply_override(YAML::Node& root, const std::string& path, const std::string& value);

// The path without its indices: rules_files of rules_files[0].
std::string override_name(const std::string& path);

}  // namespace saker::app
