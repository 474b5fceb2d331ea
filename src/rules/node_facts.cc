#include "rules/node_facts.h"

#include <algorithm>
#include <utility>

namespace saker::rules {
namespace {

using Kind = ConditionNode::Kind;

// `cost` in units of a flag's test, `chance` of being true in 0..1.
struct Guess {
  double cost = 0;
  double chance = 0.5;
};

Guess guess(const Predicate& predicate) {
  Guess guess{4, 0.1};
  switch (predicate.op) {
    case Operator::kExists:
      guess = {1, 0.9};
      break;
    case Operator::kEq:
      guess = {1, 0.1};
      break;
    case Operator::kNe:
      guess = {1, 0.9};
      break;
    case Operator::kLt:
    case Operator::kLe:
    case Operator::kGt:
    case Operator::kGe:
      guess = {1, 0.5};
      break;
    case Operator::kIn:
      guess = {2, 0.1};
      break;
    case Operator::kGlob:
    case Operator::kIglob:
    case Operator::kPmatch:
      guess.cost = 6;
      break;
    case Operator::kRegex:
      guess.cost = 20;
      break;
    default:
      break;
  }
  if (predicate.type == fields::Type::kBool) guess = {1, 0.4};
  if (predicate.container.in_container) guess = {1, 0.5};
  if (predicate.text) guess.cost = 1;
  if (predicate.any || predicate.right) guess.cost += 8;
  return guess;
}

// How soon a term should be tried: what it costs for each time that it decides.
double delay(const Guess& guess, bool all) {
  constexpr double kLeast = 0.001;
  return guess.cost / std::max(all ? 1 - guess.chance : guess.chance, kLeast);
}

Guess joined(const std::vector<std::uint32_t>& order, const std::vector<Guess>& guesses, bool all) {
  Guess result{0, all ? 1.0 : 0.0};
  double reached = 1;  // chance that a term is tried at all
  for (const std::uint32_t child : order) {
    const Guess& term = guesses[child];
    result.cost += reached * term.cost;
    reached *= all ? term.chance : 1 - term.chance;
  }
  result.chance = all ? reached : 1 - reached;
  return result;
}

}  // namespace

NodeFacts node_facts(const std::vector<ConditionNode>& nodes, const std::vector<Predicate>& predicates) {
  NodeFacts facts;
  std::vector<Guess> guesses;
  for (const ConditionNode& node : nodes) {
    const bool all = node.kind == Kind::kAnd;
    std::vector<std::uint32_t> order = node.children;
    std::ranges::sort(order, {},
                      [&](std::uint32_t child) { return std::pair(delay(guesses[child], all), child); });
    const bool leaf = node.kind == Kind::kPredicate;
    bool by_name = leaf && predicates[node.entry].by_name;
    for (const std::uint32_t child : order) by_name = by_name || facts.by_name[child];
    if (leaf) {
      guesses.push_back(guess(predicates[node.entry]));
    } else if (node.kind == Kind::kNot) {
      guesses.push_back({guesses[order[0]].cost, 1 - guesses[order[0]].chance});
    } else {
      guesses.push_back(joined(order, guesses, all));
    }
    facts.by_name.push_back(by_name);
    facts.order.push_back(std::move(order));
  }
  return facts;
}

}  // namespace saker::rules
