// The checks of a tree become predicates, its connectives nodes. All problems of a tree are found, not only
// the first. Recursion is bounded by kTreeHeightMax.
#include "rules/compile.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "rules/constant_warnings.h"
#include "rules/event_types.h"
#include "rules/nearest_name.h"
#include "rules/node_table.h"
#include "rules/operand_compiler.h"
#include "rules/program.h"

namespace saker::rules {
namespace {

// Speaks of both ends of a connection at once, or of one end's network: for conditions with constants only.
bool is_two_ended(const CompiledOperand& operand) {
  constexpr unsigned kTwoEnded = fields::kFilterOnly | fields::kNoRhs;
  return operand.field != nullptr && (operand.field->flags & kTwoEnded) == kTwoEnded;
}

using fields::Type;
using fields::Value;

constexpr std::size_t kTreeHeightMax = 2'000;
constexpr std::string_view kEventType = "evt.type";
constexpr std::string_view kSyscallType = "syscall.type";
constexpr std::string_view kEventNumber = "evt.num";
constexpr std::string_view kContainerId = "container.id";
constexpr std::string_view kHost = "host";

std::string_view type_text(Type type) {
  constexpr std::array<std::string_view, 19> kNames = {
      "text",     "path",    "bytes",      "bool",       "integer",  "integer", "integer",
      "integer",  "integer", "integer",    "integer",    "integer",  "number",  "port",
      "duration", "time",    "IP address", "IP network", "parameter"};
  static_assert(kNames.size() == static_cast<std::size_t>(Type::kDynamic) + 1);
  return kNames[static_cast<std::size_t>(type)];
}

bool is_reference(const Operand& operand) {
  return !std::holds_alternative<Operand::Constant>(operand.value);
}

// Paths are texts.
Type comparable(Type type) { return type == Type::kPath ? Type::kText : type; }

class Compiler {
 public:
  explicit Compiler(const fields::Catalogue& catalogue)
      : catalogue_(catalogue), operands_(catalogue, made_->values, result_.problems) {}

  CompileResult run(const Node& tree) {
    const std::uint32_t root = compile(tree, 0);
    if (!result_.problems.empty()) return std::move(result_);
    made_->nodes = nodes_.take();
    made_->root = root;
    result_.event_types = possible_types(*made_, open_sets_);
    result_.condition = std::move(made_);
    return std::move(result_);
  }

 private:
  std::uint32_t compile(const Node& node, std::size_t height);
  std::vector<std::uint32_t> compile(const std::vector<NodePtr>& terms, std::size_t height);
  std::uint32_t check(const Node::Check& check);
  bool check_left(const Node::Check& check, const CompiledOperand& left);
  std::uint32_t with_value(const Node::Check& check, const CompiledOperand& left);
  std::uint32_t with_constants(const Node::Check& check, const CompiledOperand& left);
  bool check_event_types(const Node::Check& check);
  std::uint32_t event_type(const Node::Check& check, const CompiledOperand& left, const Predicate& predicate);
  std::uint32_t add(Predicate predicate);
  std::uint32_t add_types(TypeSet set, bool open);

  // The node that stands for a check with problems.
  std::uint32_t problem(Span span, std::string message, std::string suggestion = {},
                        bool unknown_filter = false) {
    result_.problems.push_back({span, std::move(message), std::move(suggestion), unknown_filter});
    return NodeTable::kFalse;
  }

