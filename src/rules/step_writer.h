// StepWriter: nodes → steps of one TypeProgram.
//
// Written from the last rule to the first, because a step must know where it leads. Jumps are threaded: a way
// that leads to a check whose result the way itself implies goes on behind that check, so that neighbours
// which begin with the same check are left together.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <span>
#include <vector>

#include "rules/program.h"
#include "rules/rule_program.h"

namespace saker::rules {

// The root of a rule's condition for one class of event types.
struct RuleRoot {
  std::uint32_t rule = 0;
  std::uint32_t node = 0;
};

// Facts about each node of the graph.
struct NodeFacts {
  std::vector<bool> by_name;
  std::vector<std::uint32_t> cost;  // rough, to try what is cheap first
};
NodeFacts node_facts(const std::vector<ConditionNode>& nodes, const std::vector<Predicate>& predicates);

class StepWriter {
 public:
  // All must outlive it. The nodes hold no type sets.
  StepWriter(const std::vector<ConditionNode>& nodes, const NodeFacts& facts) : nodes_(nodes), facts_(facts) {}

  TypeProgram write(std::span<const RuleRoot> roots);
  std::size_t slots() const { return slots_.size(); }
  std::size_t calls() const { return bodies_.size(); }

 private:
  void count_uses(std::span<const RuleRoot> roots);
  std::uint32_t rules(std::span<const RuleRoot> roots, bool named_only);
  std::uint32_t node(std::uint32_t number, std::uint32_t on_true, std::uint32_t on_false);
  std::uint32_t terms(std::uint32_t number, std::uint32_t on_true, std::uint32_t on_false);
  std::uint32_t body(std::uint32_t number);
  std::uint32_t add(const Step& step);
  std::uint32_t behind(std::uint32_t step, std::uint32_t slot, bool verdict) const;
  std::uint32_t slot_of(std::uint32_t number);

  const std::vector<ConditionNode>& nodes_;
  const NodeFacts& facts_;
  std::vector<Step> steps_;
  absl::flat_hash_map<std::uint32_t, std::uint32_t> uses_;    // node → parents
  absl::flat_hash_map<std::uint32_t, std::uint32_t> slots_;   // node → slot
  absl::flat_hash_map<std::uint32_t, std::uint32_t> bodies_;  // shared tree → first step
};

}  // namespace saker::rules
