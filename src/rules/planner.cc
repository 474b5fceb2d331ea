#include "rules/planner.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <ranges>
#include <set>
#include <utility>

#include "event/schema.h"
#include "rules/plan_name_tables.h"
#include "rules/plan_pair_tables.h"
#include "rules/plan_roles.h"
#include "rules/plan_terms.h"
#include "rules/rule_program.h"

namespace saker::rules {
namespace {

using event::PlanTerms;

constexpr std::size_t kTermsOfRuleMax = 8;

constexpr std::uint32_t bit(saker_plan_dimension dimension) { return 1U << dimension; }
constexpr std::uint32_t kPairDimensions =
    bit(SAKER_PLAN_USER) | bit(SAKER_PLAN_ADDRESS) | bit(SAKER_PLAN_PORT);

constexpr unsigned kIpKinds[] = {SAKER_PLAN_KIND_TCP4, SAKER_PLAN_KIND_UDP4, SAKER_PLAN_KIND_TCP6,
                                 SAKER_PLAN_KIND_UDP6, SAKER_PLAN_KIND_IP4,  SAKER_PLAN_KIND_IP6};

// The plan of one event type.
class TypePlanner : TermSet {
 public:
  using TermSet::TermSet;

  // Nothing when no rule can match. `told_kinds`: sockets (1 << enum saker_plan_kind) of which the call is
  // told whatever the rules say of it, for others need to know who began the connection.
  bool plan(event::PlanProgram& program, PlannedProgram& planned, std::uint32_t told_kinds) {
    told_kinds_ = told_kinds;
    const std::size_t others = told_kinds != 0 ? 1 : 0;
    for (std::size_t budget = kTermsOfRuleMax; budget > 0; budget /= 2) {
      make_terms(budget);
      if (terms_.size() + others <= kTermsMax) break;
    }
    if (told_kinds != 0) terms_.emplace_back();
    share_bits();
    if (terms_.empty()) return false;
    program_out_ = &program;
    program = event::open_program(SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER);
    program.tables.all = possible();
    fill_scope();
    fill_mode();
    fill_arguments();
    fill_task();
    fill_kind();
    program.pairs = make_pair_tables(*this);
    fill_name_tables(*this, program);
    find_uses();
    planned.terms = terms_;
    planned.dimensions = program.tables.uses;
    planned.types.push_back(type_);
    return program.tables.all != 0;
  }

  // The kinds of sockets (1 << enum saker_plan_kind) of which a rule that may match asks for such a field.
  std::uint32_t kinds_with(bool (*asks)(event::TypeId, const fields::FieldRef&)) {
    const bool found = std::ranges::any_of(reached_.predicates, [&](std::uint32_t predicate) {
      const ValueNode& value = program_.values[program_.predicates[predicate].left];
      return value.kind == ValueNode::Kind::kField && asks(type_, value.field);
    });
    std::uint32_t kinds = 0;
    if (!found) return kinds;
    make_terms(1);
    for (const unsigned kind : kIpKinds) {
      if (at(SAKER_PLAN_DESCRIPTOR, [&](auto predicate) { return descriptors_.by_kind(predicate, kind); }) !=
          0)
        kinds |= 1U << kind;
    }
    return kinds;
  }

 private:
  saker_plan_program& tables() { return program_out_->tables; }

