#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <map>

#include "app/channels.h"
#include "app/commands.h"
#include "app/pipeline.h"
#include "base/clock.h"
#include "base/log.h"
#include "capture/diagnosis.h"

namespace saker::app {
namespace {

constexpr int kTurnMs = 250;                              // the longest sleep between two looks at the clock
constexpr std::uint64_t kOutputsGraceNs = 5'000'000'000;  // for what is queued when the agent ends
constexpr std::uint64_t kDropReportNs = 10'000'000'000;

volatile std::sig_atomic_t stop_signal = 0;

void on_signal(int number) { stop_signal = number; }

void install_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::string own_hostname() {
  // Falco's variable: in a pod the node's name is wanted, not the pod's.
  if (const char* name = std::getenv("FALCO_HOSTNAME"); name != nullptr && *name != '\0') return name;
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  return name;
}

std::string drop_causes(const capture::ProbeCounters& counters) {
  std::string text;
  for (std::size_t i = 0; i < SAKER_COUNTERS; ++i) {
    const auto counter = static_cast<saker_counter>(i);
    if (!capture::is_drop(counter) || counters.cause[i] == 0) continue;
    text +=
        fmt::format("{}{}={}", text.empty() ? "" : " ", capture::counter_name(counter), counters.cause[i]);
  }
  if (counters.missed_runs > 0)
    text += fmt::format("{}missed_runs={}", text.empty() ? "" : " ", counters.missed_runs);
  return text;
}

// Says at most every few seconds that records were lost, and why.
class DropReporter {
 public:
  void look(const capture::Driver& driver) {
    const std::uint64_t now = boot_time_ns();
    if (now < next_ns_) return;
    next_ns_ = now + kDropReportNs;
    const capture::ProbeCounters counters = driver.counters();
    if (counters.drops() == reported_) return;
    log(LogLevel::kWarning, "{} records were lost since the last report ({} in all: {})",
        counters.drops() - reported_, counters.drops(), drop_causes(counters));
    reported_ = counters.drops();
  }

 private:
  std::uint64_t next_ns_ = 0;
  std::uint64_t reported_ = 0;
};

void log_summary(const Pipeline& pipeline, const capture::Driver& driver) {
  const PipelineStats& stats = pipeline.stats();
  const capture::ProbeCounters counters = driver.counters();
  const std::string causes = drop_causes(counters);
  log(LogLevel::kInfo,
      "events seen: {}, judged: {}, matched: {}, filtered in the kernel: {}, dropped: {}{}{}", stats.records,
      stats.judged, stats.matched, counters.cause[SAKER_COUNT_FILTERED], counters.drops(),
      causes.empty() ? "" : ", causes: ", causes);
  const RuleCounts rules = pipeline.rule_counts();
  std::map<rules::Priority, std::uint64_t> by_priority;
  for (const auto& [name, count] : rules) by_priority[count.priority] += count.matches;
  for (const auto& [priority, count] : by_priority)
    log(LogLevel::kInfo, "  {}: {}", rules::priority_name(priority), count);
  for (const auto& [name, count] : rules) log(LogLevel::kInfo, "  {}: {}", name, count.matches);
}

void log_losses(const alert::Outputs& outputs) {
  for (const auto& worker : outputs.workers()) {
    const alert::OutputStats stats = worker->stats();
    if (stats.lost + stats.dropped == 0) continue;
    log(LogLevel::kError, "output {}: {} alerts were lost and {} found its queue full",
        worker->channel().name, stats.lost, stats.dropped);
  }
}

int watch(const Config& config, const Options& options, std::shared_ptr<const rules::RuleSet> rules) {
  auto driver = capture::Driver::load(config.driver);
  if (!driver) {
    log(LogLevel::kError, "{}", driver.error().message);
    return kExitNoProbe;
  }
  const auto outputs = alert::Outputs::make(channels_of(config), nullptr);
  if (!outputs) {
    log(LogLevel::kError, "{}", outputs.error().message);
    return kExitBadInput;
  }
  auto revision = std::make_shared<Revision>();
  revision->rules = std::move(rules);
  revision->format = config.format;
  revision->outputs = *outputs;
  Pipeline pipeline(**driver, revision,
                    {.host_root = config.host_root,
                     .hostname = own_hostname(),
                     .processes = {.processes_max = config.processes_max}});
  if (const auto started = pipeline.start(); !started) {
    log(LogLevel::kError, "{}", started.error().message);
    return kExitNoProbe;
  }
  log(LogLevel::kInfo, "watching with {} rules, {} ring buffer{}", revision->rules->rules().size(),
      (*driver)->ring_count(), (*driver)->ring_count() == 1 ? "" : "s");

  DropReporter drops;
  const std::uint64_t end_ns =
      options.stop_after_seconds > 0
          ? boot_time_ns() + static_cast<std::uint64_t>(options.stop_after_seconds * 1e9)
          : UINT64_MAX;
  while (stop_signal == 0 && boot_time_ns() < end_ns) {
    pipeline.turn(kTurnMs);
    drops.look(**driver);
  }
  pipeline.turn(0);  // what was there when the end was asked for
  const bool ended = (*outputs)->stop(kOutputsGraceNs);
  log_summary(pipeline, **driver);
  log_losses(**outputs);
  if (!ended) std::_Exit(kExitGood);  // a thread hangs in its output: nothing that it uses may go away
  return kExitGood;
}

}  // namespace

int command_run(const Config& config, const Options& options) {
  install_signals();
  if (config.engine == Engine::kModernEbpf) {
    const capture::Diagnosis diagnosis = capture::diagnose();
    if (const capture::Check* failure = diagnosis.first_failure()) {
      log(LogLevel::kError, "{}", failure->sentence);
      return kExitNoProbe;
    }
  }
  auto rules = load_configured_rules(config);
  if (!rules) return kExitBadInput;
  if (config.engine == Engine::kNone) {
    log(LogLevel::kError, "engine.kind is nodriver, and this version has no other source of events");
    return kExitBadInput;
  }
  return watch(config, options, std::move(rules));
}

}  // namespace saker::app
