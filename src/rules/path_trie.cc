#include "rules/path_trie.h"

#include <absl/container/inlined_vector.h>
#include <absl/strings/string_view.h>

namespace saker::rules {
namespace {

// The next component of `path`, which is cut to what follows; empty at the end.
std::string_view take_component(std::string_view& path) {
  const std::size_t begin = path.find_first_not_of('/');
  if (begin == std::string_view::npos) return path = {};
  path.remove_prefix(begin);
  const std::string_view component = path.substr(0, path.find('/'));
  path.remove_prefix(component.size());
  return component;
}

}  // namespace

void PathTrie::add(std::string_view path) {
  std::uint32_t node = 0;
  for (auto component = take_component(path); !component.empty(); component = take_component(path)) {
    const auto next = static_cast<std::uint32_t>(nodes_.size());
    if (component.find_first_of("*?[") != std::string_view::npos) {
      nodes_[node].patterns.emplace_back(Glob(component), next);
      node = next;
      nodes_.emplace_back();
      continue;
    }
    const auto [child, added] = nodes_[node].children.try_emplace(std::string(component), next);
    node = child->second;
    if (added) nodes_.emplace_back();
  }
  nodes_[node].ends = true;
}

bool PathTrie::covers(std::string_view path) const {
  if (nodes_[0].ends) return true;
  absl::InlinedVector<std::uint32_t, 16> open{0}, next;
  for (auto component = take_component(path); !component.empty(); component = take_component(path)) {
    next.clear();
    for (const std::uint32_t at : open) {
      const Node& node = nodes_[at];
      const auto child = node.children.find(absl::string_view(component.data(), component.size()));
      if (child != node.children.end()) {
        next.push_back(child->second);
      }
      for (const auto& [pattern, target] : node.patterns) {
        if (pattern.matches(component)) next.push_back(target);
      }
    }
    for (const std::uint32_t at : next) {
      if (nodes_[at].ends) return true;
    }
    if (next.empty()) return false;
    open.swap(next);
  }
  return false;
}

}  // namespace saker::rules
