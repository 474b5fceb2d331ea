#include <malloc.h>

#include <unistd.h>
#include <future>
#include <memory>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>

#include "app/channels.h"
#include "app/commands.h"
#include "app/in_force.h"
#include "app/mailbox.h"
#include "app/pipeline.h"
#include "app/read_configuration.h"
#include "app/sandbox.h"
#include "app/supervisor.h"
#include "app/watched_files.h"
#include "base/clock.h"
#include "base/log.h"
#include "capture/diagnosis.h"

namespace saker::app {
namespace {

constexpr int kTurnMs = 250;                              // the longest sleep between two looks at the clock
constexpr std::uint64_t kOutputsGraceNs = 5'000'000'000;  // for what is queued when the agent ends

void log_plan(const observe::Snapshot& snapshot) {
  std::string ruled_out;
  for (unsigned dimension = 0; dimension < SAKER_PLAN_DIMENSIONS; ++dimension) {
    std::uint64_t sum = 0;
    for (const auto& program : snapshot.plan_counts) sum += program[dimension];
    if (sum > 0)
      ruled_out +=
          fmt::format(" {}={}", rules::dimension_name(static_cast<saker_plan_dimension>(dimension)), sum);
  }
  log(LogLevel::kInfo, "ruled out by:{}", ruled_out.empty() ? " nothing" : ruled_out);
  if (const observe::PlanStats& stats = snapshot.plan; stats.ruled_out > 0)
    log(stats.disagreed > 0 ? LogLevel::kError : LogLevel::kInfo,
        "plan compared: {} events that it rules out were judged, {} of them matched a rule", stats.ruled_out,
        stats.disagreed);
}

void log_summary(const observe::Snapshot& snapshot) {
  const observe::PipelineStats& stats = snapshot.pipeline;
  const capture::ProbeCounters& counters = snapshot.probe;
  const std::string causes = drop_causes(counters);
  log(LogLevel::kInfo,
      "events seen: {}, judged: {}, matched: {}, filtered in the kernel: {}, dropped: {}{}{}", stats.records,
      stats.judged, stats.matched, counters.cause[SAKER_COUNT_FILTERED], counters.drops(),
      causes.empty() ? "" : ", causes: ", causes);
  log_plan(snapshot);
  const state::ProcessTable::Stats& table = snapshot.process_table;
  log(LogLevel::kInfo,
      "processes: {}, in {} KiB; for want of room {} programs lost details, {} ended ones were forgotten "
      "early "
      "and {} new ones stay unknown",
      snapshot.processes, snapshot.process_bytes / 1024, table.shortened, table.evicted, table.refused);
  const observe::HeldStats& held = snapshot.held;
  const capture::MetadataResolver::Stats& metadata = snapshot.metadata;
  log(LogLevel::kInfo,
      "containers: {}, all metadata at their first event: {}, events waited for metadata: {}, in vain: {}, "
      "without room: {}; metadata found on disk: {}, by API: {}, not found: {}, unanswered: {}, refused: {}",
      stats.containers_judged, stats.containers_known_first, held.held, held.timed_out, held.no_room,
      metadata.found_on_disk, metadata.found_by_api, metadata.not_found, metadata.api_failed,
      metadata.refused);
  const observe::RuleCounts& rules = snapshot.rules;
  std::map<rules::Priority, std::uint64_t> by_priority;
  for (const auto& [name, count] : rules) by_priority[count.priority] += count.matches;
  for (const auto& [priority, count] : by_priority)
    log(LogLevel::kInfo, "  {}: {}", rules::priority_name(priority), count);
  for (const auto& [name, count] : rules) log(LogLevel::kInfo, "  {}: {}", name, count.matches);
}

// Each alert that was given to an output is in one of the numbers.
void log_outputs(const alert::Outputs& outputs) {
  for (const auto& worker : outputs.workers()) {
    const alert::OutputStats stats = worker->stats();
    log(stats.lost + stats.dropped > 0 ? LogLevel::kError : LogLevel::kInfo,
        "output {}: {} alerts were delivered, {} were lost and {} found its queue full",
        worker->channel().name, stats.delivered, stats.lost, stats.dropped);
  }
}

Result<> start(capture::Driver& driver, Pipeline& pipeline, observe::AgentState& state,
               const Revision& revision) {
  TRY(pipeline.start());
  state.set_attached(true);
  log(LogLevel::kInfo, "watching with {} rules, {} ring buffer{}", revision.rules->rules().size(),
      driver.ring_count(), driver.ring_count() == 1 ? "" : "s");
  return {};
}

// The pipeline's loop, on this thread; its end is asked for through the mailbox.
void run_pipeline(Pipeline& pipeline, Mailbox& mailbox, double stop_after_seconds) {
  const std::uint64_t end_ns = stop_after_seconds > 0
                                   ? boot_time_ns() + static_cast<std::uint64_t>(stop_after_seconds * 1e9)
                                   : UINT64_MAX;
  while (!mailbox.stopped() && boot_time_ns() < end_ns) {
    mailbox.take([&](std::shared_ptr<const Revision> next) { return pipeline.adopt(std::move(next)); });
    pipeline.turn(kTurnMs);
  }
  pipeline.turn(0);  // what was there when the end was asked for
}

// What the summary at the start tells of the rules.
std::string wanted_events(const observe::InForce& in_force) {
  constexpr std::size_t kShownMax = 12;
  if (in_force.event_types.empty()) return "no events";
  std::string text;
  for (std::size_t i = 0; i < std::min(kShownMax, in_force.event_types.size()); ++i)
    text += (i == 0 ? "" : ", ") + in_force.event_types[i];
  if (in_force.event_types.size() > kShownMax)
    text += fmt::format(" and {} more", in_force.event_types.size() - kShownMax);
  return text;
}

Result<> write_pid_file(const std::string& path) {
  if (path.empty()) return {};
  std::ofstream file(path, std::ios::trunc);
  file << getpid() << '\n';
  file.close();
  if (file.fail()) return fail(ErrorCode::kIo, fmt::format("cannot write the process id to {}", path));
  return {};
}

using LoadingDriver = std::future<Result<std::unique_ptr<capture::Driver>>>;

int watch(const Config& config, const Options& options, const LoadedRules& loaded,
          std::vector<LoadedFile> seen, LoadingDriver loading_driver) {
  auto plan = make_plan(config, loaded);
  auto loaded_driver = loading_driver.get();
  if (!loaded_driver) {
    // Why this kernel cannot, in a sentence; or what it said, where nothing is missing that is known to be
    // needed.
    const capture::Diagnosis diagnosis = capture::diagnose();
    const capture::Check* failure = diagnosis.first_failure();
    log(LogLevel::kError, "{}", failure != nullptr ? failure->sentence : loaded_driver.error().message);
    return kExitNoProbe;
  }
  capture::Driver& driver = **loaded_driver;
  // Before any other thread is there: capabilities are a thread's own.
  if (config.sandbox) {
    const auto kept = enter_sandbox({.filter_calls = config.seccomp,
                                     .runs_programs = config.outputs.program_enabled,
                                     .writes_files = !config.read_only || writes_files(config)});
    if (!kept) {
      log(LogLevel::kError, "{}; `saker.sandbox: false` goes without", kept.error().message);
      return kExitNoProbe;
    }
    log(LogLevel::kInfo, "sandbox: {}", *kept);
  }
  const auto outputs = alert::Outputs::make(channels_of(config), nullptr);
  if (!outputs) {
    log(LogLevel::kError, "{}", outputs.error().message);
    return kExitBadInput;
  }
  const auto revision = make_revision(1, config, loaded, std::move(plan), *outputs);
  Mailbox mailbox([&driver] { driver.wake(); });
  observe::Board board;
  observe::SelfTest self_test;
  observe::AgentState state;
  state.set_in_force(in_force(*revision, config, loaded));
  log(LogLevel::kInfo, "saker {} on {}: rules want {}", version(), own_hostname(),
      wanted_events(state.view().in_force));
  Pipeline pipeline(driver, revision,
                    {.host_root = config.host_root,
                     .hostname = own_hostname(),
                     .processes = config.processes,
                     .metadata = config.metadata,
                     .board = &board,
                     .self_test = &self_test,
                     .compare_plan = config.plan.compare});
  if (const auto started = start(driver, pipeline, state, *revision); !started) {
    log(LogLevel::kError, "{}", started.error().message);
    return kExitNoProbe;
  }
  const Web::Sources web{.board = board,
                         .state = state,
                         .self_test = self_test,
                         .hostname = own_hostname(),
                         .host_root = config.host_root,
                         .start_wall_ns = wall_time_ns(),
                         .start_boot_ns = boot_time_ns()};
  Supervisor supervisor({.options = options,
                         .mailbox = mailbox,
                         .board = board,
                         .self_test = self_test,
                         .state = state,
                         .web = web},
                        config, revision, std::move(seen));
  run_pipeline(pipeline, mailbox, options.stop_after_seconds);
  supervisor.join();
  pipeline.finish();
  const alert::Outputs& last = *supervisor.revision()->outputs;
  const bool ended = last.stop(kOutputsGraceNs);
  log_summary(pipeline.snapshot());
  log_outputs(last);
  if (!ended) std::_Exit(mailbox.status());  // a thread hangs in its output: nothing that it uses may go away
  return mailbox.status();
}

}  // namespace

int command_run(const Config& config, const Options& options) {
  // What is large goes back to the kernel when it is freed, whichever thread had it: the kernel's types take
  // ten megabytes while the probe is fitted to them. Setting it also keeps it from growing by itself.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  mallopt(M_ARENA_MAX,
          2);  // alerts are made on one thread and freed on others: few arenas keep memory together
  Supervisor::block_signals();
  if (const auto written = write_pid_file(options.pid_file); !written) {
    log(LogLevel::kError, "{}", written.error().message);
    return kExitBadInput;
  }
  // The kernel verifies the probe while the rules are compiled.
  LoadingDriver loading_driver;
  if (config.engine != Engine::kNone) {
    capture::DriverOptions wanted = config.driver;
    wanted.rings_later = true;
    loading_driver = std::async(std::launch::async, capture::Driver::load, wanted);
  }
  std::vector<LoadedFile> seen = watched_files(config, options);
  const auto rules = load_configured_rules(config);
  if (!rules) return kExitBadInput;
  if (config.engine == Engine::kNone) {
    log(LogLevel::kError,
        "engine.kind is nodriver, or the source syscall is off, and there is no other source of events");
    return kExitBadInput;
  }
  return watch(config, options, *rules, std::move(seen), std::move(loading_driver));
}

}  // namespace saker::app
