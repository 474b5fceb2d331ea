#include "app/config_override.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <string_view>

namespace saker::app {
namespace {

using Node = YAML::Node;

bool is_unset(const Node& node) { return !node.IsDefined() || node.IsNull(); }

// Steps down; `at` then is the node that the step names. Returns what is wrong.
std::string step_to_key(Node& at, std::string_view key) {
  if (!is_unset(at) && !at.IsMap())
    return fmt::format("'{}' is looked for in something that is not a map", key);
  at.reset(at[std::string(key)]);
  return {};
}

std::string step_to_item(Node& at, std::string_view index) {
  if (!is_unset(at) && !at.IsSequence())
    return fmt::format("'[{}]' is looked for in something that is not a list", index);
  const std::size_t size = is_unset(at) ? 0 : at.size();
  std::size_t number = size;
  if (!index.empty()) {
    const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), number);
    if (error != std::errc() || end != index.data() + index.size())
      return fmt::format("'{}' is not an index", index);
  }
  if (number > size) return fmt::format("the list has only {} items", size);
  if (number == size) at.push_back(Node());
  at.reset(at[number]);
  return {};
}

}  // namespace

std::string override_name(const std::string& path) { return path.substr(0, path.find('[')); }

std::string apply_override(Node& root, const std::string& path, const std::string& value) {
  Node at = root;
  std::string_view rest = path;
  bool first = true;
  while (!rest.empty()) {
    std::string problem;
    if (rest.front() == '[') {
      const std::size_t close = rest.find(']');
      if (close == std::string_view::npos) return "']' is missing";
      problem = step_to_item(at, rest.substr(1, close - 1));
      rest.remove_prefix(close + 1);
    } else {
      if (!first && rest.front() != '.') return fmt::format("expected '.' or '[' before '{}'", rest);
      if (!first) rest.remove_prefix(1);
      const std::string_view key = rest.substr(0, rest.find_first_of(".["));
      if (key.empty()) return "a key is missing";
      problem = step_to_key(at, key);
      rest.remove_prefix(key.size());
    }
    if (!problem.empty()) return problem;
    first = false;
  }
  if (first) return "a key is missing";
  // `rules[].disable.rule=*`: nobody means an alias or an anchor here.
  if (value.starts_with('*') || value.starts_with('&')) {
    at = value;
    return {};
  }
  try {
    at = YAML::Load(value);
  } catch (const YAML::Exception& error) {
    return fmt::format("the value is not YAML: {}", error.msg);
  }
  return {};
}

}  // namespace saker::app