  const fields::Catalogue& catalogue_;
  CompileResult result_;
  std::shared_ptr<CompiledCondition> made_ = std::make_shared<CompiledCondition>();
  OperandCompiler operands_;
  NodeTable nodes_;
  absl::flat_hash_map<std::string, std::uint32_t> predicates_;
  std::vector<bool> open_sets_;
};

std::uint32_t Compiler::compile(const Node& node, std::size_t height) {
  if (height > kTreeHeightMax) return problem(node.span, "the condition is nested too deeply");
  if (const auto* all = std::get_if<Node::And>(&node.value)) return nodes_.all(compile(all->terms, height));
  if (const auto* either = std::get_if<Node::Or>(&node.value))
    return nodes_.either(compile(either->terms, height));
  if (const auto* negated = std::get_if<Node::Not>(&node.value)) {
    return nodes_.negation(compile(*negated->term, height + 1));
  }
  if (const auto* macro = std::get_if<Node::Macro>(&node.value)) {
    return problem(node.span, fmt::format("unknown macro '{}'", macro->name));
  }
  return check(std::get<Node::Check>(node.value));
}

std::vector<std::uint32_t> Compiler::compile(const std::vector<NodePtr>& terms, std::size_t height) {
  std::vector<std::uint32_t> children;
  children.reserve(terms.size());
  for (const NodePtr& term : terms) children.push_back(compile(*term, height + 1));
  return children;
}

std::uint32_t Compiler::check(const Node::Check& check) {
  const auto left = operands_.compile(check.left);
  if (!left || !check_left(check, *left)) return NodeTable::kFalse;
  if (!check.right_is_list && !check.right.empty() && is_reference(check.right[0]))
    return with_value(check, *left);
  return with_constants(check, *left);
}

std::string allowed_operators(const CompiledOperand& left) {
  std::string text;
  for (int i = 0; i <= static_cast<int>(Operator::kPmatch); ++i) {
    const auto op = static_cast<Operator>(i);
    if (!allows(left.type, left.is_list, op)) continue;
    if (!text.empty()) text += ' ';
    text += operator_text(op);
  }
  return text;
}

bool Compiler::check_left(const Node::Check& check, const CompiledOperand& left) {
  if (left.field != nullptr && (left.field->flags & fields::kPrintOnly) != 0) {
    problem(check.left.span, fmt::format("{} can only be printed", left.field->name), {}, true);
    return false;
  }
  if (left.field != nullptr && left.field->argument == fields::ArgumentKind::kRequiredTime &&
      check.op != Operator::kEq) {
    problem(check.op_span, fmt::format("{} is only compared with =", left.field->name));
    return false;
  }
  if (allows(left.type, left.is_list, check.op)) return true;
  problem(check.op_span,
          fmt::format("'{}' is not for {}{}; expected one of: {}", operator_text(check.op),
                      left.is_list ? "a list of " : "", type_text(left.type), allowed_operators(left)));
  return false;
}

std::uint32_t Compiler::with_value(const Node::Check& check, const CompiledOperand& left) {
  const Operand& written = check.right[0];
  const auto right = operands_.compile(written);
  if (!right) return NodeTable::kFalse;
  const bool is_type =
      left.field != nullptr && (left.field->name == kEventType || left.field->name == kSyscallType);
  if (is_type) return problem(written.span, fmt::format("{} is compared with names only", left.field->name));
  if (is_two_ended(left)) {
    return problem(written.span, fmt::format("{} is compared with constants only", left.field->name));
  }
  if (right->field != nullptr && (right->field->flags & fields::kNoRhs) != 0) {
    return problem(written.span, fmt::format("{} cannot stand on the right side", right->field->name));
  }
  if (!compares_values(check.op)) {
    return problem(written.span, fmt::format("'{}' compares with constants only", operator_text(check.op)));
  }
  if (comparable(left.type) != comparable(right->type) || left.is_list != right->is_list) {
    return problem(written.span, fmt::format("a {}{} cannot be compared with a {}{}",
                                             left.is_list ? "list of " : "", type_text(left.type),
                                             right->is_list ? "list of " : "", type_text(right->type)));
  }
  Predicate predicate;
  predicate.left = left.value;
  predicate.right = right->value;
  predicate.op = check.op;
  predicate.type = left.type;
  predicate.any = left.any;
  predicate.by_name = made_->values[left.value].by_name || made_->values[right->value].by_name;
  predicate.key = fmt::format("{} {} {}", made_->values[left.value].key, operator_text(check.op),
                              made_->values[right->value].key);
  return add(std::move(predicate));
}

bool Compiler::check_event_types(const Node::Check& check) {
  bool good = true;
  for (const Operand& right : check.right) {
    const std::string& name = std::get<Operand::Constant>(right.value).text;
    if (event::find_type(name)) continue;
    good = false;
    problem(right.span, fmt::format("unknown event type '{}'", name),
            std::string(nearest_name(name, event::type_names().subspan(1))), true);
  }
  return good;
}

std::vector<std::string> constants_of(const Node::Check& check, Type type) {
  std::vector<std::string> constants;
  for (const Operand& right : check.right) constants.push_back(std::get<Operand::Constant>(right.value).text);
  // Falco looks at the first network only.
  if (check.modifier != Modifier::kNone && type == Type::kIpNetwork && constants.size() > 1)
    constants.resize(1);
  return constants;
}

std::string predicate_key(const ValueNode& left, const Node::Check& check,
                          std::vector<std::string> constants) {
  // Lists are sets, but oneof counts.
  if (check.modifier != Modifier::kOneOf && constants.size() > 1) {
    std::ranges::sort(constants);
    const auto repeated = std::ranges::unique(constants);
    constants.erase(repeated.begin(), repeated.end());
  }
  std::string key = fmt::format("{} {} {}", left.key, operator_text(check.op), modifier_text(check.modifier));
  for (const std::string& constant : constants) key += fmt::format("'{}:{}", constant.size(), constant);
  return key;
}

// Names that somebody looks up ahead of the events.
bool is_looked_up(std::string_view field) {
  return field == "fd.name" || field == "fs.path.name" ||
         (field.starts_with("fd.") && field.ends_with("ip.name"));
}

bool is_exact(Operator op) {
  return op == Operator::kEq || op == Operator::kIn || op == Operator::kIntersects;
}

// What a table of texts can decide: comparisons of a single text with constants.
std::optional<TextCheck> text_check(const Node::Check& check, const CompiledOperand& left,
                                    const std::vector<std::string>& constants) {
  if (comparable(left.type) != Type::kText || left.is_list || left.any) return std::nullopt;
  const bool several = check.modifier == Modifier::kAnyOf;
  if (check.modifier != Modifier::kNone && !several) return std::nullopt;
  using Kind = TextTable::Kind;
  switch (check.op) {
    case Operator::kEq:
    case Operator::kIn:
    case Operator::kIntersects:
      return TextCheck{Kind::kExact, false, constants};
    case Operator::kNe:
      return several ? std::nullopt : std::optional(TextCheck{Kind::kExact, true, constants});
    case Operator::kStartswith:
      return TextCheck{Kind::kPrefix, false, constants};
    default:
      return std::nullopt;
  }
}

// On the host container.id is "host", in a container it is something else.
ContainerVerdict container_verdict(const Node::Check& check, const Matcher& matcher,
                                   const std::vector<std::string>& constants) {
  Arena arena;
  ContainerVerdict verdict{matcher.matches(Value::text(kHost), arena), std::nullopt};
  const bool host_only =
      !constants.empty() && std::ranges::all_of(constants, [](auto& c) { return c == kHost; });
  if (check.modifier == Modifier::kNone && host_only) {
    if (check.op == Operator::kEq || check.op == Operator::kIn || check.op == Operator::kIntersects) {
      verdict.in_container = false;
    } else if (check.op == Operator::kNe) {
      verdict.in_container = true;
    }
  }
  return verdict;
}

std::uint32_t Compiler::with_constants(const Node::Check& check, const CompiledOperand& left) {
  const std::string_view name = left.field != nullptr ? left.field->name : std::string_view();
  const bool is_type = name == kEventType || name == kSyscallType;
  if (is_type && !check_event_types(check)) return NodeTable::kFalse;
  warn_about_constants(check, catalogue_, result_.warnings);
  const auto constants = constants_of(check, left.type);
  if (name == kEventNumber && check.modifier == Modifier::kNone &&
      never_an_event_number(check.op, constants)) {
    return NodeTable::kFalse;
  }
  Predicate predicate;
  predicate.key = predicate_key(made_->values[left.value], check, constants);
  if (const auto known = predicates_.find(predicate.key); known != predicates_.end() && !is_type) {
    return nodes_.predicate(known->second);
  }
  // "= D" of evt.around[T] means "at most D apart".
  const bool around = left.field != nullptr && left.field->argument == fields::ArgumentKind::kRequiredTime;
  MadeMatcher made =
      make_matcher(left.type, left.is_list, around ? Operator::kLe : check.op, check.modifier, constants);
  for (ConstantProblem& found : made.problems)
    problem(check.right[found.constant].span, std::move(found.message));
  if (!made.matcher) return NodeTable::kFalse;
  if (name == kContainerId) predicate.container = container_verdict(check, *made.matcher, constants);
  predicate.text = text_check(check, left, constants);
  if (is_looked_up(name) && is_exact(check.op)) predicate.literals = constants;
  predicate.left = left.value;
  predicate.matcher = std::move(made.matcher);
  predicate.op = check.op;
  predicate.modifier = check.modifier;
  predicate.constants = constants;
  predicate.type = left.type;
  predicate.any = left.any;
  predicate.all = left.any && is_two_ended(left) && check.op == Operator::kNe;
  predicate.by_name = made_->values[left.value].by_name;
  return is_type ? event_type(check, left, predicate) : add(std::move(predicate));
}

// evt.type is known before a rule is judged, so that checks on it cost nothing. syscall.type is missing for
// what is no system call, so it is still read; where it exists it has the same name.
std::uint32_t Compiler::event_type(const Node::Check& check, const CompiledOperand& left,
                                   const Predicate& predicate) {
  const bool open = check.op != Operator::kEq && check.op != Operator::kNe && check.op != Operator::kIn;
  const std::uint32_t types = add_types(matching_types(*predicate.matcher), open);
  return left.field->name == kEventType ? types : nodes_.all({types, add(predicate)});
}

std::uint32_t Compiler::add(Predicate predicate) {
  const auto [known, added] =
      predicates_.try_emplace(predicate.key, static_cast<std::uint32_t>(made_->predicates.size()));
  if (added) made_->predicates.push_back(std::move(predicate));
  return nodes_.predicate(known->second);
}

std::uint32_t Compiler::add_types(TypeSet set, bool open) {
  made_->type_sets.push_back(std::move(set));
  open_sets_.push_back(open);
  return nodes_.types(static_cast<std::uint32_t>(made_->type_sets.size() - 1));
}

}  // namespace

CompileResult compile_condition(const Node& tree, const fields::Catalogue& catalogue) {
  return Compiler(catalogue).run(tree);
}

std::vector<CompileProblem> check_operand(const Operand& operand, const fields::Catalogue& catalogue) {
  std::vector<ValueNode> values;
  std::vector<CompileProblem> problems;
  OperandCompiler(catalogue, values, problems).compile(operand);
  return problems;
}

}  // namespace saker::rules
