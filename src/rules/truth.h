// Three-valued logic: what a condition comes to while some of its checks are not known.
#pragma once

#include <cstdint>
#include <span>

#include "rules/program.h"

namespace saker::rules {

enum class Truth : std::uint8_t { kFalse, kUnknown, kTrue };

constexpr Truth truth(bool value) { return value ? Truth::kTrue : Truth::kFalse; }
constexpr Truth negate(Truth value) { return static_cast<Truth>(2 - static_cast<int>(value)); }

// Of a node whose children's truths are known; `leaf` is asked for type sets and predicates.
template <class Leaf>
Truth node_truth(const ConditionNode& node, std::span<const Truth> truths, Leaf leaf) {
  using Kind = ConditionNode::Kind;
  switch (node.kind) {
    case Kind::kFalse:
      return Truth::kFalse;
    case Kind::kTrue:
      return Truth::kTrue;
    case Kind::kNot:
      return negate(truths[node.children[0]]);
    case Kind::kAnd: {
      Truth least = Truth::kTrue;
      for (const std::uint32_t child : node.children) least = truths[child] < least ? truths[child] : least;
      return least;
    }
    case Kind::kOr: {
      Truth most = Truth::kFalse;
      for (const std::uint32_t child : node.children) most = truths[child] > most ? truths[child] : most;
      return most;
    }
    default:
      return leaf(node);
  }
}

}  // namespace saker::rules
