// StepWriter: nodes → steps of one TypeProgram.
//
// Written from the end to the beginning, because a step must know where it leads. Jumps are threaded: a way
// that leads to a check whose result the way itself implies goes on behind that check.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <span>
#include <vector>

#include "rules/node_facts.h"
#include "rules/program.h"
#include "rules/rule_program.h"

namespace saker::rules {

// The table and the bit that decide a predicate.
struct TextBit {
  std::uint32_t table = 0;
  std::uint32_t bit = 0;
};
using TextBits = absl::flat_hash_map<std::uint32_t, TextBit>;  // by predicate

// Puts what tables of texts can decide into `tables`.
TextBits make_tables(const std::vector<Predicate>& predicates, std::vector<ValueTable>& tables);

class StepWriter {
 public:
  // All must outlive it. The nodes hold no type sets.
  StepWriter(const std::vector<ConditionNode>& nodes, const std::vector<Predicate>& predicates,
             const NodeFacts& facts, const TextBits& texts)
      : nodes_(nodes), predicates_(predicates), facts_(facts), texts_(texts) {}

  TypeProgram write(std::span<const RuleRoot> roots);
  std::size_t slots() const { return slots_.size(); }
  std::size_t calls() const { return bodies_.size(); }

 private:
  void count_uses(std::span<const RuleRoot> roots);
  std::uint32_t node(std::uint32_t number, std::uint32_t on_true, std::uint32_t on_false);
  void test(std::uint32_t predicate, Step& step) const;
  std::uint32_t terms(std::uint32_t number, std::uint32_t on_true, std::uint32_t on_false);
  std::uint32_t body(std::uint32_t number);
  std::uint32_t add(const Step& step);
  std::uint32_t behind(std::uint32_t step, std::uint32_t slot, bool verdict) const;
  std::uint32_t slot_of(std::uint32_t number);

  const std::vector<ConditionNode>& nodes_;
  const std::vector<Predicate>& predicates_;
  const NodeFacts& facts_;
  const TextBits& texts_;
  std::vector<Step> steps_;
  absl::flat_hash_map<std::uint32_t, std::uint32_t> uses_;    // node → parents
  absl::flat_hash_map<std::uint32_t, std::uint32_t> slots_;   // node → slot
  absl::flat_hash_map<std::uint32_t, std::uint32_t> bodies_;  // shared tree → first step
};

}  // namespace saker::rules
