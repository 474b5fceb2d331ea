#include "rules/step_writer.h"

#include <algorithm>
#include <map>
#include <ranges>
#include <utility>

namespace saker::rules {
namespace {

using Kind = ConditionNode::Kind;

}  // namespace

TextBits make_tables(const std::vector<Predicate>& predicates, std::vector<ValueTable>& tables) {
  std::map<std::pair<std::uint32_t, TextTable::Kind>, std::vector<std::uint32_t>> groups;
  for (std::uint32_t i = 0; i < predicates.size(); ++i) {
    if (predicates[i].text) groups[{predicates[i].left, predicates[i].text->kind}].push_back(i);
  }
  TextBits bits;
  for (const auto& [key, group] : groups) {
    ValueTable made{key.first, predicates[group[0]].by_name, TextTable(key.second)};
    for (const std::uint32_t predicate : group) {
      const std::uint32_t bit = made.table.add(predicates[predicate].text->texts);
      bits[predicate] = {static_cast<std::uint32_t>(tables.size()), bit};
    }
    made.table.finish();
    tables.push_back(std::move(made));
  }
  return bits;
}

TypeProgram StepWriter::write(std::span<const RuleRoot> roots) {
  count_uses(roots);
  TypeProgram program;
  program.named.assign((roots.size() + 63) / 64, 0);
  const std::uint32_t end = add({.kind = Step::Kind::kEnd});
  for (std::size_t rule = 0; rule < roots.size(); ++rule) {
    const std::uint32_t match = add({.kind = Step::Kind::kMatch, .entry = roots[rule].rule});
    program.begins.push_back(node(roots[rule].node, match, end));
    if (!facts_.by_name[roots[rule].node]) continue;
    program.named[rule / 64] |= std::uint64_t{1} << (rule % 64);
    program.has_named = true;
  }
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

// Recursion is bounded by the height of a condition.
std::uint32_t StepWriter::node(std::uint32_t number, std::uint32_t on_true, std::uint32_t on_false) {
  const ConditionNode& written = nodes_[number];
  Step step;
  switch (written.kind) {
    case Kind::kTypes:
    case Kind::kFalse:
      return on_false;
    case Kind::kTrue:
      return on_true;
    case Kind::kNot:
      return node(written.children[0], on_false, on_true);
    case Kind::kPredicate:
      test(written.entry, step);
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

void StepWriter::test(std::uint32_t predicate, Step& step) const {
  step.kind = Step::Kind::kTest;
  step.entry = predicate;
  const auto text = texts_.find(predicate);
  if (text == texts_.end()) return;
  step.kind = Step::Kind::kText;
  step.entry = text->second.table;
  step.bit = text->second.bit;
  step.verdict = !predicates_[predicate].text->negated;
}

std::uint32_t StepWriter::terms(std::uint32_t number, std::uint32_t on_true, std::uint32_t on_false) {
  const bool all = nodes_[number].kind == Kind::kAnd;
  std::uint32_t next = all ? on_true : on_false;
  for (const std::uint32_t child : std::views::reverse(facts_.order[number])) {
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
  const auto same = [&](const Step& s) { return s.kind <= Step::Kind::kCall && s.slot == slot; };
  while (same(steps_[step])) step = steps_[step].next[verdict ? 1 : 0];
  return step;
}

std::uint32_t StepWriter::slot_of(std::uint32_t number) {
  return slots_.try_emplace(number, static_cast<std::uint32_t>(slots_.size())).first->second;
}

}  // namespace saker::rules
