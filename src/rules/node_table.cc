#include "rules/node_table.h"

#include <absl/container/flat_hash_set.h>

namespace saker::rules {

NodeTable::NodeTable() {
  add({ConditionNode::Kind::kFalse, 0, {}});
  add({ConditionNode::Kind::kTrue, 0, {}});
}

std::uint32_t NodeTable::add(ConditionNode node) {
  const auto [known, added] = numbers_.try_emplace(node, static_cast<std::uint32_t>(nodes_.size()));
  if (added) nodes_.push_back(std::move(node));
  return known->second;
}

std::uint32_t NodeTable::negation(std::uint32_t child) {
  if (child == kFalse) return kTrue;
  if (child == kTrue) return kFalse;
  if (nodes_[child].kind == ConditionNode::Kind::kNot) return nodes_[child].children[0];
  return add({ConditionNode::Kind::kNot, 0, {child}});
}

std::uint32_t NodeTable::joined(ConditionNode::Kind kind, std::vector<std::uint32_t> children,
                                std::uint32_t neutral, std::uint32_t deciding) {
  absl::flat_hash_set<std::uint32_t> seen;
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t child : children) {
    if (child == deciding) return deciding;
    if (child != neutral && seen.insert(child).second) kept.push_back(child);
  }
  if (kept.empty()) return neutral;
  if (kept.size() == 1) return kept[0];
  return add({kind, 0, std::move(kept)});
}

}  // namespace saker::rules
