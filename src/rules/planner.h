// Planner: the rules of a set → the filter plan that the kernel side evaluates. Pure: no I/O.
//
// For each event type, each rule's condition becomes one or more terms (an `or` whose sides look at different
// dimensions is taken apart while there are few). Then each point of each dimension is tried: the condition
// is evaluated with what the point alone decides, in three-valued logic; a term that may still be true has
// its bit in the point's word. So a term is the smallest box around what it matches, and can only be too
// large:
//
//   - what no dimension decides is unknown, and an unknown check rules nothing out, negated or not;
//   - a check is decided by the readers and matchers that judge events (plan_checks.h), so a missing value
//     means here what it means there;
//   - an event that matches has, in every dimension, a point at which its rule may be true.
//
// What processes run is not known beforehand: those words are made when a class of processes turns up
// (process_classes.h). planner_test.cc holds random rules against random events.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "event/filter_plan.h"
#include "rules/rule_set.h"

namespace saker::rules {

// One bit of a program: all of `nodes` must be true (of RuleSet::Program::nodes), for one of `rules` to
// match.
struct PlanTerm {
  std::vector<std::uint32_t> rules;
  std::vector<std::uint32_t> nodes;
};

struct PlannedProgram {
  std::vector<event::TypeId> types;
  std::vector<PlanTerm> terms;
  std::uint32_t dimensions = 0;  // 1 << enum saker_plan_dimension: those that rule something out
};

struct Plan {
  event::FilterPlan filter;
  std::vector<PlannedProgram> programs;  // as in `filter`
};

// Which types the probe can bring.
using IsCollected = std::function<bool(event::TypeId)>;

Plan make_plan(const RuleSet& rules, const IsCollected& is_collected);

// Calls that tell who is client and who is server, when some rule has to know it of other calls: they are
// wanted then, with rules of their own or without.
std::vector<event::TypeId> told_for_roles(const RuleSet& rules, const IsCollected& is_collected);

std::string_view dimension_name(saker_plan_dimension dimension);

}  // namespace saker::rules
