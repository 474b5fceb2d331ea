// TermSet: the rules' conditions for one event type as terms, and which of them may be true when something
// is known (planner.h says why this is sound).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event/filter_plan.h"
#include "rules/node_walk.h"
#include "rules/plan_descriptors.h"
#include "rules/plan_names.h"
#include "rules/plan_points.h"
#include "rules/planner.h"
#include "rules/rule_program.h"
#include "rules/truth.h"

namespace saker::rules {

// Terms have one bit each; too many share them.
inline constexpr std::size_t kTermsMax = 64;

class TermSet {
 public:
  // `program` must outlive it.
  TermSet(const RuleSet::Program& program, event::TypeId type);

  // Takes each rule apart into at most `budget` terms. Those that can never be true are left out.
  void make_terms(std::size_t budget);

  // The terms that may be true when `decide` tells what checks of that dimension come to.
  template <class Decide>
  event::PlanTerms at(saker_plan_dimension dimension, Decide decide) {
    std::vector<std::pair<std::uint32_t, Truth>> before;
    for (const std::uint32_t predicate : predicates_of(dimension)) {
      before.emplace_back(predicate, leaves_[predicate]);
      leaves_[predicate] = decide(predicate);
    }
    const event::PlanTerms terms = possible();
    for (const auto& [predicate, truth] : before) leaves_[predicate] = truth;
    return terms;
  }

  // The checks that the dimension may decide.
  const std::vector<std::uint32_t>& predicates_of(saker_plan_dimension dimension);
  bool looks_at(saker_plan_dimension dimension) { return !predicates_of(dimension).empty(); }

  // What decides them.
  const PlanPoints& points() const { return points_; }
  const DescriptorPoints& descriptors() const { return descriptors_; }
  const NamePoints& names() const { return names_; }

  const RuleSet::Program& program() const { return program_; }
  const Reached& reached() const { return reached_; }

 protected:
  // After a change of `terms_`.
  void share_bits();

  // The terms that may be true by what is known of each check now.
  event::PlanTerms possible();

  const RuleSet::Program& program_;
  event::TypeId type_;
  PlanPoints points_;
  DescriptorPoints descriptors_;
  NamePoints names_;
  const std::vector<RuleRoot>& roots_;
  Reached reached_;
  std::vector<PlanTerm> terms_;
  std::vector<event::PlanTerms> bits_;  // of each term

 private:
  using Conjunctions = std::vector<std::vector<std::uint32_t>>;

  void note_dimensions(std::uint32_t node);
  bool worth_splitting(const ConditionNode& node) const;
  Conjunctions expand(std::uint32_t node, std::size_t budget) const;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> opposites() const;
  void drop_contradictions(std::vector<std::vector<std::uint32_t>>& terms, std::uint32_t equal,
                           std::uint32_t unequal);
  void evaluate();
  bool may_be(const std::vector<std::uint32_t>& nodes) const;

  std::vector<Truth> leaves_;
  std::vector<Truth> truths_;
  std::vector<std::uint32_t> dimensions_;  // by node
  std::array<std::optional<std::vector<std::uint32_t>>, SAKER_PLAN_DIMENSIONS> by_dimension_;
};

}  // namespace saker::rules
