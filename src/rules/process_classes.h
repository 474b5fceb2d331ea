// ProcessClasses: processes sorted by what the plan's checks on them come to.
//
// Processes for which all these checks come to the same are one class; there are few. A class is given with
// the terms of each program that a process of it may meet, as the one that acts and as the parent of the one
// that does. Not thread-safe. The rule set and the plan must outlive it.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "event/filter_plan.h"
#include "rules/planner.h"
#include "rules/rule_set.h"

namespace saker::rules {

class ProcessClasses {
 public:
  ProcessClasses(const RuleSet& rules, const Plan& plan);

  // False: no program asks for processes.
  bool needed() const { return !own_.empty() || !of_parent_.empty(); }
  bool parents_needed() const { return !of_parent_.empty(); }

  struct Found {
    std::uint32_t number = 0;  // 0: all classes are taken, the process stays unknown
    bool is_new = false;
  };
  // `subject` needs an event and the process, which must be known. What processes of the same program and
  // name come to is remembered.
  Found classify(const fields::Subject& subject, Arena& arena);

  // The same by the process's name alone: what is all that can be said of others of that name before they
  // have been looked at. 0 also when no check asks for the name alone.
  Found classify_name(const fields::Subject& subject, Arena& arena);

  // By program; of a class that they gave.
  event::PlanClass terms(std::uint32_t number) const;

  std::size_t size() const { return numbers_.size(); }

 private:
  Found number_of(const std::string& results);

  const RuleSet::Program& program_;
  const Plan& plan_;
  std::vector<std::uint32_t> nodes_;                         // that the terms need, children first
  std::vector<std::uint32_t> own_, of_parent_;               // predicates
  std::vector<bool> by_name_;                                // of own_ and then of_parent_: by the name alone
  absl::flat_hash_map<std::string, std::uint32_t> numbers_;  // results of the checks → class
  absl::flat_hash_map<std::pair<std::uint64_t, std::string>, std::uint32_t> seen_;  // program, name → class
  std::vector<std::string> results_;                                                // by class
  std::string now_;
};

}  // namespace saker::rules
