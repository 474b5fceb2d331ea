#include "rules/deprecated_uses.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

namespace saker::rules {
namespace {

void look_at(const Operand& root, const fields::Catalogue& catalogue, std::vector<CompileProblem>& found) {
  std::vector<const Operand*> open{&root};
  while (!open.empty()) {
    const Operand& operand = *open.back();
    open.pop_back();
    if (const auto* call = std::get_if<Operand::Call>(&operand.value)) {
      for (const Operand& argument : call->arguments) open.push_back(&argument);
    } else if (const auto* tuple = std::get_if<Operand::Tuple>(&operand.value)) {
      for (const Operand& item : tuple->items) open.push_back(&item);
    } else if (const auto* name = std::get_if<Operand::FieldName>(&operand.value)) {
      const auto argument = name->argument ? std::optional<std::string_view>(*name->argument) : std::nullopt;
      const auto resolved = catalogue.resolve(name->name, argument);
      if (!resolved.ref || (resolved.ref->field->flags & fields::kDeprecated) == 0) continue;
      found.push_back({operand.span, fmt::format("field '{}' is deprecated", name->name), {}, false});
    }
  }
}

}  // namespace

std::vector<CompileProblem> deprecated_uses(const Node& tree, const fields::Catalogue& catalogue) {
  std::vector<CompileProblem> found;
  std::vector<const Node*> open{&tree};
  while (!open.empty()) {
    const Node& node = *open.back();
    open.pop_back();
    if (const auto* terms = std::get_if<Node::And>(&node.value)) {
      for (const NodePtr& term : terms->terms) open.push_back(term.get());
    } else if (const auto* either = std::get_if<Node::Or>(&node.value)) {
      for (const NodePtr& term : either->terms) open.push_back(term.get());
    } else if (const auto* negated = std::get_if<Node::Not>(&node.value)) {
      open.push_back(negated->term.get());
    } else if (const auto* check = std::get_if<Node::Check>(&node.value)) {
      look_at(check->left, catalogue, found);
      for (const Operand& right : check->right) look_at(right, catalogue, found);
    }
  }
  return found;
}

}  // namespace saker::rules
