// Names, print and clone of the condition tree. Recursion is bounded: the parser limits nesting, macro
// insertion limits the height of what it builds.
#include "rules/ast.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace saker::rules {
namespace {

constexpr std::array<std::string_view, 19> kOperators = {
    "exists",   "=",         "!=",        "<",          "<=",          ">",        ">=",
    "contains", "icontains", "bcontains", "startswith", "bstartswith", "endswith", "glob",
    "iglob",    "regex",     "in",        "intersects", "pmatch"};
constexpr std::array<std::string_view, 4> kModifiers = {"", "oneof", "anyof", "allof"};
constexpr std::array<std::string_view, 8> kTransformers = {"tolower", "toupper", "b64",  "basename",
                                                           "len",     "concat",  "join", "getopt"};
static_assert(kOperators[static_cast<std::size_t>(Operator::kPmatch)] == "pmatch");
static_assert(kTransformers[static_cast<std::size_t>(Transformer::kGetopt)] == "getopt");

bool needs_quotes(std::string_view text) {
  return text.find_first_of(std::string_view("()\"'=, \t\b\r\n\v\f\0", 14)) != std::string_view::npos;
}

void print_quoted(std::string_view text, std::string& into) {
  into += '"';
  for (const char c : text) {
    switch (c) {
      case '\b':
        into += "\\b";
        break;
      case '\f':
        into += "\\f";
        break;
      case '\n':
        into += "\\n";
        break;
      case '\r':
        into += "\\r";
        break;
      case '\t':
        into += "\\t";
        break;
      case '\\':
        into += "\\\\";
        break;
      case '"':
        into += "\\\"";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(into), "\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          into += c;
        }
    }
  }
  into += '"';
}

void print_value(std::string_view text, std::string& into) {
  if (needs_quotes(text)) {
    print_quoted(text, into);
  } else {
    into += text;
  }
}

void print_argument(const std::optional<std::string>& argument, std::string& into) {
  if (!argument) return;
  into += '[';
  print_value(*argument, into);
  into += ']';
}

void print_operand(const Operand& operand, bool right_side, std::string& into);

void print_items(const std::vector<Operand>& items, std::string_view separator, std::string& into) {
  into += '(';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) into += separator;
    print_operand(items[i], false, into);
  }
  into += ')';
}

void print_operand(const Operand& operand, bool right_side, std::string& into) {
  if (const auto* constant = std::get_if<Operand::Constant>(&operand.value)) {
    print_value(constant->text, into);
  } else if (const auto* field = std::get_if<Operand::FieldName>(&operand.value)) {
    if (right_side) into += "val(";
    into += field->name;
    print_argument(field->argument, into);
    if (right_side) into += ')';
  } else if (const auto* call = std::get_if<Operand::Call>(&operand.value)) {
    into += transformer_text(call->transformer);
    print_items(call->arguments, ",", into);
    print_argument(call->argument, into);
  } else if (const auto* tuple = std::get_if<Operand::Tuple>(&operand.value)) {
    print_items(tuple->items, ",", into);
  }
}

void print_check(const Node::Check& check, std::string& into) {
  print_operand(check.left, false, into);
  into += ' ';
  into += check.double_equals ? std::string_view("==") : operator_text(check.op);
  if (check.modifier != Modifier::kNone) {
    into += ' ';
    into += modifier_text(check.modifier);
  }
  if (check.op == Operator::kExists) return;
  into += ' ';
  if (check.right_is_list) {
    print_items(check.right, ", ", into);
  } else if (!check.right.empty()) {
    print_operand(check.right.front(), true, into);
  }
}

void print_node(const Node& node, std::string& into);

void print_terms(const std::vector<NodePtr>& terms, std::string_view connective, std::string& into) {
  into += '(';
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (i > 0) into += connective;
    print_node(*terms[i], into);
  }
  into += ')';
}

void print_node(const Node& node, std::string& into) {
  if (const auto* all = std::get_if<Node::And>(&node.value)) {
    print_terms(all->terms, " and ", into);
  } else if (const auto* either = std::get_if<Node::Or>(&node.value)) {
    print_terms(either->terms, " or ", into);
  } else if (const auto* negated = std::get_if<Node::Not>(&node.value)) {
    into += "not ";
    print_node(*negated->term, into);
  } else if (const auto* macro = std::get_if<Node::Macro>(&node.value)) {
    into += macro->name;
  } else if (const auto* check = std::get_if<Node::Check>(&node.value)) {
    print_check(*check, into);
  }
}

std::vector<NodePtr> clone_terms(const std::vector<NodePtr>& terms) {
  std::vector<NodePtr> copies;
  copies.reserve(terms.size());
  for (const NodePtr& term : terms) copies.push_back(clone(*term));
  return copies;
}

}  // namespace

std::string_view operator_text(Operator op) { return kOperators[static_cast<std::size_t>(op)]; }
std::string_view modifier_text(Modifier modifier) { return kModifiers[static_cast<std::size_t>(modifier)]; }
std::string_view transformer_text(Transformer transformer) {
  return kTransformers[static_cast<std::size_t>(transformer)];
}

std::string print(const Node& node) {
  std::string text;
  print_node(node, text);
  return text;
}

NodePtr clone(const Node& node) {
  auto copy = std::make_unique<Node>();
  copy->span = node.span;
  if (const auto* all = std::get_if<Node::And>(&node.value)) {
    copy->value = Node::And{clone_terms(all->terms)};
  } else if (const auto* either = std::get_if<Node::Or>(&node.value)) {
    copy->value = Node::Or{clone_terms(either->terms)};
  } else if (const auto* negated = std::get_if<Node::Not>(&node.value)) {
    copy->value = Node::Not{clone(*negated->term)};
  } else if (const auto* macro = std::get_if<Node::Macro>(&node.value)) {
    copy->value = *macro;
  } else if (const auto* check = std::get_if<Node::Check>(&node.value)) {
    copy->value = *check;
  }
  return copy;
}

}  // namespace saker::rules