  void fill_scope() {
    for (unsigned where = 1; where < std::size(tables().scope); ++where) {
      PlanTerms terms = 0;
      for (const bool in_container : {false, true}) {
        if ((where & (in_container ? SAKER_SCOPE_CONTAINER : SAKER_SCOPE_HOST)) == 0) continue;
        terms |=
            at(SAKER_PLAN_SCOPE, [&](auto predicate) { return points_.by_scope(predicate, in_container); });
      }
      tables().scope[where] = terms;
    }
    tables().scope[0] = 0;
  }
  // The term of what is told for its own sake; none when it shares its bit with a rule's.
  PlanTerms told_term() const {
    return told_kinds_ != 0 && terms_.size() <= kTermsMax ? bits_.back() : PlanTerms{0};
  }
  void fill_mode() {
    const unsigned modes = points_.is_open() ? SAKER_PLAN_MODES : 2;
    if (looks_at(SAKER_PLAN_MODE)) {
      for (unsigned mode = 0; mode < modes; ++mode)
        tables().mode[mode] =
            at(SAKER_PLAN_MODE, [&](auto predicate) { return points_.by_mode(predicate, mode); });
    }
    // Nothing began; a connect that has an error may be under way.
    const std::string_view call = event::type_name(type_);
    if (call != "connect" && call != "listen") tables().mode[SAKER_PLAN_FAILED] &= ~told_term();
  }
  void fill_task() {
    if (!looks_at(SAKER_PLAN_TASK)) return;
    for (unsigned bits = 0; bits < SAKER_PLAN_TASKS; ++bits)
      tables().task[bits] =
          at(SAKER_PLAN_TASK, [&](auto predicate) { return points_.by_task(predicate, bits); });
  }
  void fill_kind() {
    const auto place = descriptors_.descriptor();
    const bool ends = looks_at(SAKER_PLAN_ADDRESS) || looks_at(SAKER_PLAN_PORT);
    if (!looks_at(SAKER_PLAN_DESCRIPTOR) && !ends && told_kinds_ == 0) return;
    if (place) tables().descriptor_of = *place;
    for (unsigned kind = 1; kind < SAKER_PLAN_KINDS; ++kind) {
      tables().kind[kind] =
          at(SAKER_PLAN_DESCRIPTOR, [&](auto predicate) { return descriptors_.by_kind(predicate, kind); });
      if ((told_kinds_ >> kind & 1U) == 0) tables().kind[kind] &= ~told_term();
    }
  }

  void fill_arguments() {
    if (!looks_at(SAKER_PLAN_ARGUMENT)) return;
    std::set<std::uint8_t> numbers;
    std::map<std::uint8_t, std::set<std::uint64_t>> flags;  // by argument
    for (const std::uint32_t predicate : predicates_of(SAKER_PLAN_ARGUMENT)) {
      const auto use = points_.argument(predicate);
      if (use->flags == 0) {
        numbers.insert(use->argument);
      } else {
        flags[use->argument].insert(use->flags);
      }
    }
    std::size_t place = 0;
    for (const std::uint8_t argument : numbers) {
      if (place == SAKER_PLAN_ARGUMENTS) break;
      tables().argument_of[place] = argument;
      for (std::uint64_t value = 0; value < SAKER_PLAN_VALUES; ++value) {
        tables().argument[place][value] = at(SAKER_PLAN_ARGUMENT, [&](auto predicate) {
          const auto use = points_.argument(predicate);
          return use->flags == 0 && use->argument == argument
                     ? points_.by_argument(predicate, argument, value)
                     : Truth::kUnknown;
        });
      }
      ++place;
    }
    place = 0;
    for (auto& [argument, tests] : flags) {
      // A rule may ask for any of several: without all of them it is false.
      tests.insert(std::accumulate(tests.begin(), tests.end(), std::uint64_t{0}, std::bit_or()));
      for (const std::uint64_t bits : std::views::reverse(tests)) {
        if (place == SAKER_PLAN_FLAG_TESTS) return;
        saker_plan_flags& test = tables().flags[place++];
        test.argument = argument;
        test.bits = bits;
        test.without = at(SAKER_PLAN_ARGUMENT, [&](auto predicate) {
          const auto use = points_.argument(predicate);
          // Without these flags it has none of a part of them either.
          const bool none = use && use->flags != 0 && use->argument == argument && (use->flags & ~bits) == 0;
          return none ? Truth::kFalse : Truth::kUnknown;
        });
      }
    }
  }

  bool pair_rules_out(saker_plan_pair pair) const {
    const PlanTerms all = program_out_->tables.all;
    return std::ranges::any_of(program_out_->pairs->tables.terms[pair], [&](const auto& row) {
      return std::ranges::any_of(row, [&](PlanTerms terms) { return (all & ~terms) != 0; });
    });
  }
  // More than being root or not does.
  bool users_rule_out() {
    const auto& pairs = program_out_->pairs->tables;
    for (std::size_t i = 0; i < SAKER_PLAN_RANGES; ++i) {
      const unsigned root = pairs.users.from[i] == 0 ? SAKER_PLAN_ROOT : 0;
      const PlanTerms left = tables().all & (tables().task[root] | tables().task[root | SAKER_PLAN_TERMINAL]);
      for (const PlanTerms terms : pairs.terms[SAKER_PAIR_USER][pairs.users.group[i]]) {
        if ((left & ~terms) != 0) return true;
      }
    }
    return false;
  }

