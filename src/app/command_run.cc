#include <unistd.h>

#include <cmath>
#include <csignal>
#include <map>

#include "alert/stream_output.h"
#include "app/commands.h"
#include "app/pipeline.h"
#include "base/clock.h"
#include "base/log.h"
#include "capture/diagnosis.h"

namespace saker::app {
namespace {

constexpr int kTurnMs = 250;  // the longest sleep between two looks at the clock
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

void log_summary(const Pipeline& pipeline, const capture::Driver& driver, const rules::RuleSet& rules) {
  const PipelineStats& stats = pipeline.stats();
  const capture::ProbeCounters counters = driver.counters();
  const std::string causes = drop_causes(counters);
  log(LogLevel::kInfo,
      "events seen: {}, judged: {}, matched: {}, filtered in the kernel: {}, dropped: {}{}{}", stats.records,
      stats.judged, stats.matched, counters.cause[SAKER_COUNT_FILTERED], counters.drops(),
      causes.empty() ? "" : ", causes: ", causes);
  if (stats.output_failed > 0)
    log(LogLevel::kError, "alerts that could not be written: {}", stats.output_failed);
  std::map<rules::Priority, std::uint64_t> by_priority;
  for (std::size_t i = 0; i < stats.by_rule.size(); ++i)
    by_priority[rules.rules()[i].rule.priority] += stats.by_rule[i];
  for (const auto& [priority, count] : by_priority) {
    if (count > 0) log(LogLevel::kInfo, "  {}: {}", rules::priority_name(priority), count);
  }
  for (std::size_t i = 0; i < stats.by_rule.size(); ++i) {
    if (stats.by_rule[i] > 0) log(LogLevel::kInfo, "  {}: {}", rules.rules()[i].rule.name, stats.by_rule[i]);
  }
}

int watch(const Config& config, const Options& options, const rules::RuleSet& rules) {
  auto driver = capture::Driver::load(config.driver);
  if (!driver) {
    log(LogLevel::kError, "{}", driver.error().message);
    return kExitNoProbe;
  }
  alert::StreamOutput standard_output(STDOUT_FILENO, config.buffered_outputs && !options.unbuffered);
  Pipeline pipeline(**driver, rules, standard_output,
                    {.host_root = config.host_root,
                     .hostname = own_hostname(),
                     .format = config.format,
                     .processes = {.processes_max = config.processes_max}});
  if (const auto started = pipeline.start(); !started) {
    log(LogLevel::kError, "{}", started.error().message);
    return kExitNoProbe;
  }
  log(LogLevel::kInfo, "watching with {} rules, {} ring buffer{}", rules.rules().size(),
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
  if (const auto flushed = standard_output.flush(); !flushed)
    log(LogLevel::kError, "{}", flushed.error().message);
  log_summary(pipeline, **driver, rules);
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
  if (!config.stdout_enabled)
    log(LogLevel::kWarning,
        "stdout_output is off and no other output is there yet: "
        "alerts go nowhere");
  const auto rules = load_configured_rules(config);
  if (!rules) return kExitBadInput;
  if (config.engine == Engine::kNone) {
    log(LogLevel::kError, "engine.kind is nodriver, and this version has no other source of events");
    return kExitBadInput;
  }
  return watch(config, options, *rules);
}

}  // namespace saker::app
