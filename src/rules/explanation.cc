#include "rules/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "rules/compile.h"
#include "rules/output_template.h"
#include "rules/rule_set.h"

namespace saker::rules {
namespace {

// A check alone, run by the same engine that judges events.
bool holds(const Node& check, const fields::Subject& subject, const fields::Catalogue& catalogue) {
  std::vector<EnabledRule> rules(1);
  rules[0].condition = compile_condition(check, catalogue).condition;
  const RuleSet set(std::move(rules), Matching::kFirst);
  Evaluator evaluator(set);
  Arena arena;
  return !evaluator.evaluate(subject, arena).empty();
}

class Explainer {
 public:
  Explainer(const RuleDetails& rule, const fields::Subject& subject, const fields::Catalogue& catalogue)
      : rule_(rule), subject_(subject), catalogue_(catalogue) {}

  Explanation explain(const Node& node, std::uint32_t source) {
    Explanation made;
    if (node.span.source != source) {
      source = node.span.source;
      if (source < rule_.macros.size()) made.macro = rule_.macros[source];
    }
    if (const auto* all = std::get_if<Node::And>(&node.value)) {
      made.kind = Explanation::Kind::kAnd;
      for (const NodePtr& term : all->terms) made.terms.push_back(explain(*term, source));
      made.holds = std::ranges::all_of(made.terms, &Explanation::holds);
    } else if (const auto* any = std::get_if<Node::Or>(&node.value)) {
      made.kind = Explanation::Kind::kOr;
      for (const NodePtr& term : any->terms) made.terms.push_back(explain(*term, source));
      made.holds = std::ranges::any_of(made.terms, &Explanation::holds);
    } else if (const auto* negation = std::get_if<Node::Not>(&node.value)) {
      made.kind = Explanation::Kind::kNot;
      made.terms.push_back(explain(*negation->term, source));
      made.holds = !made.terms[0].holds;
    } else if (const auto* check = std::get_if<Node::Check>(&node.value)) {
      made.text = print(node);
      made.holds = holds(node, subject_, catalogue_);
      read(check->left, made);
    }
    return made;
  }

 private:
  // The fields of the left side, one after the other for a transformer of several.
  void read(const Operand& operand, Explanation& into) {
    if (const auto* name = std::get_if<Operand::FieldName>(&operand.value)) {
      const auto argument = name->argument ? std::optional<std::string_view>(*name->argument) : std::nullopt;
      const auto resolved = catalogue_.resolve(name->name, argument);
      if (!resolved.ref) return;
      const fields::Value value = resolved.ref->read(subject_, arena_);
      std::string text = "missing";
      if (value.missing()) {
        into.missing = true;
      } else {
        text.clear();
        render_value(*resolved.ref, value, text);
        if (value.kind() == fields::Kind::kText) text = fmt::format("\"{}\"", text);
      }
      into.value += into.value.empty() ? text : ", " + text;
    } else if (const auto* call = std::get_if<Operand::Call>(&operand.value)) {
      for (const Operand& one : call->arguments) read(one, into);
    } else if (const auto* tuple = std::get_if<Operand::Tuple>(&operand.value)) {
      for (const Operand& one : tuple->items) read(one, into);
    }
  }

  const RuleDetails& rule_;
  const fields::Subject& subject_;
  const fields::Catalogue& catalogue_;
  Arena arena_;
};

// Of a true `and` every term was needed, of a false one those that are false; of `or` the other way round.
void mark(Explanation& node) {
  node.decided = true;
  const bool one_side = node.kind == Explanation::Kind::kAnd || node.kind == Explanation::Kind::kOr;
  for (Explanation& term : node.terms) {
    if (!one_side || term.holds == node.holds) mark(term);
  }
}

std::string label(const Explanation& node) {
  std::string text;
  if (!node.macro.empty()) text = fmt::format("[{}] ", node.macro);
  switch (node.kind) {
    case Explanation::Kind::kAnd:
      return text + "and";
    case Explanation::Kind::kOr:
      return text + "or";
    case Explanation::Kind::kNot:
      return text + "not";
    case Explanation::Kind::kCheck:
      break;
  }
  return fmt::format("{}{}    <- {}", text, node.text, node.value);
}

void write(const Explanation& node, std::size_t depth, std::string& into) {
  into += fmt::format("{} {:5} {:{}}{}\n", node.decided ? '*' : ' ', node.holds, "", 2 * depth, label(node));
  for (const Explanation& term : node.terms) write(term, depth + 1, into);
}

}  // namespace

Explanation explain(const RuleDetails& rule, const fields::Subject& subject,
                    const fields::Catalogue& catalogue) {
  Explanation made = Explainer(rule, subject, catalogue).explain(*rule.tree, 0);
  mark(made);
  return made;
}

std::string text_of(const Explanation& explanation) {
  std::string text;
  write(explanation, 0, text);
  return text;
}

nlohmann::json json_of(const Explanation& node) {
  constexpr std::string_view kKinds[] = {"and", "or", "not", "check"};
  nlohmann::json made = {{"kind", kKinds[static_cast<std::size_t>(node.kind)]},
                         {"holds", node.holds},
                         {"decided", node.decided}};
  if (!node.macro.empty()) made["macro"] = node.macro;
  if (node.kind == Explanation::Kind::kCheck) {
    made["check"] = node.text;
    made["value"] = node.missing ? nlohmann::json() : nlohmann::json(node.value);
  }
  for (const Explanation& term : node.terms) made["terms"].push_back(json_of(term));
  return made;
}

}  // namespace saker::rules
