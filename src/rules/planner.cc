#include "rules/planner.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "event/schema.h"
#include "rules/plan_groups.h"
#include "rules/plan_points.h"
#include "rules/plan_roles.h"
#include "rules/plan_terms.h"
#include "rules/rule_program.h"

namespace saker::rules {
namespace {

using event::PlanTerms;

constexpr std::size_t kTermsOfRuleMax = 8;
constexpr std::size_t kTextsMax = 4096;  // of one program and dimension; beyond, it is left out
constexpr PlanTerms kEvery = ~PlanTerms{0};

constexpr std::uint32_t bit(saker_plan_dimension dimension) { return 1U << dimension; }
constexpr std::uint32_t kPairDimensions =
    bit(SAKER_PLAN_USER) | bit(SAKER_PLAN_ADDRESS) | bit(SAKER_PLAN_PORT);

// The first eight bytes as a little-endian number.
std::uint64_t head_of(std::string_view text) {
  std::uint64_t head = 0;
  for (std::size_t i = std::min<std::size_t>(text.size(), 8); i-- > 0;)
    head = head << 8 | static_cast<unsigned char>(text[i]);
  return head;
}

constexpr unsigned kIpKinds[] = {SAKER_PLAN_KIND_TCP4, SAKER_PLAN_KIND_UDP4, SAKER_PLAN_KIND_TCP6,
                                 SAKER_PLAN_KIND_UDP6, SAKER_PLAN_KIND_IP4,  SAKER_PLAN_KIND_IP6};

// Paths that a file may be known by though its event does not tell them (a hard link, a bind mount): those
// that any rule compares a file's name with.
std::set<std::string> literal_names(const RuleSet::Program& program) {
  std::set<std::string> names;
  for (const Predicate& predicate : program.predicates) {
    const ValueNode& value = program.values[predicate.left];
    if (value.kind != ValueNode::Kind::kField) continue;
    const std::string_view field = value.field.field->name;
    if (field != "fd.name" && field != "fs.path.name") continue;
    if (predicate.op != Operator::kEq && predicate.op != Operator::kIn &&
        predicate.op != Operator::kIntersects)
      continue;
    for (const std::string& constant : predicate.constants) {
      if (constant.starts_with('/')) names.insert(constant);
    }
  }
  return names;
}

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
    fill_pairs();
    fill_names();
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
      if (at(SAKER_PLAN_DESCRIPTOR, [&](auto predicate) { return points_.by_kind(predicate, kind); }) != 0)
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
    const auto place = points_.descriptor();
    const bool ends = looks_at(SAKER_PLAN_ADDRESS) || looks_at(SAKER_PLAN_PORT);
    if (!looks_at(SAKER_PLAN_DESCRIPTOR) && !ends && told_kinds_ == 0) return;
    if (place) tables().descriptor_of = *place;
    for (unsigned kind = 1; kind < SAKER_PLAN_KINDS; ++kind) {
      tables().kind[kind] =
          at(SAKER_PLAN_DESCRIPTOR, [&](auto predicate) { return points_.by_kind(predicate, kind); });
      if ((told_kinds_ >> kind & 1U) == 0) tables().kind[kind] &= ~told_term();
    }
  }

