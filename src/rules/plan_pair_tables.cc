#include "rules/plan_pair_tables.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "rules/plan_groups.h"

namespace saker::rules {
namespace {

using event::PlanTerms;

constexpr std::size_t kPrefixesMax = 4096;  // beyond, addresses are not asked
constexpr PlanTerms kEvery = ~PlanTerms{0};

class PairTables {
 public:
  explicit PairTables(TermSet& terms)
      : terms_(terms), points_(terms.points()), descriptors_(terms.descriptors()) {}

  std::shared_ptr<const event::PlanPairs> make() {
    const auto made = std::make_shared<event::PlanPairs>();
    for (auto& pair : made->tables.terms) {
      for (auto& row : pair) std::ranges::fill(row, kEvery);
    }
    if (terms_.looks_at(SAKER_PLAN_USER)) fill_users(*made);
    if (terms_.looks_at(SAKER_PLAN_ADDRESS)) fill_addresses(*made);
    if (terms_.looks_at(SAKER_PLAN_PORT)) fill_ports(*made);
    return made;
  }

 private:
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
      for (const std::uint32_t predicate : terms_.predicates_of(dimension))
        told += holds(predicate, value) ? '1' : '0';
      return told;
    };
  }

  template <class Points>
  NumberGroups groups_of_numbers(saker_plan_dimension dimension, const Points& points,
                                 void (Points::*collect)(std::uint32_t, std::set<std::uint32_t>&) const,
                                 bool (Points::*holds)(std::uint32_t, std::uint32_t) const) {
    std::set<std::uint32_t> from;
    for (const std::uint32_t predicate : terms_.predicates_of(dimension)) (points.*collect)(predicate, from);
    return group_numbers(from, told_by(dimension, [&](auto predicate, std::uint32_t number) {
                           return (points.*holds)(predicate, number);
                         }));
  }
  void fill_users(event::PlanPairs& pairs) {
    const NumberGroups groups =
        groups_of_numbers(SAKER_PLAN_USER, points_, &PlanPoints::collect_users, &PlanPoints::holds_for_user);
    pairs.tables.users = groups.ranges;
    const auto& examples = groups.examples;
    fill_pair(pairs, SAKER_PAIR_USER, examples.size(), [&](std::size_t i, std::size_t j) {
      if (i == 0 || j == 0) return examples.size() == 1 ? kEvery : PlanTerms{0};  // a task has both
      return terms_.at(SAKER_PLAN_USER,
                       [&](auto predicate) { return points_.by_user(predicate, examples[i], examples[j]); });
    });
  }
  void fill_addresses(event::PlanPairs& pairs) {
    std::set<Prefix> prefixes;
    for (const std::uint32_t predicate : terms_.predicates_of(SAKER_PLAN_ADDRESS))
      descriptors_.collect_networks(predicate, prefixes);
    if (prefixes.size() > kPrefixesMax) return;  // the map of networks is empty: group 0
    const NetworkGroups groups =
        group_networks(prefixes, told_by(SAKER_PLAN_ADDRESS, [&](auto predicate, std::string_view ip) {
                         return descriptors_.holds_for_address(predicate, ip);
                       }));
    pairs.networks = groups.networks;
    std::ranges::copy(groups_of_octets(pairs.networks), pairs.tables.octets);
    const auto end = [&](std::size_t group) {
      return group == 0 ? std::nullopt : std::optional(DescriptorPoints::End{groups.examples[group], 1});
    };
    fill_pair(pairs, SAKER_PAIR_ADDRESS, groups.examples.size(), [&](std::size_t i, std::size_t j) {
      return terms_.at(SAKER_PLAN_ADDRESS, [&](auto predicate) {
        return descriptors_.by_addresses(predicate, {end(i), end(j)});
      });
    });
  }
  void fill_ports(event::PlanPairs& pairs) {
    const NumberGroups groups = groups_of_numbers(
        SAKER_PLAN_PORT, descriptors_, &DescriptorPoints::collect_ports, &DescriptorPoints::holds_for_port);
    pairs.tables.ports = groups.ranges;
    const auto end = [&](std::size_t group) {
      const auto port = static_cast<std::uint16_t>(groups.examples[group]);
      return group == 0 ? std::nullopt : std::optional(DescriptorPoints::End{"\1\1\1\1", port});
    };
    fill_pair(pairs, SAKER_PAIR_PORT, groups.examples.size(), [&](std::size_t i, std::size_t j) {
      return terms_.at(SAKER_PLAN_PORT,
                       [&](auto predicate) { return descriptors_.by_ports(predicate, {end(i), end(j)}); });
    });
  }

  TermSet& terms_;
  const PlanPoints& points_;
  const DescriptorPoints& descriptors_;
};

}  // namespace

std::shared_ptr<const event::PlanPairs> make_pair_tables(TermSet& terms) {
  const auto looks_at = [&](saker_plan_dimension dimension) { return terms.looks_at(dimension); };
  if (!looks_at(SAKER_PLAN_USER) && !looks_at(SAKER_PLAN_ADDRESS) && !looks_at(SAKER_PLAN_PORT))
    return nullptr;
  return PairTables(terms).make();
}

}  // namespace saker::rules
