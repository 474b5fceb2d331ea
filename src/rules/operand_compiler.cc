#include "rules/operand_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace saker::rules {
namespace {

using fields::Type;

// The parser allows no more; a tree from elsewhere is held to the same.
constexpr std::uint32_t kOperandDepthMax = 1'000;

bool is_text(Type type) { return type == Type::kText || type == Type::kPath; }
bool is_text_or_bytes(Type type) { return is_text(type) || type == Type::kBytes; }
bool is_integer(Type type) { return type == Type::kPort || (type >= Type::kInt8 && type <= Type::kUint64); }

// What two values must share to be one.
std::string field_key(const fields::FieldRef& ref) {
  return fmt::format("F{}{}:{}:{}:{}:{}", ref.field->name.size(), ref.field->name,
                     static_cast<int>(ref.argument.kind), ref.argument.index, ref.argument.key.size(),
                     ref.argument.key);
}

}  // namespace

bool OperandCompiler::problem(Span span, std::string message) {
  problems_.push_back({span, std::move(message), {}, false});
  return false;
}

std::uint32_t OperandCompiler::add(ValueNode node) {
  const auto known = std::ranges::find(values_, node.key, &ValueNode::key);
  if (known != values_.end()) return static_cast<std::uint32_t>(known - values_.begin());
  values_.push_back(std::move(node));
  return static_cast<std::uint32_t>(values_.size() - 1);
}

std::optional<CompiledOperand> OperandCompiler::compile(const Operand& operand) {
  if (depth_ >= kOperandDepthMax) {
    problem(operand.span, "transformers are nested too deeply");
    return std::nullopt;
  }
  ++depth_;
  std::optional<CompiledOperand> compiled;
  if (const auto* name = std::get_if<Operand::FieldName>(&operand.value)) {
    compiled = field(*name, operand.span);
  } else if (const auto* text = std::get_if<Operand::Constant>(&operand.value)) {
    compiled = constant(*text);
  } else if (const auto* items = std::get_if<Operand::Tuple>(&operand.value)) {
    compiled = tuple(*items, operand.span);
  } else {
    compiled = call(std::get<Operand::Call>(operand.value), operand.span);
  }
  --depth_;
  return compiled;
}

std::optional<CompiledOperand> OperandCompiler::field(const Operand::FieldName& name, Span span) {
  const auto argument = name.argument ? std::optional<std::string_view>(*name.argument) : std::nullopt;
  auto resolved = catalogue_.resolve(name.name, argument);
  if (!resolved.ref) {
    // A known field misused is downgraded by skip-if-unknown-filter like an unknown one.
    problems_.push_back(
        {span, std::move(resolved.problem.message), std::move(resolved.problem.suggestion), true});
    return std::nullopt;
  }
  const fields::Field& found = *resolved.ref->field;
  CompiledOperand compiled{0, found.type, (found.flags & fields::kList) != 0, resolved.ref->any(), &found};
  ValueNode node;
  node.kind = ValueNode::Kind::kField;
  node.by_name = found.by_name;
  node.key = field_key(*resolved.ref);
  node.field = *std::move(resolved.ref);
  compiled.value = add(std::move(node));
  return compiled;
}

std::optional<CompiledOperand> OperandCompiler::constant(const Operand::Constant& constant) {
  ValueNode node;
  node.kind = ValueNode::Kind::kConstant;
  node.text = constant.text;
  node.key = fmt::format("'{}:{}", constant.text.size(), constant.text);
  return CompiledOperand{add(std::move(node)), Type::kText, false, false, nullptr};
}

std::optional<OperandCompiler::Arguments> OperandCompiler::arguments(const std::vector<Operand>& operands) {
  Arguments compiled;
  bool good = true;
  for (const Operand& operand : operands) {
    const auto argument = compile(operand);
    if (!argument) {
      good = false;
      continue;
    }
    if (argument->field != nullptr && (argument->field->flags & fields::kNoTransformer) != 0) {
      good = problem(operand.span, fmt::format("{} cannot be transformed", argument->field->name));
    }
    compiled.push_back(*argument);
  }
  return good ? std::optional(std::move(compiled)) : std::nullopt;
}