  void fill_arguments() {
    if (!looks_at(SAKER_PLAN_ARGUMENT)) return;
    std::map<std::uint8_t, std::size_t> numbers;  // argument → checks
    std::map<std::pair<std::uint8_t, std::uint64_t>, std::size_t> flags;
    for (const std::uint32_t predicate : predicates_of(SAKER_PLAN_ARGUMENT)) {
      const auto use = points_.argument(predicate);
      if (use->flags == 0) {
        ++numbers[use->argument];
      } else {
        ++flags[{use->argument, use->flags}];
      }
    }
    std::size_t place = 0;
    for (const auto& [argument, checks] : numbers) {
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
    for (const auto& [key, checks] : flags) {
      if (place == SAKER_PLAN_FLAG_TESTS) break;
      const auto& [argument, bits] = key;
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

  // The first row and column are of what is not decided: what any other meets.
  template <class Decide>
  static void fill_pair(event::PlanPairs& pairs, saker_plan_pair pair, std::size_t groups, Decide decide) {
    auto& terms = pairs.tables.terms[pair];
    pairs.groups[pair] = static_cast<std::uint8_t>(groups);
    for (std::size_t i = 0; i < groups; ++i) {
      for (std::size_t j = 0; j < groups; ++j) terms[i][j] = decide(i, j);
    }
    for (std::size_t i = 0; i < groups; ++i) {
      for (std::size_t j = 1; j < groups; ++j) terms[i][0] |= terms[i][j];
    }
    for (std::size_t j = 0; j < groups; ++j) {
      for (std::size_t i = 1; i < groups; ++i) terms[0][j] |= terms[i][j];
    }
  }

  // What the checks of a dimension come to for a value.
  template <class Holds>
  auto told_by(saker_plan_dimension dimension, Holds holds) {
    return [this, dimension, holds](const auto& value) {
      std::string told;
      for (const std::uint32_t predicate : predicates_of(dimension))
        told += holds(predicate, value) ? '1' : '0';
      return told;
    };
  }

  void fill_pairs() {
    if (!looks_at(SAKER_PLAN_USER) && !looks_at(SAKER_PLAN_ADDRESS) && !looks_at(SAKER_PLAN_PORT)) return;
    const auto made = std::make_shared<event::PlanPairs>();
    for (auto& pair : made->tables.terms) {
      for (auto& row : pair) std::ranges::fill(row, kEvery);
    }
    if (looks_at(SAKER_PLAN_USER)) fill_users(*made);
    if (looks_at(SAKER_PLAN_ADDRESS)) fill_addresses(*made);
    if (looks_at(SAKER_PLAN_PORT)) fill_ports(*made);
    program_out_->pairs = made;
  }
  NumberGroups groups_of_numbers(saker_plan_dimension dimension,
                                 void (PlanPoints::*collect)(std::uint32_t, std::set<std::uint32_t>&) const,
                                 bool (PlanPoints::*holds)(std::uint32_t, std::uint32_t) const) {
    std::set<std::uint32_t> from;
    for (const std::uint32_t predicate : predicates_of(dimension)) (points_.*collect)(predicate, from);
    return group_numbers(from, told_by(dimension, [&](auto predicate, std::uint32_t number) {
                           return (points_.*holds)(predicate, number);
                         }));
  }
  void fill_users(event::PlanPairs& pairs) {
    const NumberGroups groups =
        groups_of_numbers(SAKER_PLAN_USER, &PlanPoints::collect_users, &PlanPoints::holds_for_user);
    pairs.tables.users = groups.ranges;
    const auto& examples = groups.examples;
    fill_pair(pairs, SAKER_PAIR_USER, examples.size(), [&](std::size_t i, std::size_t j) {
      if (i == 0 || j == 0) return examples.size() == 1 ? kEvery : PlanTerms{0};  // a task has both
      return at(SAKER_PLAN_USER,
                [&](auto predicate) { return points_.by_user(predicate, examples[i], examples[j]); });
    });
  }
  void fill_addresses(event::PlanPairs& pairs) {
    std::set<Prefix> prefixes;
    for (const std::uint32_t predicate : predicates_of(SAKER_PLAN_ADDRESS))
      points_.collect_networks(predicate, prefixes);
    if (prefixes.size() > kTextsMax) return;  // the map of networks is empty: group 0
    const NetworkGroups groups =
        group_networks(prefixes, told_by(SAKER_PLAN_ADDRESS, [&](auto predicate, std::string_view ip) {
                         return points_.holds_for_address(predicate, ip);
                       }));
    pairs.networks = groups.networks;
    const auto end = [&](std::size_t group) {
      return group == 0 ? std::nullopt : std::optional(PlanPoints::End{groups.examples[group], 1});
    };
    fill_pair(pairs, SAKER_PAIR_ADDRESS, groups.examples.size(), [&](std::size_t i, std::size_t j) {
      return at(SAKER_PLAN_ADDRESS,
                [&](auto predicate) { return points_.by_addresses(predicate, {end(i), end(j)}); });
    });
  }
  void fill_ports(event::PlanPairs& pairs) {
    const NumberGroups groups =
        groups_of_numbers(SAKER_PLAN_PORT, &PlanPoints::collect_ports, &PlanPoints::holds_for_port);
    pairs.tables.ports = groups.ranges;
    const auto end = [&](std::size_t group) {
      const auto port = static_cast<std::uint16_t>(groups.examples[group]);
      return group == 0 ? std::nullopt : std::optional(PlanPoints::End{"\1\1\1\1", port});
    };
    fill_pair(pairs, SAKER_PAIR_PORT, groups.examples.size(), [&](std::size_t i, std::size_t j) {
      return at(SAKER_PLAN_PORT,
                [&](auto predicate) { return points_.by_ports(predicate, {end(i), end(j)}); });
    });
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

  void fill_names() {
    if (looks_at(SAKER_PLAN_RAW)) {
      tables().raw_plain =
          at(SAKER_PLAN_RAW, [&](auto predicate) { return points_.by_plain_raw(predicate); });
    }
    if (!looks_at(SAKER_PLAN_NAME) && !looks_at(SAKER_PLAN_PATH)) return;
    PlanPoints::Asked asked;
    for (const std::uint32_t node : reached_.nodes) {
      if (program_.nodes[node].kind == ConditionNode::Kind::kPredicate)
        points_.collect(program_.nodes[node].entry, asked);
    }
    fill_part(SAKER_PLAN_PART_NAME, tables().name, asked.names,
              [&](auto predicate, const auto& text) { return points_.by_name(predicate, text); });
    fill_part(SAKER_PLAN_PART_DIRECTORY, tables().directory, asked.directories,
              [&](auto predicate, const auto& text) { return points_.by_directory(predicate, text); });
    if (!asked.tails.empty())
      fill_part(SAKER_PLAN_PART_TAIL, tables().tail, asked.tails,
                [&](auto predicate, const auto& text) { return points_.by_tail(predicate, text); });
    fill_paths(asked);
    tables().literal = 0;
    for (const std::string& path : literal_names(program_))
      tables().literal |= at_names([&](auto predicate) { return points_.by_whole_name(predicate, path); });
    tables().too_long =
        at_names([&](auto predicate) { return points_.by_whole_name(predicate, kTooLongName); });
  }

  // The table of paths, summed up for all paths with the same first part.
  void fill_tops() {
    std::set<std::string> tops;
    for (const event::PlanPath& path : program_out_->paths) {
      if (auto top = whole_top(path); !top.empty()) tops.insert(std::move(top));
    }
    if (tops.size() > kTextsMax) return;
    tables().top.other = terms_of_other_tops();
    TextRows rows;
    for (const std::string& top : tops) rows[key_of(top)] |= terms_of_top(top) | tables().top.other;
    add_texts(SAKER_PLAN_PART_TOP, tables().top, rows);
  }
  // "" when the text leaves the first part open.
  static std::string whole_top(const event::PlanPath& path) {
    const std::size_t end = path.text.find('/', 1);
    if (!path.text.starts_with('/') || (end == std::string::npos && !path.whole)) return "";
    return path.text.substr(1, end == std::string::npos ? end : end - 1);
  }
  // The row of the table for a path of which no more than this beginning is in it.
  PlanTerms terms_of_beginning(std::string_view beginning) const {
    const event::PlanPath* longest = nullptr;
    for (const event::PlanPath& path : program_out_->paths) {
      if (path.whole || !beginning.starts_with(path.text)) continue;
      if (longest == nullptr || path.text.size() > longest->text.size()) longest = &path;
    }
    return longest == nullptr ? kEvery : longest->terms;
  }
  PlanTerms terms_of_top(const std::string& top) const {
    const std::string whole = "/" + top, below = whole + "/";
    PlanTerms terms = terms_of_beginning(whole) | terms_of_beginning(below);
    for (const event::PlanPath& path : program_out_->paths) {
      if (path.text.starts_with(below) || (path.whole && path.text == whole)) terms |= path.terms;
    }
    return terms;
  }
  PlanTerms terms_of_other_tops() const {
    PlanTerms terms = terms_of_beginning("/");
    for (const event::PlanPath& path : program_out_->paths) {
      if (!path.whole && path.text.starts_with('/') && path.text.find('/', 1) == std::string::npos)
        terms |= path.terms;
    }
    return terms;
  }

  // Checks of names are in several dimensions: each table decides all that it can.
  template <class Decide>
  PlanTerms at_names(Decide decide) {
    return at(SAKER_PLAN_NAME, [&](auto predicate) { return decide(predicate); }) &
           at(SAKER_PLAN_PATH, [&](auto predicate) { return decide(predicate); });
  }

  template <class Decide>
  void fill_part(saker_plan_part_kind kind, saker_plan_part& part, const std::set<std::string>& texts,
                 Decide decide) {
    const auto terms_of = [&](const std::optional<std::string>& text) {
      return at(SAKER_PLAN_NAME, [&](auto predicate) { return decide(predicate, text); });
    };
    if (texts.size() > kTextsMax) return;
    part.other = terms_of(std::nullopt);
    TextRows rows;
    for (const std::string& text : texts) rows[key_of(text)] |= terms_of(text) | part.other;
    add_texts(kind, part, rows);
  }

  using TextRows = std::map<std::pair<std::uint8_t, std::string>, PlanTerms>;
  // Texts that are cut may fall together.
  static std::pair<std::uint8_t, std::string> key_of(const std::string& text) {
    return {static_cast<std::uint8_t>(std::min<std::size_t>(text.size(), 255)),
            text.substr(0, SAKER_PLAN_TEXT_BYTES)};
  }
  void add_texts(saker_plan_part_kind kind, saker_plan_part& part, const TextRows& rows) {
    for (const auto& [key, terms] : rows) {
      if (terms == part.other) continue;
      part.lengths |= std::uint64_t{1} << std::min<unsigned>(key.first, 63);
      const std::uint64_t seen = SAKER_PLAN_SEEN(head_of(key.second), std::uint64_t{key.first});
      part.seen[seen / 64] |= std::uint64_t{1} << seen % 64;
      program_out_->texts.push_back({kind, key.first, key.second, terms});
    }
  }

  void fill_paths(const PlanPoints::Asked& asked) {
    if (asked.paths.size() > kTextsMax) return;
    auto paths = asked.paths;
    paths.emplace("", false);
    PlanTerms everywhere = kEvery;
    for (const auto& [text, whole] : paths) {
      const PlanTerms terms =
          at(SAKER_PLAN_PATH, [&](auto predicate) { return points_.by_path(predicate, text, whole); });
      everywhere &= terms;
      program_out_->paths.push_back({text, whole, terms});
    }
    tables().needs_path = tables().all & ~everywhere;
    fill_tops();
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
      "mode",       "argument", "scope", "task", "user", "process", "parent",
      "descriptor", "address",  "port",  "raw",  "name", "path"};
  return kNames[dimension];
}

}  // namespace saker::rules
