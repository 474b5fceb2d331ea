// Runs the steps of rule_program.h. Results and values are stamped with the number of the judgement they
// belong to, so that nothing is cleared between events: a file's further names get numbers of their own, and
// what does not depend on the name keeps the event's.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <variant>

#include "fields/names.h"
#include "rules/rule_program.h"
#include "rules/rule_set.h"
#include "rules/transformers.h"

namespace saker::rules {

using fields::Value;

struct Evaluator::State {
  struct KeptValue {
    Value value;
    std::uint32_t stamp = 0;
  };

  // What a text table says of its value; null when there is none.
  struct KeptRow {
    const std::uint64_t* row = nullptr;
    std::uint32_t stamp = 0;
  };

  explicit State(const RuleSet& set)
      : program(set.program()), first_only(set.matching() == Matching::kFirst) {
    slots.resize(program.slots_max);
    calls.resize(program.calls_max);
    values.resize(program.values.size());
    rows.resize(program.tables.size());
    matches.reserve(set.rules().size());
  }

  void next_event();
  void next_name() { stamps[1] = ++last_stamp; }
  void run(const TypeProgram& type, std::uint32_t step);
  bool decide(const Predicate& predicate);
  const std::uint64_t* look_up(const ValueTable& table);
  const Value& value(std::uint32_t number);
  Value compute(const ValueNode& node);
  bool add_match(std::uint32_t rule);

