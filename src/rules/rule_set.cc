#include "rules/rule_set.h"

#include <algorithm>
#include <map>
#include <utility>

#include "rules/gates.h"
#include "rules/rule_graph.h"
#include "rules/rule_program.h"
#include "rules/step_writer.h"

namespace saker::rules {
namespace {

// The rules that events of one type may match, once what the type decides is folded away.
std::vector<RuleRoot> roots_for(RuleGraph& graph, const std::vector<std::uint32_t>& conditions,
                                event::TypeId type) {
  const auto nodes = graph.specialised(conditions, type);
  std::vector<RuleRoot> roots;
  for (std::uint32_t rule = 0; rule < nodes.size(); ++rule) {
    if (nodes[rule] != NodeTable::kFalse) roots.push_back({rule, nodes[rule]});
  }
  return roots;
}

bool may_match(std::span<const RuleRoot> roots, const std::vector<Truth>& truths) {
  return std::ranges::any_of(roots, [&](RuleRoot root) { return truths[root.node] != Truth::kFalse; });
}

RuleSet::Program make_program(const std::vector<EnabledRule>& rules) {
  RuleGraph graph;
  std::vector<std::uint32_t> conditions;
  for (const EnabledRule& rule : rules) {
    conditions.push_back(rule.condition ? graph.add(*rule.condition) : NodeTable::kFalse);
  }
  RuleSet::Program program;
  program.program_of_type.assign(event::type_count(), 0);
  std::map<std::vector<bool>, std::uint32_t> classes;
  std::vector<std::vector<RuleRoot>> roots(1);
  for (std::size_t type = 1; type < event::type_count(); ++type) {
    const auto id = static_cast<event::TypeId>(type);
    const auto [known, added] =
        classes.try_emplace(graph.signature(id), static_cast<std::uint32_t>(roots.size()));
    if (added) roots.push_back(roots_for(graph, conditions, id));
    program.program_of_type[type] = known->second;
  }
  const NodeFacts facts = node_facts(graph.nodes(), graph.predicates());
  const TextBits texts = make_tables(graph.predicates(), program.tables);
  const auto on_host = graph.truths(false), in_container = graph.truths(true);
  for (const std::vector<RuleRoot>& rule_roots : roots) {
    StepWriter writer(graph.nodes(), graph.predicates(), facts, texts);
    program.programs.push_back(writer.write(rule_roots));
    add_gates(rule_roots, graph.nodes(), graph.predicates(), graph.values(), program.programs.back());
    program.programs.back().scope = {may_match(rule_roots, on_host), may_match(rule_roots, in_container)};
    program.slots_max = std::max(program.slots_max, writer.slots());
    program.calls_max = std::max(program.calls_max, writer.calls());
    program.words_max = std::max(program.words_max, program.programs.back().words);
  }
  program.nodes = graph.nodes();
  program.roots = std::move(roots);
  program.values = std::move(graph.values());
  program.predicates = std::move(graph.predicates());
  return program;
}

}  // namespace

namespace {

std::uint8_t details_of(const EnabledRule& rule, const fields::FieldRef& field) {
  std::uint8_t wanted = field.field->details;
  for (const event::TypeId type : rule.event_types) wanted |= field.details(type);
  return wanted;
}

std::uint8_t details_of(const std::vector<EnabledRule>& rules) {
  std::uint8_t wanted = 0;
  for (const EnabledRule& rule : rules) {
    for (const ValueNode& value : rule.condition->values) {
      if (value.kind == ValueNode::Kind::kField) wanted |= details_of(rule, value.field);
    }
    for (const fields::FieldRef& field : rule.output.fields()) wanted |= details_of(rule, field);
    for (const ExtraField& extra : rule.extra_fields) {
      if (extra.field) wanted |= details_of(rule, *extra.field);
      for (const fields::FieldRef& field : extra.text.fields()) wanted |= details_of(rule, field);
    }
  }
  return wanted;
}

}  // namespace

RuleSet::RuleSet(std::vector<EnabledRule> rules, Matching matching)
    : rules_(std::move(rules)),
      matching_(matching),
      details_(details_of(rules_)),
      program_(std::make_unique<Program>(make_program(rules_))) {}

RuleSet::~RuleSet() = default;

EventScope RuleSet::scope(event::TypeId type) const {
  if (type >= program_->program_of_type.size()) return {};
  return program_->programs[program_->program_of_type[type]].scope;
}

}  // namespace saker::rules
