#include "rules/step_writer.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace saker::rules {
namespace {

using Kind = ConditionNode::Kind;

constexpr std::uint32_t kCostMax = 1'000;

std::uint32_t predicate_cost(const Predicate& predicate) {
  std::uint32_t cost = 4;
  switch (predicate.op) {
    case Operator::kEq:
    case Operator::kNe:
    case Operator::kExists: cost = predicate.type == fields::Type::kBool ? 1 : 2; break;
    case Operator::kIn: cost = 3; break;
    case Operator::kGlob:
    case Operator::kIglob:
    case Operator::kPmatch: cost = 6; break;
    case Operator::kRegex: cost = 20; break;
    default: break;
  }
  return cost + (predicate.any ? 8U : 0U) + (predicate.right ? 8U : 0U);
}

}  // namespace

NodeFacts node_facts(const std::vector<ConditionNode>& nodes, const std::vector<Predicate>& predicates) {
  NodeFacts facts;
  for (const ConditionNode& node : nodes) {
    bool by_name = false;
    std::uint32_t cost = 0;
    if (node.kind == Kind::kPredicate) {
      by_name = predicates[node.entry].by_name;
      cost = predicate_cost(predicates[node.entry]);
    }
    for (const std::uint32_t child : node.children) {
      by_name = by_name || facts.by_name[child];
      cost = std::min(cost + facts.cost[child], kCostMax);
    }
    facts.by_name.push_back(by_name);
    facts.cost.push_back(cost);
  }
  return facts;
}

TypeProgram StepWriter::write(std::span<const RuleRoot> roots) {
  count_uses(roots);
  TypeProgram program;
  program.has_named = std::ranges::any_of(roots, [&](RuleRoot root) { return facts_.by_name[root.node]; });
  program.begin = rules(roots, false);
  program.begin_named = rules(roots, true);
  program.steps = std::move(steps_);
  return program;
}

void StepWriter::count_uses(std::span<const RuleRoot> roots) {
  std::vector<std::uint32_t> open;
  const auto use = [&](std::uint32_t node) {
    // A negation is no step of its own: what uses it uses the tree it negates.
    while (nodes_[node].kind == Kind::kNot) node = nodes_[node].children[0];
    if (++uses_[node] == 1) open.push_back(node);
  };
  for (const RuleRoot& root : roots) use(root.node);
  while (!open.empty()) {
    const std::uint32_t node = open.back();
    open.pop_back();
    for (const std::uint32_t child : nodes_[node].children) use(child);
  }
}

std::uint32_t StepWriter::rules(std::span<const RuleRoot> roots, bool named_only) {
  std::uint32_t next = add({.kind = Step::Kind::kEnd});
  for (const RuleRoot& root : std::views::reverse(roots)) {
    if (named_only && !facts_.by_name[root.node]) continue;
    const std::uint32_t match = add({.kind = Step::Kind::kMatch, .entry = root.rule, .next = {next, next}});
    next = node(root.node, match, next);
  }
  return next;
}

// Recursion is bounded by the height of a condition.
std::uint32_t StepWriter::node(std::uint32_t number, std::uint32_t on_true, std::uint32_t on_false) {
  const ConditionNode& written = nodes_[number];
  Step step;
  switch (written.kind) {
    case Kind::kTypes:
    case Kind::kFalse: return on_false;
    case Kind::kTrue: return on_true;
    case Kind::kNot: return node(written.children[0], on_false, on_true);
    case Kind::kPredicate:
      step.kind = Step::Kind::kTest;
      step.entry = written.entry;
      break;
    default:
      if (uses_[number] < 2) return terms(number, on_true, on_false);
      step.kind = Step::Kind::kCall;
      step.entry = body(number);
  }
  step.slot = slot_of(number);
  step.by_name = facts_.by_name[number];
  step.next = {behind(on_false, step.slot, false), behind(on_true, step.slot, true)};
  return add(step);
}

std::uint32_t StepWriter::terms(std::uint32_t number, std::uint32_t on_true, std::uint32_t on_false) {
  const bool all = nodes_[number].kind == Kind::kAnd;
  // What a term costs decides, not where it stands: checks have no effect but their result. The same order
  // everywhere lets neighbours share their beginnings.
  std::vector<std::uint32_t> order = nodes_[number].children;
  std::ranges::sort(order, {}, [&](std::uint32_t child) { return std::pair(facts_.cost[child], child); });
  std::uint32_t next = all ? on_true : on_false;
  for (const std::uint32_t child : std::views::reverse(order)) {
    next = all ? node(child, next, on_false) : node(child, on_true, next);
  }
  return next;
}

std::uint32_t StepWriter::body(std::uint32_t number) {
  if (const auto known = bodies_.find(number); known != bodies_.end()) return known->second;
  const std::uint32_t on_true = add({.kind = Step::Kind::kReturn, .verdict = true});
  const std::uint32_t on_false = add({.kind = Step::Kind::kReturn, .verdict = false});
  const std::uint32_t begin = terms(number, on_true, on_false);
  bodies_.emplace(number, begin);
  return begin;
}

std::uint32_t StepWriter::add(const Step& step) {
  steps_.push_back(step);
  return static_cast<std::uint32_t>(steps_.size() - 1);
}

std::uint32_t StepWriter::behind(std::uint32_t step, std::uint32_t slot, bool verdict) const {
  const auto same = [&](const Step& s) {
    return (s.kind == Step::Kind::kTest || s.kind == Step::Kind::kCall) && s.slot == slot;
  };
  while (same(steps_[step])) step = steps_[step].next[verdict ? 1 : 0];
  return step;
}

std::uint32_t StepWriter::slot_of(std::uint32_t number) {
  return slots_.try_emplace(number, static_cast<std::uint32_t>(slots_.size())).first->second;
}

}  // namespace saker::rules
