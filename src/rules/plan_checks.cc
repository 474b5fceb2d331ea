#include "rules/plan_checks.h"

#include <algorithm>

#include "rules/constants.h"
#include "rules/transformers.h"

namespace saker::rules {
namespace {

using fields::Value;

Value value_of(const RuleSet::Program& program, std::uint32_t number, const fields::Subject& subject,
               Arena& arena) {
  const ValueNode& node = program.values[number];
  if (node.kind == ValueNode::Kind::kField) return node.field.read(subject, arena);
  if (node.kind == ValueNode::Kind::kConstant) return Value::text(node.text);
  const auto arguments = arena.array<Value>(node.arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    arguments[i] = value_of(program, node.arguments[i], subject, arena);
    if (arguments[i].missing()) return {};
  }
  if (node.kind == ValueNode::Kind::kTuple) return Value::list(arguments);
  return transform(node.transformer, arguments, node.text, arena);
}

}  // namespace

bool holds(const RuleSet::Program& program, const Predicate& predicate, const fields::Subject& subject,
           Arena& arena) {
  const Value left = value_of(program, predicate.left, subject, arena);
  if (left.missing()) return false;
  const auto one = [&](const Value& value) {
    if (!predicate.right) return predicate.matcher->matches(value, arena);
    return compare_values(predicate.type, predicate.op, value,
                          value_of(program, *predicate.right, subject, arena), arena);
  };
  if (!predicate.any || left.kind() != fields::Kind::kList) return one(left);
  return predicate.all ? std::ranges::all_of(left.list(), one) : std::ranges::any_of(left.list(), one);
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

bool is_equality(Operator op) {
  return op == Operator::kEq || op == Operator::kIn || op == Operator::kIntersects;
}

std::vector<std::int64_t> numbers_of(const Predicate& predicate) {
  std::vector<std::int64_t> numbers;
  for (const std::string& constant : predicate.constants) {
    if (const auto number = read_integer(constant, fields::Type::kInt64))
      numbers.push_back(static_cast<std::int64_t>(*number));
  }
  return numbers;
}

PlanChecks::PlanChecks(const RuleSet::Program& program, event::TypeId type) : program_(program), type_(type) {
  open_ = type >= event::kOpen && type <= event::kOpenByHandleAt;
}

const fields::FieldRef* PlanChecks::field(std::uint32_t number) const {
  return program_.predicates[number].any ? nullptr : field_or_any(number);
}

const fields::FieldRef* PlanChecks::field_or_any(std::uint32_t number) const {
  const Predicate& predicate = program_.predicates[number];
  const ValueNode& value = program_.values[predicate.left];
  return predicate.right || value.kind != ValueNode::Kind::kField ? nullptr : &value.field;
}

const event::Parameter* PlanChecks::parameter(std::uint32_t number) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr || !is_one_of(ref->field->name, {"evt.arg", "evt.rawarg"})) return nullptr;
  if (ref->argument.kind == fields::Argument::Kind::kKey)
    return event::find_parameter(type_, ref->argument.key);
  const event::Schema* schema = event::find_schema(type_);
  const auto index = static_cast<std::uint64_t>(ref->argument.index);
  return schema != nullptr && index < schema->parameters.size() ? &schema->parameters[index] : nullptr;
}

event::Event PlanChecks::example() const {
  event::Event event;
  event.type = type_;
  const bool names_file = type_ >= event::kOpen && type_ <= event::kExecveat;
  if (names_file) {
    event.body = event::File{};
  } else {
    event.body = event::Call{};
  }
  return event;
}

Truth PlanChecks::agreed(std::uint32_t number, const std::vector<event::Event>& examples) const {
  Arena arena;
  std::optional<bool> first;
  for (const event::Event& event : examples) {
    fields::Subject subject;
    subject.event = &event;
    const bool now = holds(program_, program_.predicates[number], subject, arena);
    if (first && *first != now) return Truth::kUnknown;
    first = now;
  }
  return first ? truth(*first) : Truth::kUnknown;
}

}  // namespace saker::rules
