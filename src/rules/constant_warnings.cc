#include "rules/constant_warnings.h"

#include <fmt/format.h>

#include <string_view>

#include "rules/condition_parser.h"

namespace saker::rules {
namespace {

// Only `.` and `.*`, which a glob can say, cheaper.
bool is_simple_regex(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*' && (i == 0 || pattern[i - 1] != '.')) return false;
  }
  return pattern.find_first_of("[](){}+?|^$\\") == std::string_view::npos;
}

bool looks_like_reference(std::string_view text, const fields::Catalogue& catalogue) {
  if (text.find('.') == std::string_view::npos) return false;
  const ParsedOperand parsed = parse_operand_prefix(text);
  if (!parsed.operand || parsed.length != text.size()) return false;
  const auto* name = std::get_if<Operand::FieldName>(&parsed.operand->value);
  if (name == nullptr) return true;
  if (!catalogue.knows(name->name)) return false;  // so that no nearest name is looked for
  const auto argument = name->argument ? std::optional<std::string_view>(*name->argument) : std::nullopt;
  return catalogue.resolve(name->name, argument).ref.has_value();
}

}  // namespace

void warn_about_constants(const Node::Check& check, const fields::Catalogue& catalogue,
                          std::vector<CompileProblem>& warnings) {
  for (const Operand& right : check.right) {
    const auto* constant = std::get_if<Operand::Constant>(&right.value);
    if (constant == nullptr) continue;
    if (looks_like_reference(constant->text, catalogue)) {
      warnings.push_back(
          {right.span,
           fmt::format("'{0}' is compared as a text; its value would be val({0})", constant->text),
           {},
           false});
    }
    if (check.op == Operator::kRegex && is_simple_regex(constant->text)) {
      warnings.push_back({right.span,
                          "this regular expression uses nothing that glob, startswith, endswith or "
                          "contains could not say at less cost",
                          {},
                          false});
    }
  }
}

}  // namespace saker::rules
