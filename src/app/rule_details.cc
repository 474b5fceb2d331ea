#include "app/rule_details.h"

#include <fmt/format.h>

#include <set>

#include "base/suggestion.h"
#include "rules/versions.h"

namespace saker::app {
namespace {

using nlohmann::json;
using rules::Node;
using rules::Operand;

// What the names in a condition are, each once.
struct Used {
  std::set<std::string> fields, operators, macros;
};

void collect(const Operand& operand, Used& used) {
  if (const auto* name = std::get_if<Operand::FieldName>(&operand.value)) {
    used.fields.insert(name->name);
  } else if (const auto* call = std::get_if<Operand::Call>(&operand.value)) {
    for (const Operand& one : call->arguments) collect(one, used);
  } else if (const auto* tuple = std::get_if<Operand::Tuple>(&operand.value)) {
    for (const Operand& one : tuple->items) collect(one, used);
  }
}

void collect(const Node& node, const rules::RuleDetails& rule, Used& used) {
  if (node.span.source > 0 && node.span.source < rule.macros.size())
    used.macros.insert(rule.macros[node.span.source]);
  if (const auto* all = std::get_if<Node::And>(&node.value)) {
    for (const auto& term : all->terms) collect(*term, rule, used);
  } else if (const auto* any = std::get_if<Node::Or>(&node.value)) {
    for (const auto& term : any->terms) collect(*term, rule, used);
  } else if (const auto* negation = std::get_if<Node::Not>(&node.value)) {
    collect(*negation->term, rule, used);
  } else if (const auto* check = std::get_if<Node::Check>(&node.value)) {
    used.operators.insert(std::string(rules::operator_text(check->op)));
    collect(check->left, used);
    for (const Operand& right : check->right) collect(right, used);
  }
}

}  // namespace

json describe_rule(const rules::Rule& rule, const rules::RuleDetails& details) {
  Used used;
  if (details.tree) collect(*details.tree, details, used);
  std::set<std::string> events, output_fields;
  for (const event::TypeId type : details.event_types) events.emplace(event::type_name(type));
  for (const fields::FieldRef& field : details.output.fields()) output_fields.insert(field.text());
  return {{"info",
           {{"name", rule.name},
            {"condition", rule.condition},
            {"output", rule.output},
            {"description", rule.description},
            {"priority", rules::priority_name(rule.priority)},
            {"source", rule.source},
            {"enabled", rule.enabled},
            {"tags", rule.tags},
            {"capture", rule.capture},
            {"capture_duration", rule.capture_duration_ms}}},
          {"details",
           {{"events", events},
            {"macros", used.macros},
            {"condition_fields", used.fields},
            {"condition_operators", used.operators},
            {"output_fields", output_fields},
            {"condition_compiled", rule.condition_compiled},
            {"plugins", json::array()}}}};
}

json describe_rules(const rules::LoadResult& loaded) {
  json rules = json::array();
  for (std::size_t i = 0; i < loaded.details.size(); ++i)
    rules.push_back(describe_rule(loaded.all_rules[i], loaded.details[i]));
  return {{"rules", std::move(rules)}};
}

std::string nearest_hint(std::string_view unknown, std::span<const std::string_view> known) {
  Suggestion suggestion(unknown);
  for (const std::string_view name : known) suggestion.offer(name);
  const std::string_view nearest = suggestion.nearest();
  return nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest);
}

}  // namespace saker::app
