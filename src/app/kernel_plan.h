// KernelPlan: the filter plan of the rules in force, and what the kernel side learns of processes for it.
//
// A process is sorted into its class when a call of it is seen for the first time since its last exec, and
// its parent with it: processes that never come through the other dimensions cost nothing here. Its calls
// pass until then, unless the probe was told what others of its name come to. Not thread-safe; owned by the
// pipeline.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/plan_options.h"
#include "base/arena.h"
#include "capture/driver.h"
#include "event/event.h"
#include "observe/snapshot.h"
#include "rules/planner.h"
#include "rules/process_classes.h"
#include "rules/rule_set.h"
#include "state/process_table.h"

namespace saker::app {

// The plan of the rules, as the options want it. Takes some milliseconds for a hundred rules: not for the
// thread that handles events.
std::shared_ptr<const rules::Plan> make_kernel_plan(const rules::RuleSet& rules, const PlanOptions& options);

class KernelPlan {
 public:
  using Stats = observe::PlanStats;

  // The driver must outlive it.
  KernelPlan(capture::Driver& driver, bool compare);

  // Puts the plan of `rules` in force, atomically for every event; the one before stays when it fails.
  // `rules` must live until the next call.
  Result<> apply(const rules::RuleSet& rules, std::shared_ptr<const rules::Plan> plan);

  bool wants(event::TypeId type) const { return type < wanted_.size() && wanted_[type] != 0; }

  // Whether system calls are hooked for it at all.
  bool hooks_calls() const { return hooks_calls_; }

  // Processes that are already there; call between attaching the probe and reading /proc.
  void before_scan();

  // Takes note of an event, once the process table has taken it.
  void on(const event::Event& event, const state::Process* process, const state::ProcessTable& processes,
          Arena& arena);

  // To be told of each event that a rule matched.
  void matched(const event::Event& event, const std::string& rule);

  const Stats& stats() const { return stats_; }
  const rules::Plan& plan() const { return *plan_; }

 private:
  // The version that a place's process was last seen in.
  struct Label {
    std::uint32_t tgid = 0;
    std::uint32_t version = 0;
  };
  void sort(const state::Process& process, std::uint32_t version, const event::Event& event, Arena& arena);
  bool tell(const rules::ProcessClasses::Found& found);
  Label& label(std::uint32_t tgid) { return labels_[tgid % labels_.size()]; }

  capture::Driver& driver_;
  bool compare_ = false;
  std::shared_ptr<const rules::Plan> plan_;
  std::optional<rules::ProcessClasses> classes_;
  absl::flat_hash_set<std::string> names_;  // that the probe was told of
  capture::ScopePlan wanted_{};
  bool hooks_calls_ = false;
  std::vector<Label> labels_;
  std::vector<std::uint32_t> scanned_;  // versions when the scan began, by place; empty: none
  Stats stats_;
};

}  // namespace saker::app
