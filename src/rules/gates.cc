#include "rules/gates.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace saker::rules {
namespace {

using Kind = ConditionNode::Kind;

// A gate on more values than this costs more than it spares.
constexpr std::size_t kGateValuesMax = 4;

// Of these texts one must be what the value is, or begins with.
struct TextDemand {
  std::uint32_t value = 0;
  TextTable::Kind kind = TextTable::Kind::kExact;
  const std::vector<std::string>* texts = nullptr;
};

// At least one of them holds when a condition holds.
struct Demand {
  std::vector<TextDemand> any_of;
  std::set<std::uint32_t> values;
  std::size_t texts = 0;
  bool tells_little = false;  // asks for a value that many events have
};

class DemandFinder {
 public:
  DemandFinder(const std::vector<ConditionNode>& nodes, const std::vector<Predicate>& predicates,
               const std::vector<ValueNode>& values)
      : nodes_(nodes), predicates_(predicates), values_(values) {
    for (std::uint32_t i = 0; i < values.size(); ++i) {
      if (is_plain_field(i, "fd.name")) path_ = i;
    }
  }

  // The cheapest demand that the node makes; values that are looked at anyway cost nothing more.
  std::optional<Demand> demand(std::uint32_t number) {
    const ConditionNode& node = nodes_[number];
    switch (node.kind) {
      case Kind::kPredicate:
        return of_predicate(predicates_[node.entry]);
      case Kind::kAnd:
        return best(node.children);
      case Kind::kOr:
        return together(node.children);
      default:
        return std::nullopt;
    }
  }

  void use(const Demand& demand) { used_.insert(demand.values.begin(), demand.values.end()); }

 private:
  bool is_plain_field(std::uint32_t value, std::string_view name) const {
    const ValueNode& node = values_[value];
    return node.kind == ValueNode::Kind::kField && node.field.field->name == name;
  }

  std::optional<Demand> of_predicate(const Predicate& predicate) const {
    if (!predicate.text || predicate.text->negated) return std::nullopt;
    TextDemand one{predicate.left, predicate.text->kind, &predicate.text->texts};
    // What is in a directory has a path that begins with it: one look at the path serves both.
    if (path_ && is_plain_field(predicate.left, "fd.directory"))
      one.value = *path_, one.kind = TextTable::Kind::kPrefix;
    const ValueNode& value = values_[one.value];
    const bool few = value.kind == ValueNode::Kind::kField && value.field.field->few_values;
    return Demand{{one}, {one.value}, one.texts->size(), few};
  }

  std::optional<Demand> best(const std::vector<std::uint32_t>& terms) {
    std::optional<Demand> chosen;
    for (const std::uint32_t term : terms) {
      auto one = demand(term);
      if (one && (!chosen || price(*one) < price(*chosen))) chosen = std::move(one);
    }
    return chosen;
  }

  std::optional<Demand> together(const std::vector<std::uint32_t>& terms) {
    Demand all;
    for (const std::uint32_t term : terms) {
      const auto one = demand(term);
      if (!one) return std::nullopt;
      all.any_of.insert(all.any_of.end(), one->any_of.begin(), one->any_of.end());
      all.values.insert(one->values.begin(), one->values.end());
      all.texts += one->texts;
      all.tells_little = all.tells_little || one->tells_little;
    }
    if (all.any_of.empty() || all.values.size() > kGateValuesMax) return std::nullopt;
    return all;
  }

  // What lets nearly everything through is the last choice; then count the values that would have to be
  // looked at for it alone.
  std::tuple<bool, std::size_t, std::size_t> price(const Demand& demand) const {
    const auto fresh =
        std::ranges::count_if(demand.values, [&](std::uint32_t value) { return !used_.contains(value); });
    return {demand.tells_little, static_cast<std::size_t>(fresh), demand.texts};
  }

