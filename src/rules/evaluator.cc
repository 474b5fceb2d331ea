// Runs the steps of rule_program.h. Results and values are stamped with the number of the judgement they
// belong to, so that nothing is cleared between events: a file's further names get numbers of their own, and
// what does not depend on the name keeps the event's.
#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>
#include <variant>

#include "base/clock.h"
#include "fields/names.h"
#include "rules/rule_program.h"
#include "rules/rule_set.h"
#include "rules/transformers.h"

namespace saker::rules {

using fields::Value;

constexpr std::uint32_t kNoRow = UINT32_MAX;

struct Evaluator::State {
  struct KeptValue {
    Value value;
    std::uint32_t stamp = 0;
  };

  // The row of a text table's value; kNoRow when it has no text.
  struct KeptRow {
    std::uint32_t row = kNoRow;
    std::uint32_t stamp = 0;
  };

  explicit State(const RuleSet& set)
      : program(set.program()), first_only(set.matching() == Matching::kFirst) {
    slots.resize(program.slots_max);
    calls.resize(program.calls_max);
    values.resize(program.values.size());
    rows.resize(program.tables.size());
    wanted.resize(program.words_max);
    chosen.resize(program.words_max);
    flags.resize(program.predicates.size());
    matches.reserve(set.rules().size());
    costs.resize(set.rules().size());
  }

  void next_event();
  void next_name() { stamps[1] = ++last_stamp; }
  void choose(const TypeProgram& type, const RuleBits& from);
  void run_all(const TypeProgram& type, const RuleBits& from);
  bool run(const TypeProgram& type, std::uint32_t step);
  bool run_timed(const TypeProgram& type, std::size_t place);
  bool decide(const Predicate& predicate);
  bool flag(std::uint32_t predicate);
  std::uint32_t row(std::uint32_t table, bool by_name);
  const Value& value(std::uint32_t number);
  Value compute(const ValueNode& node);
  bool add_match(std::uint32_t rule);

