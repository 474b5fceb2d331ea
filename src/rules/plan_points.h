// PlanPoints: what a check comes to when only a number of an event is known: its type, its result and flags,
// its task's place, user and terminal, an argument (plan_checks.h). Examples are every errno, the numbers
// around a check's constants, all other flags set or not.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "rules/plan_checks.h"
#include "wire/plan.h"

namespace saker::rules {

class PlanPoints : public PlanChecks {
 public:
  using PlanChecks::PlanChecks;

  // The dimensions that may decide a check at all: 1 << enum saker_plan_dimension.
  std::uint32_t dimensions(std::uint32_t predicate) const;

  // Known from the type alone.
  Truth by_type(std::uint32_t predicate) const;
  Truth by_mode(std::uint32_t predicate, unsigned mode) const;
  Truth by_scope(std::uint32_t predicate, bool in_container) const;
  Truth by_task(std::uint32_t predicate, unsigned bits) const;

  Truth by_user(std::uint32_t predicate, std::uint32_t euid, std::uint32_t loginuid) const;
  // Where what a check says of user ids may change, and what it says of one.
  void collect_users(std::uint32_t predicate, std::set<std::uint32_t>& from) const;
  bool holds_for_user(std::uint32_t predicate, std::uint32_t id) const;

  // Which argument (or SAKER_RESULT) a check looks at, as a small number or as flags.
  struct ArgumentUse {
    std::uint8_t argument = 0;
    std::uint64_t flags = 0;  // 0: as a number; else without any of these the check is false
  };
  std::optional<ArgumentUse> argument(std::uint32_t predicate) const;
  Truth by_argument(std::uint32_t predicate, std::uint8_t argument, std::uint64_t value) const;

 private:
  std::vector<std::int64_t> results(const Predicate& predicate, bool failed) const;
};

}  // namespace saker::rules
