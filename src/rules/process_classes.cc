#include "rules/process_classes.h"

#include <algorithm>
#include <utility>

#include "rules/node_walk.h"
#include "rules/process_facts.h"
#include "rules/rule_program.h"
#include "rules/truth.h"
#include "state/process_table.h"

namespace saker::rules {
namespace {

constexpr std::size_t kSeenMax = 4096;

bool asks(const PlannedProgram& program, saker_plan_dimension dimension) {
  return (program.dimensions >> dimension & 1U) != 0;
}

}  // namespace

ProcessClasses::ProcessClasses(const RuleSet& rules, const Plan& plan)
    : program_(rules.program()), plan_(plan) {
  std::vector<std::uint32_t> roots;
  bool own = false, parents = false;
  for (const PlannedProgram& program : plan.programs) {
    if (!asks(program, SAKER_PLAN_PROCESS) && !asks(program, SAKER_PLAN_PARENT)) continue;
    own = own || asks(program, SAKER_PLAN_PROCESS);
    parents = parents || asks(program, SAKER_PLAN_PARENT);
    for (const PlanTerm& term : program.terms)
      roots.insert(roots.end(), term.nodes.begin(), term.nodes.end());
  }
  Reached reached = reach(program_, std::move(roots));
  nodes_ = std::move(reached.nodes);
  for (const std::uint32_t predicate : reached.predicates) {
    if (own && of_process(program_, predicate)) own_.push_back(predicate);
    if (parents && rules::of_parent(program_, predicate)) of_parent_.push_back(predicate);
  }
  for (const std::uint32_t predicate : own_) by_name_.push_back(of_process_name(program_, predicate));
  for (const std::uint32_t predicate : of_parent_) by_name_.push_back(of_parent_name(program_, predicate));
  results_.emplace_back();  // class 0 is nobody's
}

ProcessClasses::Found ProcessClasses::classify(const fields::Subject& subject, Arena& arena) {
  const state::Process& process = *subject.process;
  std::pair seen(process.program->number(), std::string(process.comm()));  // short: without allocation
  if (const auto known = seen_.find(seen); known != seen_.end()) return {known->second, false};
  now_.clear();
  for (const std::uint32_t predicate : own_)
    now_ += static_cast<char>(decide_for_process(program_, predicate, subject, arena));
  for (const std::uint32_t predicate : of_parent_)
    now_ += static_cast<char>(decide_for_parent(program_, predicate, subject, arena));
  const Found found = number_of(now_);
  if (found.number == 0) return found;
  if (seen_.size() >= kSeenMax) seen_.clear();
  seen_.emplace(std::move(seen), found.number);
  return found;
}

ProcessClasses::Found ProcessClasses::classify_name(const fields::Subject& subject, Arena& arena) {
  if (std::ranges::find(by_name_, true) == by_name_.end()) return {};
  now_.clear();
  for (std::size_t i = 0; i < by_name_.size(); ++i) {
    Truth truth = Truth::kUnknown;
    if (by_name_[i])
      truth = i < own_.size() ? decide_for_process(program_, own_[i], subject, arena)
                              : decide_for_parent(program_, of_parent_[i - own_.size()], subject, arena);
    now_ += static_cast<char>(truth);
  }
  return number_of(now_);
}

// 0: all are taken.
ProcessClasses::Found ProcessClasses::number_of(const std::string& results) {
  if (const auto known = numbers_.find(results); known != numbers_.end()) return {known->second, false};
  if (results_.size() >= SAKER_PLAN_CLASSES) return {};
  const auto number = static_cast<std::uint32_t>(results_.size());
  numbers_.emplace(results, number);
  results_.push_back(results);
  return {number, true};
}

event::PlanClass ProcessClasses::terms(std::uint32_t number) const {
  const std::string& results = results_[number];
  event::PlanClass terms(plan_.programs.size(), saker_plan_class{~0ULL, ~0ULL});
  std::vector<Truth> leaves(program_.predicates.size()), truths(program_.nodes.size());
  const auto leaf = [&](const ConditionNode& node) {
    return node.kind == ConditionNode::Kind::kPredicate ? leaves[node.entry] : Truth::kUnknown;
  };
  for (const bool as_parent : {false, true}) {
    std::ranges::fill(leaves, Truth::kUnknown);
    const auto& predicates = as_parent ? of_parent_ : own_;
    for (std::size_t i = 0; i < predicates.size(); ++i)
      leaves[predicates[i]] = static_cast<Truth>(results[(as_parent ? own_.size() : 0) + i]);
    for (const std::uint32_t node : nodes_) truths[node] = node_truth(program_.nodes[node], truths, leaf);
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const PlannedProgram& program = plan_.programs[i];
      if (!asks(program, as_parent ? SAKER_PLAN_PARENT : SAKER_PLAN_PROCESS)) continue;
      event::PlanTerms may = 0;
      for (std::size_t term = 0; term < program.terms.size(); ++term) {
        const bool met = std::ranges::all_of(
            program.terms[term].nodes, [&](std::uint32_t node) { return truths[node] != Truth::kFalse; });
        if (met) may |= event::PlanTerms{1} << (term % 64);
      }
      (as_parent ? terms[i].parent : terms[i].process) = may;
    }
  }
  return terms;
}

}  // namespace saker::rules