  // A dimension that rules nothing out is not asked.
  void find_uses() {
    saker_plan_program& t = tables();
    const PlanTerms all = t.all;
    const auto rules_out = [&](PlanTerms terms) { return (all & ~terms) != 0; };
    const auto use = [&](saker_plan_dimension dimension, bool used) {
      if (used) t.uses |= bit(dimension);
    };
    use(SAKER_PLAN_SCOPE, rules_out(t.scope[1]) || rules_out(t.scope[2]));
    use(SAKER_PLAN_MODE, std::ranges::any_of(t.mode, rules_out));
    bool arguments = false;
    for (const auto& table : t.argument) arguments = arguments || std::ranges::any_of(table, rules_out);
    for (const auto& flags : t.flags) arguments = arguments || (flags.bits != 0 && rules_out(flags.without));
    use(SAKER_PLAN_ARGUMENT, arguments);
    use(SAKER_PLAN_TASK, std::ranges::any_of(t.task, rules_out));
    if (program_out_->pairs) {
      use(SAKER_PLAN_USER, users_rule_out());
      use(SAKER_PLAN_ADDRESS, pair_rules_out(SAKER_PAIR_ADDRESS));
      use(SAKER_PLAN_PORT, pair_rules_out(SAKER_PAIR_PORT));
      if ((t.uses & kPairDimensions) == 0) program_out_->pairs.reset();
    }
    use(SAKER_PLAN_PROCESS, looks_at(SAKER_PLAN_PROCESS));
    use(SAKER_PLAN_PARENT, looks_at(SAKER_PLAN_PARENT));
    use(SAKER_PLAN_DESCRIPTOR, std::ranges::any_of(t.kind, rules_out));
    use(SAKER_PLAN_RAW, rules_out(t.raw_plain));
    use(SAKER_PLAN_NAME, rules_out(t.name.other) || rules_out(t.directory.other) || rules_out(t.tail.other));
    use(SAKER_PLAN_PATH, t.needs_path != 0);
    t.names_first = (all & t.raw_plain & t.name.other & t.directory.other & t.tail.other) == 0;
    for (std::size_t which = 0; which < SAKER_PLAN_TEXT_ARGUMENTS; ++which) {
      const saker_plan_text_argument& text = t.texts[which];
      use(dimension_of(SAKER_PLAN_NAME, which), rules_out(text.name.other) || rules_out(text.tail.other));
      use(dimension_of(SAKER_PLAN_PATH, which), text.needs_path != 0);
      use(dimension_of(SAKER_PLAN_PIECE, which),
          std::ranges::any_of(text.pieces, [&](const auto& piece) { return rules_out(piece.without); }));
    }
  }

  std::uint32_t told_kinds_ = 0;
  event::PlanProgram* program_out_ = nullptr;
};

bool same(const event::PlanProgram& a, const event::PlanProgram& b) {
  saker_plan_program tables = a.tables;
  tables.pairs = b.tables.pairs;  // a place, not what is there
  if (std::memcmp(&tables, &b.tables, sizeof(tables)) != 0 || a.texts != b.texts || a.paths != b.paths)
    return false;
  if (!a.pairs || !b.pairs) return a.pairs == b.pairs;
  return std::memcmp(&a.pairs->tables, &b.pairs->tables, sizeof(a.pairs->tables)) == 0 &&
         a.pairs->networks == b.pairs->networks;
}
bool same(const std::vector<PlanTerm>& a, const std::vector<PlanTerm>& b) {
  return std::ranges::equal(
      a, b, [](const PlanTerm& x, const PlanTerm& y) { return x.nodes == y.nodes && x.rules == y.rules; });
}

}  // namespace

namespace {

bool has_rules(const RuleSet::Program& program, event::TypeId type) {
  return type < program.program_of_type.size() && !program.roots[program.program_of_type[type]].empty();
}

// Of which kinds of sockets (1 << enum saker_plan_kind) calls are told for the sake of others.
struct Leaning {
  std::uint32_t on_beginnings = 0, on_sends = 0;