  const RuleSet::Program& program;
  const bool first_only;
  std::vector<std::uint32_t> slots;  // stamp * 2 + result
  std::vector<KeptValue> values;
  std::vector<KeptRow> rows;
  std::vector<std::uint32_t> calls;
  std::vector<Match> matches;
  std::array<std::uint32_t, 2> stamps{};  // of the event, of the name
  std::uint32_t last_stamp = 0;
  fields::Subject subject;
  Arena* arena = nullptr;
};

void Evaluator::State::next_event() {
  if (last_stamp > std::numeric_limits<std::uint32_t>::max() / 2 - fields::kNameKinds - 1) {
    std::ranges::fill(slots, 0U);
    std::ranges::fill(values, KeptValue());
    std::ranges::fill(rows, KeptRow());
    last_stamp = 0;
  }
  ++last_stamp;
  stamps = {last_stamp, last_stamp};
  matches.clear();
}

const Value& Evaluator::State::value(std::uint32_t number) {
  const ValueNode& node = program.values[number];
  const std::uint32_t stamp = stamps[node.by_name ? 1 : 0];
  KeptValue& kept = values[number];
  if (kept.stamp != stamp) {
    kept.value = compute(node);
    kept.stamp = stamp;
  }
  return kept.value;
}

// Calls itself for arguments, as deep as the author nested transformers.
Value Evaluator::State::compute(const ValueNode& node) {
  if (node.kind == ValueNode::Kind::kField) return node.field.read(subject, *arena);
  if (node.kind == ValueNode::Kind::kConstant) return Value::text(node.text);
  const auto arguments = arena->array<Value>(node.arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    arguments[i] = value(node.arguments[i]);
    if (arguments[i].missing()) return {};
  }
  if (node.kind == ValueNode::Kind::kTuple) return Value::list(arguments);
  return transform(node.transformer, arguments, node.text, *arena);
}

bool Evaluator::State::decide(const Predicate& predicate) {
  const Value& left = value(predicate.left);
  if (left.missing()) return false;
  const auto holds = [&](const Value& one) {
    if (!predicate.right) return predicate.matcher->matches(one, *arena);
    return compare_values(predicate.type, predicate.op, one, value(*predicate.right), *arena);
  };
  if (!predicate.any || left.kind() != fields::Kind::kList) return holds(left);
  return std::ranges::any_of(left.list(), holds);
}

const std::uint64_t* Evaluator::State::look_up(const ValueTable& table) {
  const Value& text = value(table.value);
  return text.kind() == fields::Kind::kText ? table.table.row(text.text()) : nullptr;
}

// False when the run may stop.
bool Evaluator::State::add_match(std::uint32_t rule) {
  if (subject.name_index == 0) {
    matches.push_back({rule, 0});
    return !first_only;
  }
  if (first_only) {
    if (matches.empty() || rule < matches[0].rule) matches.assign(1, {rule, subject.name_index});
    return false;
  }
  // Under a later name: in its place, unless it is there already.
  const auto place = std::ranges::lower_bound(matches, rule, {}, &Match::rule);
  if (place == matches.end() || place->rule != rule) matches.insert(place, {rule, subject.name_index});
  return true;
}

// A branch, not an index: the processor goes on with the step it expects, which it mostly guesses right, and
// need not wait for the result.
std::uint32_t follow(const Step& step, bool result) {
  if (result) [[unlikely]]
    return step.next[1];
  return step.next[0];
}

void Evaluator::State::run(const TypeProgram& type, std::uint32_t at) {
  std::uint32_t* call = calls.data();
  for (;;) {
    const Step& step = type.steps[at];
    const std::uint32_t stamp = stamps[step.by_name ? 1 : 0];
    switch (step.kind) {
      case Step::Kind::kTest: {
        std::uint32_t& slot = slots[step.slot];
        if (slot >> 1 != stamp) slot = stamp << 1 | (decide(program.predicates[step.entry]) ? 1U : 0U);
        at = follow(step, (slot & 1) != 0);
        break;
      }
      case Step::Kind::kText: {
        KeptRow& kept = rows[step.entry];
        if (kept.stamp != stamp) kept = {look_up(program.tables[step.entry]), stamp};
        const bool holds = kept.row != nullptr && TextTable::bit(kept.row, step.bit) == step.verdict;
        at = follow(step, holds);
        break;
      }
      case Step::Kind::kCall: {
        const std::uint32_t slot = slots[step.slot];
        if (slot >> 1 == stamp) {
          at = follow(step, (slot & 1) != 0);
        } else {
          *call++ = at;
          at = step.entry;
        }
        break;
      }
      case Step::Kind::kReturn: {
        const Step& caller = type.steps[*--call];
        slots[caller.slot] = stamps[caller.by_name ? 1 : 0] << 1 | (step.verdict ? 1U : 0U);
        at = caller.next[step.verdict ? 1 : 0];
        break;
      }
      case Step::Kind::kMatch:
        if (!add_match(step.entry)) return;
        at = step.next[0];
        break;
      case Step::Kind::kEnd:
        return;
    }
  }
}

Evaluator::Evaluator(const RuleSet& rules) : state_(std::make_unique<State>(rules)) {}
Evaluator::~Evaluator() = default;

std::span<const Evaluator::Match> Evaluator::evaluate(fields::Subject subject, Arena& arena) {
  State& state = *state_;
  state.next_event();
  const RuleSet::Program& program = state.program;
  const event::Event& event = *subject.event;
  if (event.type >= program.program_of_type.size()) return {};
  const TypeProgram& type = program.programs[program.program_of_type[event.type]];
  state.subject = subject;
  state.subject.name_index = 0;
  state.arena = &arena;
  state.run(type, type.begin);
  const auto* file = std::get_if<event::File>(&event.body);
  if (!type.has_named || file == nullptr || !event.is_open()) return state.matches;
  // Nothing comes before the first rule.
  if (state.first_only && !state.matches.empty() && state.matches[0].rule == 0) return state.matches;
  const std::uint8_t names = fields::distinct_names(*file, arena);
  for (std::uint8_t name = 1; name < fields::kNameKinds; ++name) {
    if ((names >> name & 1U) == 0) continue;
    state.subject.name_index = name;
    state.next_name();
    state.run(type, type.begin_named);
  }
  return state.matches;
}

}  // namespace saker::rules
