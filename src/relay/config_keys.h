// The table of configuration keys: one row each, with what it sets. Private to this folder.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "relay/config.h"

namespace saker::relay {

using Slot = std::variant<std::string*, bool*, std::int64_t*, Texts*, Pairs*, spool::Priority*>;

struct ConfigKey {
  std::string name;  // dotted, lower case
  Slot (*slot)(Config&);
  // What else must hold of the text, or the whole key; "" = any. Words are separated by '|'.
  std::string_view words = {};
};

const std::vector<ConfigKey>& config_keys();

// Keys of Falcosidekick's for outputs that are here, which ask for nothing here, and why.
struct KeyWithoutEffect {
  std::string_view name, why;
};
std::span<const KeyWithoutEffect> keys_without_effect();

// Outputs of Falcosidekick that are not here: the key that switches each on.
std::span<const std::string_view> foreign_switches();

// Whether `name` lies in the section of such an output ("pagerduty.region").
bool is_foreign(std::string_view name);

}  // namespace saker::relay
