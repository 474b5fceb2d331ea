// Pipeline: a record's way from the probe to an alert, on one thread.
//
//   probe → record → Event → process table, containers → Subject → rules → alert → output
//
// Cgroup records answer the probe's question (host or container?) at once. Everything else updates the
// process table; what a rule may want is judged. Nothing here blocks but the output itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "alert/output.h"
#include "base/arena.h"
#include "base/result.h"
#include "capture/driver.h"
#include "event/event.h"
#include "fields/catalogue.h"
#include "rules/rule_set.h"
#include "state/containers.h"
#include "state/process_table.h"
#include "state/sockets.h"
#include "state/users.h"

namespace saker::app {

struct PipelineOptions {
  std::string host_root;  // where the host's / is mounted; "" = we are on the host
  std::string hostname;
  alert::Format format;
  state::ProcessTable::Limits processes;
};

struct PipelineStats {
  std::uint64_t records = 0;        // decoded, cgroups and processes included
  std::uint64_t undecodable = 0;    // the probe and we disagree: a bug, counted
  std::uint64_t judged = 0;         // events that rules were asked about
  std::uint64_t matched = 0;        // events that raised at least one alert
  std::uint64_t output_failed = 0;  // alerts that could not be written
  std::uint64_t unknown_place = 0;  // judged without knowing whether host or container
  std::vector<std::uint64_t> by_rule;
};

class Pipeline {
 public:
  // `driver`, `rules` and `output` must outlive the pipeline.
  Pipeline(capture::Driver& driver, const rules::RuleSet& rules, alert::Output& output,
           PipelineOptions options);

  // Attaches the probe, reads the processes that are there already, then lets events come: in this order, so
  // that nothing falls between. Problems of the scan are logged, those of the probe returned.
  Result<> start();

  // Handles what is there and sleeps until there is more, a signal, or the time is over.
  void turn(int timeout_ms);

  const PipelineStats& stats() const { return stats_; }
  const state::ProcessTable& processes() const { return processes_; }

 private:
  void take(std::span<const std::byte> record);
  void place(const event::Cgroup& cgroup);
  void judge(event::Event& event, const state::Process* process);
  void read_metadata(state::Container& container, std::uint64_t now_ns);
  void keep_house();
  void note_output(const Result<>& done);

  capture::Driver& driver_;
  const rules::RuleSet& rules_;
  alert::Output& output_;
  PipelineOptions options_;
  rules::Evaluator evaluator_;
  state::ProcessTable processes_;
  state::Containers containers_;
  state::Users users_;
  state::Sockets sockets_;
  event::Event event_;  // the one being handled
  Arena arena_;
  PipelineStats stats_;
  capture::ScopePlan plan_{};
  std::uint64_t number_ = 0;
  std::uint64_t first_wall_ns_ = 0, previous_wall_ns_ = 0;  // of judged events
  std::uint64_t wall_minus_boot_ns_ = 0;
  std::uint64_t next_housekeeping_ns_ = 0;
};

}  // namespace saker::app
