// DescriptorPoints: what a check comes to when only the kind of an event's main descriptor is known, or an
// end of its connection (plan_checks.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "rules/plan_checks.h"
#include "rules/plan_groups.h"
#include "wire/plan.h"

namespace saker::rules {

class DescriptorPoints : public PlanChecks {
 public:
  using PlanChecks::PlanChecks;

  // The dimensions that may decide a check at all: 1 << enum saker_plan_dimension.
  std::uint32_t dimensions(std::uint32_t predicate) const;

  // The argument (or SAKER_RESULT) with the call's main descriptor, when the probe can find it there.
  std::optional<std::uint8_t> descriptor() const;
  Truth by_kind(std::uint32_t predicate, unsigned kind) const;

  // Where what a check says of ports or addresses may change, and what it says of one.
  void collect_ports(std::uint32_t predicate, std::set<std::uint32_t>& from) const;
  void collect_networks(std::uint32_t predicate, std::set<Prefix>& prefixes) const;
  bool holds_for_port(std::uint32_t predicate, std::uint32_t port) const;
  bool holds_for_address(std::uint32_t predicate, std::string_view ip) const;

  // An end of a connection of the main descriptor; nothing: the socket has none, and the call may name one
  // or not. IPv4 addresses are 4 bytes long.
  struct End {
    std::string ip;
    std::uint16_t port = 0;
  };
  using Ends = std::array<std::optional<End>, 2>;  // local, remote
  Truth by_addresses(std::uint32_t predicate, const Ends& ends) const;
  Truth by_ports(std::uint32_t predicate, const Ends& ends) const;

 private:
  Truth by_ends(std::uint32_t predicate, const Ends& ends) const;
  event::Descriptor* add_descriptor(event::Event& event) const;
};

}  // namespace saker::rules
