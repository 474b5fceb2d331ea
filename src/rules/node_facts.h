// What StepWriter wants to know of each node: whether it depends on a file's name, and in which order its
// terms are best tried.
//
// Checks have no effect but their result, so their order is free. It follows a guess of what a check costs
// and how often it holds: of `and` first what is cheap and mostly false, of `or` what is cheap and mostly
// true. The guess is the same in all rules, so that they share their beginnings.
#pragma once

#include <cstdint>
#include <vector>

#include "rules/program.h"

namespace saker::rules {

struct NodeFacts {
  std::vector<bool> by_name;
  std::vector<std::vector<std::uint32_t>> order;  // children, first tried first
};

NodeFacts node_facts(const std::vector<ConditionNode>& nodes, const std::vector<Predicate>& predicates);

}  // namespace saker::rules
