// The table of configuration keys: one row each, with its type and what it sets.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "app/config.h"

namespace YAML {
class Node;
}

namespace saker::app {

enum class KeyType { kBool, kInteger, kNumber, kText, kTexts, kList, kMap };

struct ConfigKey {
  std::string_view name;  // dotted
  KeyType type;
  // Puts the checked value into the config; returns a sentence when the value itself is not acceptable. Null:
  // not honoured.
  std::string (*apply)(Config&, const YAML::Node&) = nullptr;
  // For a key that is not honoured: whether a checked value asks for something, so that its author must be
  // told. Null: never.
  bool (*asks)(const YAML::Node&) = nullptr;
  std::string_view why = {};  // and why not
};

std::span<const ConfigKey> config_keys();

}  // namespace saker::app
