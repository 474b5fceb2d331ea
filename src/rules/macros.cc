#include "rules/macros.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/condition_parser.h"

namespace saker::rules {
namespace {

// Macros that wait for one another; resolving them calls itself.
constexpr std::size_t kMacroDepthMax = 100;

std::vector<Enclosing> context_of(const CollectedMacro& macro) {
  return {{"macro", macro.name, macro.place}};
}

template <class Visit>
void for_each_child(Node& node, Visit visit) {
  if (auto* terms = std::get_if<Node::And>(&node.value)) {
    for (NodePtr& term : terms->terms) visit(term);
  } else if (auto* either = std::get_if<Node::Or>(&node.value)) {
    for (NodePtr& term : either->terms) visit(term);
  } else if (auto* negated = std::get_if<Node::Not>(&node.value)) {
    visit(negated->term);
  }
}

}  // namespace

std::vector<Enclosing> in_expression(const std::vector<Enclosing>& owner, const LocatedText& text) {
  auto context = owner;
  context.push_back({"condition expression", fmt::format("\"{}\"", text.text()), text.place(0, 1)});
  return context;
}

void report_parse_problems(const std::vector<ParseProblem>& problems, const LocatedText& text,
                           const std::vector<Enclosing>& owner, Findings& findings) {
  for (const ParseProblem& problem : problems) {
    findings.push_back({Code::kErrCompileCondition,
                        problem.message,
                        {},
                        text.place(problem.begin, problem.end),
                        in_expression(owner, text)});
  }
}

Macros::Macros(const Collection& collection, const absl::flat_hash_map<std::string, Place>& later,
               ListExpansion& lists, Findings& findings)
    : collection_(collection), later_(later), findings_(findings), macros_(collection.macros().size()) {
  for (std::size_t i = 0; i < macros_.size(); ++i) {
    macros_[i].macro = &collection.macros()[i];
    names_.emplace(macros_[i].macro->name, i);
    parse(macros_[i], static_cast<std::uint32_t>(i + 1), lists);
  }
  for (std::size_t i = 0; i < macros_.size(); ++i) resolve(i, 0);
}

void Macros::parse(Entry& entry, std::uint32_t source, ListExpansion& lists) {
  if (entry.macro->broken) {
    entry.state = State::kFailed;
    return;
  }
  entry.text = entry.macro->condition;
  const auto context = context_of(*entry.macro);
  if (!lists.expand(entry.text)) {
    findings_.push_back({Code::kErrCompileCondition,
                         "the condition is too long once its lists are filled in",
                         {},
                         entry.macro->place,
                         context});
    entry.state = State::kFailed;
    return;
  }
  Parsed parsed = parse_condition(entry.text.text(), source);
  report_parse_problems(parsed.problems, entry.text, context, findings_);
  entry.tree = std::move(parsed.tree);
  if (!entry.tree) entry.state = State::kFailed;
}

void Macros::resolve(std::size_t position, std::size_t depth) {
  Entry& entry = macros_[position];
  if (entry.state != State::kNew) return;
  entry.state = State::kActive;
  const auto context = context_of(*entry.macro);
  const Asker asker{entry.text, context, entry.macro->visibility, depth};
  Size size;
  const bool good = insert(entry.tree, asker, size);
  entry.nodes = size.nodes;
  entry.height = size.height;
  entry.state = good ? State::kDone : State::kFailed;
}

bool Macros::insert(NodePtr& tree, const LocatedText& text, const std::vector<Enclosing>& owner) {
  Size size;
  return insert(tree, Asker{text, owner, UINT32_MAX, 0}, size);
}

bool Macros::insert(NodePtr& tree, const Asker& asker, Size& size) {
  struct Step {
    NodePtr* node;
    std::size_t height;
  };
  bool good = true;
  std::vector<Step> open{{&tree, 1}};
  while (!open.empty()) {
    const Step step = open.back();
    open.pop_back();
    size.nodes += 1;
    size.height = std::max(size.height, step.height);
    if (std::holds_alternative<Node::Macro>((*step.node)->value)) {
      good = replace(*step.node, asker, size, step.height) && good;
    } else {
      for_each_child(**step.node, [&](NodePtr& child) { open.push_back({&child, step.height + 1}); });
    }
  }
  return good;
}

bool Macros::replace(NodePtr& node, const Asker& asker, Size& size, std::size_t height) {
  const std::string name = std::get<Node::Macro>(node->value).name;
  const Span span = node->span;
  const auto found = names_.find(name);
  if (found == names_.end() || macros_[found->second].macro->index >= asker.visibility) {
    return unknown(name, span, asker);
  }
  Entry& entry = macros_[found->second];
  entry.used = true;
  if (entry.state == State::kActive) {
    return error(fmt::format("macro '{}' is defined by itself", name), {}, span, asker);
  }
  if (entry.state == State::kNew && asker.depth >= kMacroDepthMax) {
    return error(fmt::format("macro '{}' is nested too deeply", name), {}, span, asker);
  }
  resolve(found->second, asker.depth + 1);
  if (entry.state != State::kDone) return false;
  size.nodes += entry.nodes;
  size.height = std::max(size.height, height + entry.height);
  if (size.nodes > kTreeNodesMax || size.height > kTreeHeightMax) {
    return error(fmt::format("the condition is too large once macro '{}' is filled in", name), {}, span,
                 asker);
  }
  node = clone(*entry.tree);
  return true;
}

bool Macros::unknown(const std::string& name, Span span, const Asker& asker) {
  if (collection_.incomplete()) return false;
  std::string hint;
  if (asker.visibility != UINT32_MAX && asker.context.front().name == name) {
    hint = "a macro cannot use itself";
  } else if (const auto place = later_.find(name); place != later_.end()) {
    hint = "it is defined later: define it before it is used";
  } else {
    std::vector<std::string_view> names;
    for (const Entry& entry : macros_) {
      if (entry.macro->index < asker.visibility) names.push_back(entry.macro->name);
    }
    hint = did_you_mean(name, names);
  }
  return error(fmt::format("unknown macro '{}'", name), std::move(hint), span, asker);
}

bool Macros::error(std::string message, std::string hint, Span span, const Asker& asker) {
  findings_.push_back({Code::kErrValidate, std::move(message), std::move(hint),
                       asker.text.place(span.begin, span.end), in_expression(asker.context, asker.text)});
  return false;
}

}  // namespace saker::rules