  std::uint32_t on(event::TypeId type) const {
    switch (tells_role(type)) {
      case Tells::kBeginning:
        return on_beginnings;
      case Tells::kSending:
        return on_sends;
      default:
        return 0;
    }
  }
};

Leaning find_leaning(const RuleSet::Program& program, const IsCollected& is_collected) {
  constexpr std::uint32_t kStreams = 1U << SAKER_PLAN_KIND_TCP4 | 1U << SAKER_PLAN_KIND_TCP6;
  Leaning leaning;
  for (event::TypeId type = 1; type < SAKER_EVENTS_MAX; ++type) {
    const bool open = type >= event::kOpen && type <= event::kOpenByHandleAt;  // gives no socket
    // Where it is what a path starts from, it is no socket.
    const bool base = (event::shape_of(type).flags & SAKER_SHAPE_PATHS) != 0;
    if (open || base || !is_collected(type) || !has_rules(program, type) || !event::main_descriptor(type))
      continue;
    TypePlanner planner(program, type);
    const std::uint32_t kinds = planner.kinds_with(leans_on_role);
    leaning.on_beginnings |= kinds | planner.kinds_with(asks_for_changes);
    if (tells_role(type) != Tells::kSending) leaning.on_sends |= kinds & ~kStreams;
  }
  return leaning;
}

}  // namespace

std::vector<event::TypeId> told_for_roles(const RuleSet& rules, const IsCollected& is_collected) {
  const Leaning leaning = find_leaning(rules.program(), is_collected);
  std::vector<event::TypeId> types;
  for (event::TypeId type = 1; type < SAKER_EVENTS_MAX; ++type) {
    if (is_collected(type) && leaning.on(type) != 0) types.push_back(type);
  }
  return types;
}

Plan make_plan(const RuleSet& rules, const IsCollected& is_collected) {
  const RuleSet::Program& program = rules.program();
  Plan plan;
  plan.filter.program_of.fill(SAKER_PLAN_NOTHING);
  plan.filter.programs.push_back(event::open_program(SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER));
  plan.programs.emplace_back();
  std::uint8_t pair_sets = 0;
  const Leaning leaning = find_leaning(program, is_collected);
  for (event::TypeId type = 1; type < SAKER_EVENTS_MAX; ++type) {
    const std::uint32_t told = leaning.on(type);
    if (!is_collected(type) || (!has_rules(program, type) && told == 0)) continue;
    event::PlanProgram made;
    PlannedProgram planned;
    const EventScope scope = rules.scope(type);
    if (!TypePlanner(program, type).plan(made, planned, told)) continue;
    plan.filter.scope[type] =
        static_cast<std::uint8_t>((scope.host || told != 0 ? SAKER_SCOPE_HOST : 0) |
                                  (scope.container || told != 0 ? SAKER_SCOPE_CONTAINER : 0));
    std::size_t place = 1;
    while (place < plan.programs.size() &&
           !(same(plan.filter.programs[place], made) && same(plan.programs[place].terms, planned.terms)))
      ++place;
    if (place == plan.programs.size()) {
      if (place == SAKER_PLAN_PROGRAMS) {  // no room: what the scope lets through is sent
        plan.filter.program_of[type] = 0;
        plan.programs[0].types.push_back(type);
        continue;
      }
      if (made.pairs && pair_sets == SAKER_PLAN_PAIR_SETS) {  // no room: these are not asked
        made.pairs.reset();
        made.tables.uses &= ~kPairDimensions;
        planned.dimensions &= ~kPairDimensions;
      }
      if (made.pairs) made.tables.pairs = pair_sets++;
      plan.filter.programs.push_back(std::move(made));
      plan.programs.push_back(std::move(planned));
    } else {
      plan.programs[place].types.push_back(type);
    }
    plan.filter.program_of[type] = static_cast<std::uint8_t>(place);
  }
  return plan;
}

std::string_view dimension_name(saker_plan_dimension dimension) {
  constexpr std::array<std::string_view, SAKER_PLAN_DIMENSIONS> kNames = {
      "mode", "argument", "scope", "task", "user",  "process", "parent", "descriptor", "address",
      "port", "raw",      "name",  "path", "piece", "name2",   "path2",  "piece2"};
  return kNames[dimension];
}

}  // namespace saker::rules
