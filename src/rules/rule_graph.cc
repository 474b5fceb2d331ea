#include "rules/rule_graph.h"

#include <algorithm>
#include <utility>

namespace saker::rules {
namespace {

using Kind = ConditionNode::Kind;

std::vector<std::uint32_t> renumbered(const std::vector<std::uint32_t>& numbers,
                                      const std::vector<std::uint32_t>& own) {
  std::vector<std::uint32_t> result;
  result.reserve(numbers.size());
  for (const std::uint32_t number : numbers) result.push_back(own[number]);
  return result;
}

}  // namespace

std::uint32_t RuleGraph::add_value(const ValueNode& value, const std::vector<std::uint32_t>& own) {
  const auto [known, added] =
      value_numbers_.try_emplace(value.key, static_cast<std::uint32_t>(values_.size()));
  if (added) {
    values_.push_back(value);
    values_.back().arguments = renumbered(value.arguments, own);
  }
  return known->second;
}

std::uint32_t RuleGraph::add_predicate(const Predicate& predicate, const std::vector<std::uint32_t>& own) {
  const auto [known, added] =
      predicate_numbers_.try_emplace(predicate.key, static_cast<std::uint32_t>(predicates_.size()));
  if (added) {
    predicates_.push_back(predicate);
    predicates_.back().left = own[predicate.left];
    if (predicate.right) predicates_.back().right = own[*predicate.right];
  }
  return known->second;
}

std::uint32_t RuleGraph::add_types(const TypeSet& set) {
  const auto [known, added] =
      type_set_numbers_.try_emplace(set, static_cast<std::uint32_t>(type_sets_.size()));
  if (added) type_sets_.push_back(set);
  return known->second;
}

std::uint32_t RuleGraph::copy(const ConditionNode& node, std::vector<std::uint32_t> children) {
  switch (node.kind) {
    case Kind::kFalse:
      return NodeTable::kFalse;
    case Kind::kTrue:
      return NodeTable::kTrue;
    case Kind::kNot:
      return nodes_.negation(children[0]);
    case Kind::kAnd:
      return nodes_.all(std::move(children));
    case Kind::kOr:
      return nodes_.either(std::move(children));
    case Kind::kTypes:
      return nodes_.types(node.entry);
    case Kind::kPredicate:
      return nodes_.predicate(node.entry);
  }
  return NodeTable::kFalse;
}

std::uint32_t RuleGraph::add(const CompiledCondition& condition) {
  std::vector<std::uint32_t> values, predicates, sets, nodes;
  for (const ValueNode& value : condition.values) values.push_back(add_value(value, values));
  for (const Predicate& predicate : condition.predicates)
    predicates.push_back(add_predicate(predicate, values));
  for (const TypeSet& set : condition.type_sets) sets.push_back(add_types(set));
  for (ConditionNode node : condition.nodes) {
    if (node.kind == Kind::kTypes) node.entry = sets[node.entry];
    if (node.kind == Kind::kPredicate) node.entry = predicates[node.entry];
    nodes.push_back(copy(node, renumbered(node.children, nodes)));
  }
  return nodes[condition.root];
}

std::vector<std::uint32_t> RuleGraph::specialised(const std::vector<std::uint32_t>& roots,
                                                  event::TypeId type) {
  const std::size_t count = roots.empty() ? 0 : *std::ranges::max_element(roots) + 1;
  std::vector<std::uint32_t> numbers(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const ConditionNode node = nodes()[i];
    if (node.kind == Kind::kTypes) {
      numbers[i] = NodeTable::constant(type_sets_[node.entry][type]);
      continue;
    }
    auto children = renumbered(node.children, numbers);
    numbers[i] = children == node.children ? i : copy(node, std::move(children));
  }
  return renumbered(roots, numbers);
}

std::vector<bool> RuleGraph::signature(event::TypeId type) const {
  std::vector<bool> bits;
  for (const TypeSet& set : type_sets_) bits.push_back(set[type]);
  return bits;
}

std::vector<Truth> RuleGraph::truths(bool in_container) const {
  std::vector<Truth> truths(nodes().size());
  const auto leaf = [&](const ConditionNode& node) {
    if (node.kind != Kind::kPredicate) return Truth::kUnknown;
    const ContainerVerdict& verdict = predicates_[node.entry].container;
    const auto known = in_container ? verdict.in_container : verdict.on_host;
    return known ? truth(*known) : Truth::kUnknown;
  };
  for (std::size_t i = 0; i < truths.size(); ++i) truths[i] = node_truth(nodes()[i], truths, leaf);
  return truths;
}

}  // namespace saker::rules
