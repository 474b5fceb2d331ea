// NodeTable: condition nodes without duplicates. Equal nodes get the same number, constants are folded away,
// and children always have a lower number than the node that uses them, so that a loop in order of number
// visits a whole graph from the leaves up without recursion.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "rules/program.h"

namespace saker::rules {

class NodeTable {
 public:
  static constexpr std::uint32_t kFalse = 0, kTrue = 1;

  NodeTable();

  static std::uint32_t constant(bool value) { return value ? kTrue : kFalse; }
  std::uint32_t types(std::uint32_t entry) { return add({ConditionNode::Kind::kTypes, entry, {}}); }
  std::uint32_t predicate(std::uint32_t entry) { return add({ConditionNode::Kind::kPredicate, entry, {}}); }
  std::uint32_t negation(std::uint32_t child);
  std::uint32_t all(std::vector<std::uint32_t> children) {
    return joined(ConditionNode::Kind::kAnd, std::move(children), kTrue, kFalse);
  }
  std::uint32_t either(std::vector<std::uint32_t> children) {
    return joined(ConditionNode::Kind::kOr, std::move(children), kFalse, kTrue);
  }

  const std::vector<ConditionNode>& nodes() const { return nodes_; }
  std::vector<ConditionNode> take() { return std::move(nodes_); }

 private:
  std::uint32_t add(ConditionNode node);
  // `neutral` children change nothing, a `deciding` one is the result.
  std::uint32_t joined(ConditionNode::Kind kind, std::vector<std::uint32_t> children, std::uint32_t neutral,
                       std::uint32_t deciding);

  std::vector<ConditionNode> nodes_;
  absl::flat_hash_map<ConditionNode, std::uint32_t> numbers_;
};

}  // namespace saker::rules
