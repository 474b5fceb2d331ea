// Pipeline: a record's way from the probe to an alert, on one thread.
//
//   probe → record → Event → process table, containers → Subject → rules → alert → output
//
// Cgroup records answer the probe's question (host or container?) at once. Everything else updates the
// process table; what a rule may want is judged. Nothing here blocks: outputs have threads of their own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/container_desk.h"
#include "app/held_events.h"
#include "app/kernel_plan.h"
#include "app/revision.h"
#include "base/arena.h"
#include "base/result.h"
#include "capture/driver.h"
#include "capture/file_identity.h"
#include "capture/name_resolver.h"
#include "event/event.h"
#include "fields/catalogue.h"
#include "observe/board.h"
#include "observe/self_test.h"
#include "observe/snapshot.h"
#include "rules/rule_set.h"
#include "state/closings.h"
#include "state/containers.h"
#include "state/process_table.h"
#include "state/sockets.h"
#include "state/users.h"

namespace saker::app {

struct PipelineOptions {
  std::string host_root;  // where the host's / is mounted; "" = we are on the host
  std::string hostname;
  state::ProcessTable::Limits processes;
  MetadataSettings metadata;
  observe::Board* board = nullptr;  // both may be missing; they must outlive the pipeline
  observe::SelfTest* self_test = nullptr;
  bool compare_plan = false;  // see PlanOptions
};

class Pipeline {
 public:
  // `driver` must outlive the pipeline.
  Pipeline(capture::Driver& driver, std::shared_ptr<const Revision> revision, PipelineOptions options);

  // Judges what still waits for metadata, and tells what rate control holds back. The last call.
  void finish();

  // Attaches the probe, reads the processes that are there already, then lets events come: in this order, so
  // that nothing falls between. Problems of the scan are logged, those of the probe returned.
  Result<> start();

  // Handles what is there and sleeps until there is more, a signal, or the time is over.
  void turn(int timeout_ms);

  // Goes on with `next`: the kernel is told what its rules want, then it judges. What is known of processes,
  // containers and sockets stays. An event that both revisions want is judged once, by one of them. On an
  // error all is as before.
  Result<> adopt(std::shared_ptr<const Revision> next);

  const Revision& revision() const { return *revision_; }
  observe::Snapshot snapshot() const;

 private:
  void take(std::span<const std::byte> record);
  void place(const event::Cgroup& cgroup);
  void judge(event::Event& event, const state::Process* process, bool self_test,
             std::span<const std::byte> record);
  void evaluate(fields::Subject& subject, const event::Event& event, state::Container* container,
                bool self_test = false);
  void judge_held(std::deque<HeldEvents::Held> held);
  std::unique_ptr<capture::FileIdentities> identities_of(const rules::RuleSet& rules) const;
  void identify(event::Event& event, const state::Containers::Found& found);
  void ask_for_names(const rules::RuleSet& rules);
  void keep_house();
  void read_environments(std::size_t count);
  void raise(const rules::Evaluator::Match& match, fields::Subject& subject);
  void tell_suppressed(const std::vector<alert::RateControl::Summary>& summaries);
  bool is_self_test(const event::Event& event);
  void count_rules(observe::RuleCounts& into) const;
  std::map<std::string, observe::Cost> rule_costs() const;

  capture::Driver& driver_;
  std::shared_ptr<const Revision> revision_;
  PipelineOptions options_;
  std::unique_ptr<rules::Evaluator> evaluator_;  // of the revision's rules
  std::unique_ptr<alert::RateControl> rate_;     // and of its rate limits
  state::ProcessTable processes_;
  std::vector<event::ProcessId> without_environment_;  // whose environment is still to be read
  state::Containers containers_;
  ContainerDesk desk_;
  HeldEvents held_;
  state::Sockets sockets_;
  state::Closings closings_;
  event::TypeId close_ = event::find_type("close").value();
  std::unique_ptr<capture::FileIdentities> identities_;  // of the paths in the revision's rules
  bool asks_for_names_ = false;
  capture::NameResolver names_;
  std::shared_ptr<const state::DomainNames> domain_names_;  // the latest answers
  event::Event event_;                                      // the one being handled
  event::Event restored_event_;                             // of those held, the one being judged
  Arena arena_;
  observe::PipelineStats stats_;
  Histogram alert_delay_;
  struct RuleTotals {
    std::uint64_t matches = 0, suppressed = 0;
  };
  std::vector<RuleTotals> by_rule_;  // since the revision came
  observe::RuleCounts earlier_;      // those before
  observe::Costs costs_;             // of rules: those before
  KernelPlan plan_;
  std::uint64_t number_ = 0;
  std::uint64_t first_wall_ns_ = 0, previous_wall_ns_ = 0;  // of judged events
  std::uint64_t wall_minus_boot_ns_ = 0;
  std::uint64_t next_housekeeping_ns_ = 0;
};

}  // namespace saker::app