  const std::vector<ConditionNode>& nodes_;
  const std::vector<Predicate>& predicates_;
  const std::vector<ValueNode>& values_;
  std::optional<std::uint32_t> path_;
  std::set<std::uint32_t> used_;
};

// A cheap check that is the same for all names of a file.
bool is_flag(const Predicate& predicate) {
  const bool plain = !predicate.by_name && !predicate.any && !predicate.right;
  return plain && (predicate.type == fields::Type::kBool || predicate.container.in_container);
}

void set_bit(RuleBits& words, std::size_t first_word, std::size_t bit) {
  words[first_word + bit / 64] |= std::uint64_t{1} << (bit % 64);
}

// The flags that a rule demands: those that stand alone, or in its outermost `and`.
void add_requirements(std::span<const RuleRoot> roots, const std::vector<ConditionNode>& nodes,
                      const std::vector<Predicate>& predicates, TypeProgram& program) {
  const auto require = [&](std::size_t rule, std::uint32_t node) {
    if (nodes[node].kind != Kind::kPredicate || !is_flag(predicates[nodes[node].entry])) return;
    auto known = std::ranges::find(program.requirements, nodes[node].entry, &Requirement::predicate);
    if (known == program.requirements.end()) {
      program.requirements.push_back({nodes[node].entry, RuleBits(program.words)});
      known = std::prev(program.requirements.end());
    }
    set_bit(known->rules, 0, rule);
  };
  for (std::size_t rule = 0; rule < roots.size(); ++rule) {
    require(rule, roots[rule].node);
    if (nodes[roots[rule].node].kind != Kind::kAnd) continue;
    for (const std::uint32_t term : nodes[roots[rule].node].children) require(rule, term);
  }
}

// A demand and the rule that makes it.
struct Asked {
  std::size_t rule = 0;
  TextDemand demand;
};

Gate make_gate(std::uint32_t value, bool by_name, const std::vector<Asked>& all, std::size_t words) {
  const bool prefix =
      std::ranges::any_of(all, [](const Asked& one) { return one.demand.kind == TextTable::Kind::kPrefix; });
  Gate gate{.value = value,
            .by_name = by_name,
            .table = TextTable(prefix ? TextTable::Kind::kPrefix : TextTable::Kind::kExact)};
  gate.rules.resize(words);
  for (const Asked& one : all) {
    gate.table.add(*one.demand.texts);  // the bit is the place in `all`
    set_bit(gate.rules, 0, one.rule);
  }
  gate.table.finish();
  gate.rows.resize(gate.table.row_count() * words);
  for (std::uint32_t row = 0; row < gate.table.row_count(); ++row) {
    for (std::uint32_t bit = 0; bit < all.size(); ++bit) {
      if (TextTable::bit(gate.table.bits(row), bit)) set_bit(gate.rows, row * words, all[bit].rule);
    }
  }
  return gate;
}

}  // namespace

void add_gates(std::span<const RuleRoot> roots, const std::vector<ConditionNode>& nodes,
               const std::vector<Predicate>& predicates, const std::vector<ValueNode>& values,
               TypeProgram& program) {
  DemandFinder finder(nodes, predicates, values);
  program.words = (roots.size() + 63) / 64;
  program.all.assign(program.words, 0);
  program.ungated.assign(program.words, 0);
  add_requirements(roots, nodes, predicates, program);
  std::map<std::uint32_t, std::vector<Asked>> by_value;
  for (std::size_t rule = 0; rule < roots.size(); ++rule) {
    set_bit(program.all, 0, rule);
    const auto demand = finder.demand(roots[rule].node);
    if (!demand || demand->tells_little) {
      set_bit(program.ungated, 0, rule);
      continue;
    }
    finder.use(*demand);
    for (const TextDemand& one : demand->any_of) by_value[one.value].push_back({rule, one});
  }
  for (const auto& [value, asked] : by_value)
    program.gates.push_back(make_gate(value, values[value].by_name, asked, program.words));
}

}  // namespace saker::rules
