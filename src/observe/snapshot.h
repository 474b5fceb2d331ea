// Snapshot: what the pipeline knows of itself at one moment. Plain data, made by the pipeline's thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "capture/metadata_resolver.h"
#include "capture/plan_maps.h"
#include "capture/probe_counters.h"
#include "capture/ring_reader.h"
#include "rules/rule.h"
#include "state/process_table.h"

namespace saker::observe {

struct PipelineStats {
  std::uint64_t records = 0;        // decoded, cgroups and processes included
  std::uint64_t undecodable = 0;    // the probe and we disagree: a bug, counted
  std::uint64_t judged = 0;         // events that rules were asked about
  std::uint64_t matched = 0;        // events that raised at least one alert
  std::uint64_t unknown_place = 0;  // judged without knowing whether host or container
  // Containers from which events were judged, and those of them whose first one knew all their metadata.
  std::uint64_t containers_judged = 0, containers_known_first = 0;
  std::uint64_t containers_without_image = 0;  // of those: nobody told its image by then
  std::uint64_t alerts = 0;                    // given to the outputs
  std::uint64_t suppressed_rate = 0;           // matches that rate control held back: over the rule's rate
  std::uint64_t suppressed_duplicate = 0;      // and those that said nothing new
};

struct PlanStats {
  std::uint64_t ruled_out = 0;   // seen all the same, while the plan is compared
  std::uint64_t disagreed = 0;   // of those, matched by a rule: must stay 0
  std::uint64_t classified = 0;  // processes
};

// Events of containers whose metadata was on its way.
struct HeldStats {
  std::uint64_t held = 0;
  std::uint64_t timed_out = 0;  // of those, judged without what was waited for
  std::uint64_t no_room = 0;    // not held: judged at once
  Histogram::Snapshot waits{};  // how long those held waited
};

// Matches of one rule, over all revisions that had it.
struct RuleCount {
  std::string source;
  rules::Priority priority = rules::Priority::kDebug;
  std::vector<std::string> tags;
  std::uint64_t matches = 0;
  std::uint64_t suppressed = 0;
};
using RuleCounts = std::map<std::string, RuleCount>;  // by name

// What judging took, of the events that were timed: one in kTimedEvery.
inline constexpr std::uint64_t kTimedEvery = 61;  // no number that events come in
struct Cost {
  std::uint64_t count = 0, ns = 0;
};
struct Costs {
  std::map<std::string, Cost> rules;  // by name; conditions, by event
  std::vector<Cost> events;           // by type; all that rules do with an event but write alerts
};

struct Snapshot {
  std::uint64_t taken_ns = 0;  // boot time
  PipelineStats pipeline;
  RuleCounts rules;
  Costs costs;
  Histogram::Snapshot alert_delay;  // from the event to its alert
  capture::ProbeCounters probe;
  PlanStats plan;
  capture::PlanCounts plan_counts{};  // of the plan in force
  capture::RingReader::Stats reader;
  std::size_t rings = 0;
  state::ProcessTable::Stats process_table;
  std::size_t processes = 0, process_bytes = 0, containers = 0, sockets = 0;
  HeldStats held;
  capture::MetadataResolver::Stats metadata;
};

}  // namespace saker::observe
