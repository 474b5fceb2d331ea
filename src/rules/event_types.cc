#include "rules/event_types.h"

#include <algorithm>

#include "base/arena.h"
#include "rules/constants.h"
#include "rules/truth.h"

namespace saker::rules {

TypeSet matching_types(const Matcher& matcher) {
  Arena arena;
  TypeSet set(event::type_count(), false);
  for (std::size_t type = 1; type < set.size(); ++type) {
    set[type] = matcher.matches(fields::Value::text(event::type_names()[type]), arena);
  }
  return set;
}

std::vector<event::TypeId> possible_types(const CompiledCondition& condition,
                                          const std::vector<bool>& open_sets) {
  std::vector<event::TypeId> types;
  std::vector<Truth> truths(condition.nodes.size());
  for (std::size_t type = 1; type < event::type_count(); ++type) {
    const auto leaf = [&](const ConditionNode& node) {
      const bool known = node.kind == ConditionNode::Kind::kTypes && !open_sets[node.entry];
      return known ? truth(condition.type_sets[node.entry][type]) : Truth::kUnknown;
    };
    for (std::size_t i = 0; i < truths.size(); ++i) truths[i] = node_truth(condition.nodes[i], truths, leaf);
    if (truths[condition.root] != Truth::kFalse) types.push_back(static_cast<event::TypeId>(type));
  }
  return types;
}

bool never_an_event_number(Operator op, std::span<const std::string> constants) {
  const auto only_below = [&](std::uint64_t limit) {
    return std::ranges::all_of(constants, [&](const std::string& constant) {
      const auto number = read_integer(constant, fields::Type::kUint64);
      return number && *number < limit;
    });
  };
  switch (op) {
    case Operator::kEq:
    case Operator::kIn:
    case Operator::kIntersects:
    case Operator::kLe:
      return only_below(1);
    case Operator::kLt:
      return only_below(2);
    default:
      return false;
  }
}

}  // namespace saker::rules
