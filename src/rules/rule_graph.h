// RuleGraph: the conditions of many rules as one graph in which nothing is there twice.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "event/types.h"
#include "rules/node_table.h"
#include "rules/program.h"
#include "rules/truth.h"

namespace saker::rules {

class RuleGraph {
 public:
  // The node that stands for the condition.
  std::uint32_t add(const CompiledCondition& condition);

  // The same conditions for events of one type: nodes without type sets, which are known then.
  std::vector<std::uint32_t> specialised(const std::vector<std::uint32_t>& roots, event::TypeId type);

  // Types with equal lists are told apart by no rule.
  std::vector<bool> signature(event::TypeId type) const;

  // Each node's result when only container.id is known.
  std::vector<Truth> truths(bool in_container) const;

  const std::vector<ConditionNode>& nodes() const { return nodes_.nodes(); }
  std::vector<ValueNode>& values() { return values_; }
  std::vector<Predicate>& predicates() { return predicates_; }

 private:
  std::uint32_t add_value(const ValueNode& value, const std::vector<std::uint32_t>& own);
  std::uint32_t add_predicate(const Predicate& predicate, const std::vector<std::uint32_t>& own);
  std::uint32_t add_types(const TypeSet& set);
  std::uint32_t copy(const ConditionNode& node, std::vector<std::uint32_t> children);

  NodeTable nodes_;
  std::vector<ValueNode> values_;
  std::vector<Predicate> predicates_;
  std::vector<TypeSet> type_sets_;
  absl::flat_hash_map<std::string, std::uint32_t> value_numbers_, predicate_numbers_;
  std::map<TypeSet, std::uint32_t> type_set_numbers_;
};

}  // namespace saker::rules