std::optional<CompiledOperand> OperandCompiler::tuple(const Operand::Tuple& tuple, Span span) {
  const auto items = arguments(tuple.items);
  if (!items) return std::nullopt;
  ValueNode node;
  node.kind = ValueNode::Kind::kTuple;
  node.key = "(";
  for (const CompiledOperand& item : *items) {
    if (item.is_list || item.any) {
      problem(span, "a list inside a list is not possible");
      return std::nullopt;
    }
    if (!is_text(item.type) && !is_integer(item.type)) {
      problem(span, "only texts and integers can be joined");
      return std::nullopt;
    }
    node.by_name = node.by_name || values_[item.value].by_name;
    node.key += values_[item.value].key + ",";
    node.arguments.push_back(item.value);
  }
  node.key += ")";
  return CompiledOperand{add(std::move(node)), Type::kText, true, false, nullptr};
}

std::optional<CompiledOperand> OperandCompiler::call(const Operand::Call& call, Span span) {
  const auto compiled = arguments(call.arguments);
  if (!compiled || !check_call(call, *compiled, span)) return std::nullopt;
  ValueNode node;
  node.kind = ValueNode::Kind::kCall;
  node.transformer = call.transformer;
  node.text = call.argument.value_or("");
  node.key = fmt::format("{}(", transformer_text(call.transformer));
  for (const CompiledOperand& argument : *compiled) {
    node.by_name = node.by_name || values_[argument.value].by_name;
    node.key += values_[argument.value].key + ",";
    node.arguments.push_back(argument.value);
  }
  node.key += ")" + node.text;
  CompiledOperand result{add(std::move(node)), Type::kText, false, false, nullptr};
  switch (call.transformer) {
    case Transformer::kLen:
      result.type = Type::kUint64;
      break;
    case Transformer::kConcat:
    case Transformer::kJoin:
    case Transformer::kGetopt:
      break;
    default:
      result.type = compiled->front().type;
      result.is_list = compiled->front().is_list;
      result.any = compiled->front().any;
  }
  return result;
}

bool OperandCompiler::check_call(const Operand::Call& call, const Arguments& arguments, Span span) {
  const std::string_view name = transformer_text(call.transformer);
  if (call.argument && call.transformer != Transformer::kGetopt) {
    return problem(span, fmt::format("{}() takes nothing in brackets", name));
  }
  if (call.transformer == Transformer::kConcat) {
    if (arguments.size() < 2) return problem(span, "concat() takes two or more texts");
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (!is_text(arguments[i].type) || arguments[i].is_list || arguments[i].any) {
        return problem(call.arguments[i].span, "concat() takes single texts");
      }
    }
    return true;
  }
  const std::size_t wanted =
      call.transformer == Transformer::kJoin || call.transformer == Transformer::kGetopt ? 2 : 1;
  if (arguments.size() != wanted) {
    return problem(span, fmt::format("{}() takes {}, not {}", name,
                                     wanted == 1 ? "one argument" : "two arguments", arguments.size()));
  }
  if (call.transformer == Transformer::kJoin) return check_join(call, arguments);
  if (call.transformer == Transformer::kGetopt) return check_getopt(call, arguments, span);
  const CompiledOperand& argument = arguments.front();
  if (call.transformer == Transformer::kLen) {
    if (argument.is_list || is_text_or_bytes(argument.type)) return true;
    return problem(call.arguments[0].span, "len() takes a text, bytes or a list");
  }
  const bool good =
      call.transformer == Transformer::kB64 ? is_text_or_bytes(argument.type) : is_text(argument.type);
  return good || problem(call.arguments[0].span, fmt::format("{}() takes a text", name));
}

bool OperandCompiler::check_join(const Operand::Call& call, const Arguments& arguments) {
  if (!is_text(arguments[0].type) || arguments[0].is_list || arguments[0].any) {
    return problem(call.arguments[0].span, "join() takes a single text as separator");
  }
  if (!arguments[1].is_list || (!is_text(arguments[1].type) && !is_integer(arguments[1].type))) {
    return problem(call.arguments[1].span,
                   "join() takes a list of texts or integers, as in join(\",\", (a.b, c.d))");
  }
  return true;
}

bool OperandCompiler::check_getopt(const Operand::Call& call, const Arguments& arguments, Span span) {
  if (!arguments[0].is_list || !is_text(arguments[0].type)) {
    return problem(call.arguments[0].span, "getopt() takes a list of texts");
  }
  if (!std::holds_alternative<Operand::Constant>(call.arguments[1].value)) {
    return problem(call.arguments[1].span, "getopt() takes its options as a quoted text");
  }
  if (!call.argument || call.argument->size() != 1) {
    return problem(span, "getopt() takes the option's letter in brackets, as in getopt(..., \"a:b\")[a]");
  }
  return true;
}

}  // namespace saker::rules