  const RuleSet::Program& program;
  const bool first_only;
  std::vector<std::uint32_t> slots;  // stamp * 2 + result
  std::vector<KeptValue> values;
  std::vector<KeptRow> rows;
  std::vector<std::uint32_t> flags;  // of requirements, by predicate: stamp * 2 + result
  std::vector<std::uint32_t> calls;
  RuleBits wanted, chosen;  // of the rules: not ruled out by a flag; to be run
  std::vector<Match> matches;
  std::vector<Cost> costs;  // by rule
  bool timed = false;
  const std::vector<RuleRoot>* roots = nullptr;  // of the event's type
  std::array<std::uint32_t, 2> stamps{};         // of the event, of the name
  std::uint32_t last_stamp = 0;
  fields::Subject subject;
  Arena* arena = nullptr;
};

void Evaluator::State::next_event() {
  if (last_stamp > std::numeric_limits<std::uint32_t>::max() / 2 - fields::kNameKinds - 1) {
    std::ranges::fill(slots, 0U);
    std::ranges::fill(flags, 0U);
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
  const auto& known =
      subject.where == state::Where::kHost ? predicate.container.on_host : predicate.container.in_container;
  if (known && subject.where != state::Where::kUnknown) return *known;
  const Value& left = value(predicate.left);
  if (left.missing()) return false;
  const auto holds = [&](const Value& one) {
    if (!predicate.right) return predicate.matcher->matches(one, *arena);
    return compare_values(predicate.type, predicate.op, one, value(*predicate.right), *arena);
  };
  if (!predicate.any || left.kind() != fields::Kind::kList) return holds(left);
  return predicate.all ? std::ranges::all_of(left.list(), holds) : std::ranges::any_of(left.list(), holds);
}

std::uint32_t Evaluator::State::row(std::uint32_t number, bool by_name) {
  KeptRow& kept = rows[number];
  const std::uint32_t stamp = stamps[by_name ? 1 : 0];
  if (kept.stamp != stamp) {
    const ValueTable& table = program.tables[number];
    const Value& text = value(table.value);
    kept = {text.kind() == fields::Kind::kText ? table.table.row(text.text()) : kNoRow, stamp};
  }
  return kept.row;
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

bool Evaluator::State::flag(std::uint32_t predicate) {
  std::uint32_t& kept = flags[predicate];
  if (kept >> 1 != stamps[0]) kept = stamps[0] << 1 | (decide(program.predicates[predicate]) ? 1U : 0U);
  return (kept & 1) != 0;
}

// Fills `chosen` with the rules of `from` that flags and gates let through.
void Evaluator::State::choose(const TypeProgram& type, const RuleBits& from) {
  const std::size_t words = type.words;
  std::copy_n(from.begin(), words, wanted.begin());
  for (const Requirement& requirement : type.requirements) {
    if (flag(requirement.predicate)) continue;
    for (std::size_t word = 0; word < words; ++word) wanted[word] &= ~requirement.rules[word];
  }
  for (std::size_t word = 0; word < words; ++word) chosen[word] = type.ungated[word] & wanted[word];
  for (const Gate& gate : type.gates) {
    std::uint64_t concerned = 0;
    for (std::size_t word = 0; word < words; ++word) concerned |= gate.rules[word] & wanted[word];
    if (concerned == 0) continue;
    const Value& text = value(gate.value);
    if (text.kind() != fields::Kind::kText) continue;
    const std::uint64_t* let_through = &gate.rows[gate.table.row(text.text()) * words];
    for (std::size_t word = 0; word < words; ++word) chosen[word] |= let_through[word] & wanted[word];
  }
}

// In load order.
void Evaluator::State::run_all(const TypeProgram& type, const RuleBits& from) {
  choose(type, from);
  for (std::size_t word = 0; word < type.words; ++word) {
    for (std::uint64_t rules = chosen[word]; rules != 0; rules &= rules - 1) {
      const std::size_t rule = word * 64 + static_cast<std::size_t>(std::countr_zero(rules));
      const bool go_on = timed ? run_timed(type, rule) : run(type, type.begins[rule]);
      if (!go_on) return;
    }
  }
}

// `place`: of the rule among those of the event's type.
bool Evaluator::State::run_timed(const TypeProgram& type, std::size_t place) {
  const std::uint64_t begin_ns = boot_time_ns();
  const bool go_on = run(type, type.begins[place]);
  Cost& cost = costs[(*roots)[place].rule];
  cost.ns += boot_time_ns() - begin_ns;
  ++cost.runs;
  return go_on;
}

// False when no further rule is wanted.
bool Evaluator::State::run(const TypeProgram& type, std::uint32_t at) {
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
        const std::uint32_t number = row(step.entry, step.by_name);
        const bool holds = number != kNoRow && TextTable::bit(program.tables[step.entry].table.bits(number),
                                                              step.bit) == step.verdict;
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
        return add_match(step.entry);
      case Step::Kind::kEnd:
        return true;
    }
  }
}

Evaluator::Evaluator(const RuleSet& rules) : state_(std::make_unique<State>(rules)) {}
Evaluator::~Evaluator() = default;

std::span<const Evaluator::Cost> Evaluator::costs() const { return state_->costs; }

std::span<const Evaluator::Match> Evaluator::evaluate(fields::Subject subject, Arena& arena, bool timed) {
  State& state = *state_;
  state.next_event();
  const RuleSet::Program& program = state.program;
  const event::Event& event = *subject.event;
  if (event.type >= program.program_of_type.size()) return {};
  const std::uint32_t number = program.program_of_type[event.type];
  const TypeProgram& type = program.programs[number];
  state.roots = &program.roots[number];
  state.subject = subject;
  state.subject.name_index = 0;
  state.arena = &arena;
  state.timed = timed;
  if (type.words == 0) return {};
  state.run_all(type, type.all);
  const auto* file = std::get_if<event::File>(&event.body);
  if (!type.has_named || file == nullptr || !event.is_open()) return state.matches;
  // Nothing comes before the first rule.
  if (state.first_only && !state.matches.empty() && state.matches[0].rule == 0) return state.matches;
  const std::uint8_t names = fields::distinct_names(*file, arena);
  for (std::uint8_t name = 1; name < fields::kNameKinds; ++name) {
    if ((names >> name & 1U) == 0) continue;
    state.subject.name_index = name;
    state.next_name();
    state.run_all(type, type.named);
  }
  return state.matches;
}

}  // namespace saker::rules
