// PlanMaps: the filter plan in the probe's maps.
//
// A change is atomic for every event: the new generation is written beside the one in force, then one number
// changes, which the probe reads once for each event. Before the old generation's place is written again, the
// handlers that began under it are over: that is waited for when the last change was just now. Not
// thread-safe. The pipeline thread owns it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/filter_plan.h"

struct saker_probe;

namespace saker::capture {

// How many events each dimension ruled out, by program of the plan in force.
using PlanCounts = std::array<std::array<std::uint64_t, SAKER_PLAN_DIMENSIONS>, SAKER_PLAN_PROGRAMS>;

class PlanMaps {
 public:
  // `skeleton` is loaded and outlives this.
  explicit PlanMaps(saker_probe& skeleton) : skeleton_(skeleton) {}

  // Writes the plan and puts it in force. The one before stays in force when it fails.
  Result<> apply(const event::FilterPlan& plan);

  // The terms of a class of processes, before a process is said to be of it.
  Result<> set_class(std::uint32_t number, const event::PlanClass& terms);

  // What a process runs, in the version that a record told of (event::Task::version), is of that class.
  void set_process(std::uint32_t tgid, std::uint32_t version, std::uint32_t number);
  // Whether something has been said of that version.
  bool knows(std::uint32_t tgid, std::uint32_t version) const;
  // New programs of that name are of that class until something is said of them. Of SAKER_PLAN_COMMS names
  // at most; others are not known. Until the next apply().
  void set_comm(std::string_view comm, std::uint32_t number);
  // The present version of the process.
  std::uint32_t version(std::uint32_t tgid) const;

  PlanCounts counts() const;

 private:
  struct Written {
    std::vector<saker_plan_text> texts;
    std::vector<saker_plan_path> paths;
    std::vector<saker_plan_network> networks;
    std::vector<saker_plan_comm> comms;
  };
  void clear(Written& written);
  Result<> write(const event::FilterPlan& plan, std::uint8_t place);
  Result<> write(const event::PlanPairs& pairs, std::uint8_t place, std::uint8_t set);
  PlanCounts all_counts() const;

  saker_probe& skeleton_;
  std::array<Written, SAKER_PLAN_GENERATIONS> written_;
  std::uint32_t generation_ = 0;
  std::uint64_t changed_ns_ = 0;  // boot time of the last change
  PlanCounts counted_before_{};   // by earlier plans
};

}  // namespace saker::capture
