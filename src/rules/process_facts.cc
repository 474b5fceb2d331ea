#include "rules/process_facts.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "rules/plan_checks.h"

namespace saker::rules {
namespace {

constexpr std::string_view kName = "proc.name";

// Read from the process's row alone, which changes with its fork and exec only (state/process_table.h).
constexpr std::string_view kOwn[] = {
    kName,
    "proc.exe",
    "proc.exepath",
    "proc.args",
    "proc.cmdline",
    "proc.exeline",
    "proc.cmdnargs",
    "proc.cmdlenargs",
    "proc.exe_ino",
    "proc.is_exe_writable",
    "proc.is_exe_upper_layer",
    "proc.is_exe_lower_layer",
    "proc.is_exe_from_memfd",
};

// The same of the parent, and the field that reads it of the process itself.
struct OfParent {
  std::string_view field, own;
};
constexpr OfParent kOfParent[] = {
    {"proc.pname", "proc.name"},
    {"proc.pexe", "proc.exe"},
    {"proc.pexepath", "proc.exepath"},
    {"proc.pcmdline", "proc.cmdline"},
};
// With the level 1.
constexpr OfParent kOfAncestor[] = {
    {"proc.aname", "proc.name"},
    {"proc.aexe", "proc.exe"},
    {"proc.aexepath", "proc.exepath"},
    {"proc.acmdline", "proc.cmdline"},
};

bool is_own(const RuleSet::Program& program, std::uint32_t value) {
  const ValueNode& node = program.values[value];
  switch (node.kind) {
    case ValueNode::Kind::kField:
      return std::ranges::find(kOwn, node.field.field->name) != std::end(kOwn);
    case ValueNode::Kind::kConstant:
      return true;
    default:
      return std::ranges::all_of(node.arguments, [&](std::uint32_t each) { return is_own(program, each); });
  }
}

// The own field that reads what `ref` reads of the parent; null when it reads anything else.
const fields::Field* own_field(const fields::FieldRef& ref) {
  const auto in = [&](const auto& table) -> const fields::Field* {
    const auto found = std::ranges::find(table, ref.field->name, &OfParent::field);
    return found == std::end(table) ? nullptr : fields::syscall_catalogue().find(found->own);
  };
  if (ref.argument.kind == fields::Argument::Kind::kNone) return ref.any() ? nullptr : in(kOfParent);
  const bool parent = ref.argument.kind == fields::Argument::Kind::kIndex && ref.argument.index == 1;
  return parent ? in(kOfAncestor) : nullptr;
}

const fields::Field* own_field(const RuleSet::Program& program, std::uint32_t number) {
  const Predicate& predicate = program.predicates[number];
  const ValueNode& value = program.values[predicate.left];
  if (predicate.right || predicate.any || value.kind != ValueNode::Kind::kField) return nullptr;
  return own_field(value.field);
}

}  // namespace

bool of_process(const RuleSet::Program& program, std::uint32_t number) {
  const Predicate& predicate = program.predicates[number];
  if (predicate.any || !is_own(program, predicate.left)) return false;
  return !predicate.right || is_own(program, *predicate.right);
}

bool of_parent(const RuleSet::Program& program, std::uint32_t number) {
  return own_field(program, number) != nullptr;
}

bool of_process_name(const RuleSet::Program& program, std::uint32_t number) {
  const Predicate& predicate = program.predicates[number];
  const ValueNode& value = program.values[predicate.left];
  return of_process(program, number) && !predicate.right && value.kind == ValueNode::Kind::kField &&
         value.field.field->name == kName;
}

bool of_parent_name(const RuleSet::Program& program, std::uint32_t number) {
  const fields::Field* field = own_field(program, number);
  return field != nullptr && field->name == kName;
}

Truth decide_for_process(const RuleSet::Program& program, std::uint32_t number,
                         const fields::Subject& subject, Arena& arena) {
  return truth(holds(program, program.predicates[number], subject, arena));
}

Truth decide_for_parent(const RuleSet::Program& program, std::uint32_t number, const fields::Subject& subject,
                        Arena& arena) {
  const fields::Value value = own_field(program, number)->read(subject, {}, arena);
  return truth(program.predicates[number].matcher->matches(value, arena));
}

}  // namespace saker::rules
