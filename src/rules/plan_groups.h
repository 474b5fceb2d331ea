// Groups: numbers and addresses that no check of a plan tells apart, for dimensions of two values
// (wire/plan.h, struct saker_plan_pairs).
//
// Checks compare with constants, so what lies between two constants, or in a network and in no smaller one,
// comes to the same; what comes to the same everywhere is one group. `told` says what all checks come to for
// a value. What has no room is of group 0, which is not decided.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "event/filter_plan.h"

namespace saker::rules {

struct NumberGroups {
  saker_plan_ranges ranges{};
  std::vector<std::uint32_t> examples = {0};  // by group; the first is nobody's
};

// `from`: where something may change.
NumberGroups group_numbers(std::set<std::uint32_t> from,
                           const std::function<std::string(std::uint32_t)>& told);

// The first address and how many bits of it are the network's. IPv4 is ::ffff:0:0/96.
using Prefix = std::pair<std::array<std::uint8_t, 16>, std::uint8_t>;
Prefix prefix_of(std::string_view ip, std::uint32_t bits);

struct NetworkGroups {
  std::vector<event::PlanNetwork> networks;
  std::vector<std::string> examples = {""};  // by group, 4 or 16 bytes; the first is nobody's
};

NetworkGroups group_networks(std::set<Prefix> prefixes,
                             const std::function<std::string(std::string_view)>& told);

// By the first byte of IPv4 addresses: their group, or SAKER_PLAN_MANY. `networks`: the larger before those
// in it, as group_networks() has them.
std::array<std::uint8_t, SAKER_PLAN_OCTETS> groups_of_octets(const std::vector<event::PlanNetwork>& networks);

// For people: `10.0.0.0/8`, `80`, `1000-`.
std::string network_text(const event::PlanNetwork& network);
std::vector<std::string> range_texts(const saker_plan_ranges& ranges, unsigned group);

}  // namespace saker::rules
