#include "rules/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace saker::rules {
namespace {

constexpr LintCode kCodes[] = {
    {"never-true", "no event can make the condition true"},
    {"unreachable", "an earlier rule matches whenever this one does, and the first match is the only one"},
    {"unused", "a macro or list that no rule uses"},
    {"no-event-type", "the rule is asked about very many types of events"},
    {"deprecated", "an old form that will go"},
    {"doubtful", "a check that may not mean what it says"},
    {"expensive", "a check that looks through a whole text for every event that comes to it"},
    {"not-brought", "a field that this version never has a value for"},
    {"repeated-item", "a list that names the same thing twice"},
};

// Loader warnings that are lint as well.
constexpr std::pair<std::string_view, std::string_view> kWarnings[] = {
    {"LOAD_UNUSED_MACRO", "unused"},        {"LOAD_UNUSED_LIST", "unused"},
    {"LOAD_NO_EVTTYPE", "no-event-type"},   {"LOAD_DEPRECATED_ITEM", "deprecated"},
    {"LOAD_COMPILE_CONDITION", "doubtful"}, {"LOAD_UNSAFE_NA_CHECK", "doubtful"},
};

// Texts that may be long, so that looking through them costs.
constexpr std::string_view kLongTexts[] = {"evt.args", "evt.buffer", "evt.info", "proc.env", "proc.aenv"};

using Report = std::function<void(std::string_view code, std::string message, std::string advice)>;

const std::string* constant_of(const Operand& operand) {
  const auto* constant = std::get_if<Operand::Constant>(&operand.value);
  return constant == nullptr ? nullptr : &constant->text;
}

template <class Visit>
void each_check(const Node& node, const Visit& visit) {
  if (const auto* all = std::get_if<Node::And>(&node.value)) {
    for (const NodePtr& term : all->terms) each_check(*term, visit);
  } else if (const auto* any = std::get_if<Node::Or>(&node.value)) {
    for (const NodePtr& term : any->terms) each_check(*term, visit);
  } else if (const auto* negation = std::get_if<Node::Not>(&node.value)) {
    each_check(*negation->term, visit);
  } else if (const auto* check = std::get_if<Node::Check>(&node.value)) {
    visit(*check, node);
  }
}

// The terms that must all hold, through nested `and`s.
void required_terms(const Node& node, std::vector<const Node*>& into) {
  if (const auto* all = std::get_if<Node::And>(&node.value)) {
    for (const NodePtr& term : all->terms) required_terms(*term, into);
  } else {
    into.push_back(&node);
  }
}

// The texts that a check lets its field be; nothing when it is no such check.
std::optional<std::set<std::string>> allowed_texts(const Node::Check& check) {
  if (check.modifier != Modifier::kNone || (check.op != Operator::kEq && check.op != Operator::kIn))
    return std::nullopt;
  std::set<std::string> texts;
  for (const Operand& right : check.right) {
    const std::string* text = constant_of(right);
    if (text == nullptr) return std::nullopt;
    texts.insert(*text);
  }
  return texts;
}

// Whether the field has one value at most, which is a text. (A file is judged under each of its names alone.)
bool is_single_text(const Operand& left, const fields::Catalogue& catalogue, std::string& name) {
  const auto* field = std::get_if<Operand::FieldName>(&left.value);
  if (field == nullptr) return false;
  const auto argument = field->argument ? std::optional<std::string_view>(*field->argument) : std::nullopt;
  const auto resolved = catalogue.resolve(field->name, argument);
  if (!resolved.ref || resolved.ref->any() || resolved.ref->type() != fields::Type::kText) return false;
  name = resolved.ref->text();
  return (resolved.ref->field->flags & fields::kList) == 0;
}

void find_contradictions(const Node& node, const fields::Catalogue& catalogue, const Report& report) {
  if (const auto* any = std::get_if<Node::Or>(&node.value)) {
    for (const NodePtr& term : any->terms) find_contradictions(*term, catalogue, report);
    return;
  }
  std::vector<const Node*> terms;
  required_terms(node, terms);
  std::map<std::string, std::set<std::string>> allowed;
  for (const Node* term : terms) {
    if (std::holds_alternative<Node::Or>(term->value)) find_contradictions(*term, catalogue, report);
    const auto* check = std::get_if<Node::Check>(&term->value);
    std::string name;
    if (check == nullptr || !is_single_text(check->left, catalogue, name)) continue;
    const auto texts = allowed_texts(*check);
    if (!texts) continue;
    const auto [known, fresh] = allowed.try_emplace(name, *texts);
    if (fresh) continue;
    std::erase_if(known->second, [&](const std::string& text) { return !texts->contains(text); });
    if (known->second.empty())
      report("never-true", fmt::format("{} would have to be two texts at once", name),
             "join the two checks with `or`, or drop one");
  }
}

void find_never_true(const RuleDetails& rule, const fields::Catalogue& catalogue, const Report& report) {
  if (rule.event_types.empty())
    report("never-true", "no type of event can make the condition true", "look at its checks of evt.type");
  find_contradictions(*rule.tree, catalogue, report);
}

void find_expensive(const RuleDetails& rule, const Report& report) {
  each_check(*rule.tree, [&](const Node::Check& check, const Node& node) {
    const auto* field = std::get_if<Operand::FieldName>(&check.left.value);
    const std::string* pattern = check.right.empty() ? nullptr : constant_of(check.right[0]);
    const bool looks_through = check.op == Operator::kContains || check.op == Operator::kIcontains ||
                               check.op == Operator::kBcontains;
    const bool is_long =
        field != nullptr && std::ranges::find(kLongTexts, field->name) != std::end(kLongTexts);
    if (check.op == Operator::kRegex) {
      report("expensive", fmt::format("'{}' runs a regular expression", print(node)),
             "glob, startswith, endswith or contains are cheaper where they can say it");
    } else if (is_long && looks_through) {
      report("expensive", fmt::format("'{}' looks through a long text", print(node)),
             "ask for one argument or variable, as in evt.arg.NAME or proc.env[NAME]");
    } else if ((check.op == Operator::kGlob || check.op == Operator::kIglob) && pattern != nullptr &&
               pattern->starts_with('*')) {
      report("expensive", fmt::format("'{}' may begin anywhere in the text", print(node)),
             "endswith or contains say it at less cost");
    }
  });
}

void find_fields_not_brought(const RuleDetails& rule, const fields::Catalogue& catalogue,
                             const Report& report) {
  std::set<std::string> seen;
  each_check(*rule.tree, [&](const Node::Check& check, const Node&) {
    const auto* name = std::get_if<Operand::FieldName>(&check.left.value);
    if (name == nullptr || !seen.insert(name->name).second) return;
    const auto argument = name->argument ? std::optional<std::string_view>(*name->argument) : std::nullopt;
    const auto resolved = catalogue.resolve(name->name, argument);
    if (!resolved.ref || resolved.ref->field->read != nullptr) return;
    report("not-brought", fmt::format("{} never has a value", resolved.ref->field->name),
           "`saker list fields --status` shows all such fields");
  });
}

void find_repeated_items(const RuleDetails& rule, const Report& report) {
  each_check(*rule.tree, [&](const Node::Check& check, const Node&) {
    std::set<std::string> seen, repeated;
    for (const Operand& right : check.right) {
      const std::string* text = constant_of(right);
      if (text != nullptr && !seen.insert(*text).second) repeated.insert(*text);
    }
    if (!repeated.empty())
      report("repeated-item", fmt::format("named more than once in a list: {}", fmt::join(repeated, ", ")),
             "leave the others out");
  });
}

std::set<std::string> term_texts(const Node& tree) {
  std::vector<const Node*> terms;
  required_terms(tree, terms);
  std::set<std::string> texts;
  for (const Node* term : terms) texts.insert(print(*term));
  return texts;
}

// An earlier rule that demands a part of what this one demands takes every event that this one could match.
void find_unreachable(const LoadResult& loaded, std::size_t rule, const Report& report) {
  const std::set<std::string> own = term_texts(*loaded.details[rule].tree);
  for (std::size_t earlier = 0; earlier < rule; ++earlier) {
    if (!loaded.all_rules[earlier].enabled) continue;
    const std::set<std::string> demands = term_texts(*loaded.details[earlier].tree);
    if (!std::ranges::includes(own, demands)) continue;
    report("unreachable",
           fmt::format("rule '{}' comes first and matches whenever this one does",
                       loaded.all_rules[earlier].name),
           "put this rule before it, or set rule_matching: all");
    return;
  }
}

void take_warnings(const LoadResult& loaded, std::vector<LintFinding>& findings) {
  for (const FileReport& report : loaded.reports) {
    for (const Diagnostic& warning : report.diagnostics) {
      const auto known =
          std::ranges::find(kWarnings, warning.code, &std::pair<std::string_view, std::string_view>::first);
      if (known == std::end(kWarnings)) continue;
      const std::string item = warning.context.empty() ? std::string() : warning.context.front().name;
      findings.push_back({std::string(known->second), warning.file, warning.line, warning.column, item,
                          warning.message, warning.hint});
    }
  }
}

}  // namespace

std::vector<LintCode> lint_codes() { return {std::begin(kCodes), std::end(kCodes)}; }

std::vector<LintFinding> lint(const LoadResult& loaded, Matching matching,
                              const fields::Catalogue& catalogue) {
  std::vector<LintFinding> findings;
  take_warnings(loaded, findings);
  for (std::size_t i = 0; i < loaded.details.size(); ++i) {
    const Rule& rule = loaded.all_rules[i];
    const RuleDetails& details = loaded.details[i];
    const Report report = [&](std::string_view code, std::string message, std::string advice) {
      findings.push_back(
          {std::string(code), rule.file, rule.line, 1, rule.name, std::move(message), std::move(advice)});
    };
    find_never_true(details, catalogue, report);
    if (matching == Matching::kFirst && rule.enabled) find_unreachable(loaded, i, report);
    find_expensive(details, report);
    find_fields_not_brought(details, catalogue, report);
    find_repeated_items(details, report);
  }
  return findings;
}

}  // namespace saker::rules
