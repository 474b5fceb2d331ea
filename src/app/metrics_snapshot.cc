#include "app/metrics_snapshot.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"

namespace saker::app {
namespace {

double one_decimal(double value) { return std::round(value * 10) / 10; }

double per_second(std::uint64_t count, std::uint64_t ns) {
  return ns == 0 ? 0 : one_decimal(static_cast<double>(count) / (static_cast<double>(ns) * 1e-9));
}

}  // namespace

std::map<std::string, alert::InternalValue> MetricsSnapshot::fields(const observe::MetricsInput& input,
                                                                    const MetricsSnapshotSettings& settings,
                                                                    const observe::MetricsOptions& groups) {
  std::map<std::string, alert::InternalValue> made;
  // Only what is told anyway may be zero, unless zeros are asked for.
  const auto count = [&](std::string name, std::uint64_t value) {
    if (value != 0 || settings.empty_values) made.emplace(std::move(name), value);
  };
  const auto memory = [&](const std::string& name, std::uint64_t bytes) {
    if (settings.megabytes)
      made.emplace(name + "_mb", one_decimal(static_cast<double>(bytes) / (1024 * 1024)));
    else
      made.emplace(name + "_bytes", bytes);
  };
  const std::uint64_t now = wall_time_ns();
  made.emplace("evt.time", now);
  made.emplace("evt.hostname", input.hostname);
  made.emplace("evt.source", std::string("syscall"));
  made.emplace("falco.version", std::string(input.version));
  made.emplace("falco.start_ts", input.start_wall_ns);
  made.emplace("falco.reload_ts", input.state.in_force.since_wall_ns);
  made.emplace("falco.duration_sec", (now - std::min(now, input.start_wall_ns)) / 1'000'000'000);
  made.emplace("falco.host_boot_ts", input.host.boot_wall_ns);
  made.emplace("falco.host_num_cpus", std::uint64_t{input.host.cpus});
  made.emplace("falco.kernel_release", input.host.kernel_release);
  made.emplace("scap.engine_name", std::string("modern_bpf"));
  std::uint64_t queue_drops = 0;
  if (input.state.in_force.outputs) {
    for (const auto& worker : input.state.in_force.outputs->workers()) queue_drops += worker->stats().dropped;
  }
  made.emplace("falco.outputs_queue_num_drops", queue_drops);
  if (groups.resources) {
    made.emplace("falco.cpu_usage_perc", one_decimal(input.host.cpu_ratio * 100));
    made.emplace("falco.host_cpu_usage_perc", one_decimal(input.host.host_cpu_ratio * 100));
    made.emplace("falco.host_procs_running", input.host.host_processes_running);
    made.emplace("falco.host_open_fds", input.host.host_open_files);
    memory("falco.memory_rss", input.host.rss_bytes);
    memory("falco.memory_vsz", input.host.vsz_bytes);
    memory("falco.memory_pss", input.host.pss_bytes);
    memory("falco.host_memory_used", input.host.host_memory_used_bytes);
    if (input.host.container_bytes) memory("falco.container_memory_used", *input.host.container_bytes);
  }
  if (!input.snapshot) return made;
  const observe::Snapshot& snapshot = *input.snapshot;
  const std::uint64_t passed_ns = taken_ns_ == 0 ? 0 : snapshot.taken_ns - taken_ns_;
  if (groups.rules) {
    std::uint64_t matches = 0;
    for (const auto& [name, rule] : snapshot.rules) {
      std::string key = name;
      std::ranges::replace(key, ' ', '_');
      count("falco.rules." + key, rule.matches);
      matches += rule.matches;
    }
    made.emplace("falco.rules.matches_total", matches);
  }
  if (groups.state) {
    made.emplace("falco.n_threads", std::uint64_t{snapshot.processes});
    count("falco.n_added_threads", snapshot.process_table.added);
    count("falco.n_removed_threads", snapshot.process_table.removed);
    count("falco.n_failed_thread_lookups", snapshot.process_table.unknown);
    count("falco.n_drops_full_threadtable", snapshot.process_table.refused);
    count("falco.n_containers", snapshot.containers);
  }
  made.emplace("falco.num_evts", snapshot.pipeline.judged);
  made.emplace("falco.num_evts_prev", judged_);
  if (groups.kernel) {
    const std::uint64_t sent = snapshot.probe.cause[SAKER_COUNT_SENT], dropped = snapshot.probe.drops();
    made.emplace("scap.n_evts", sent);
    made.emplace("scap.n_evts_prev", sent_);
    made.emplace("scap.evts_rate_sec", per_second(sent - sent_, passed_ns));
    made.emplace("scap.n_drops", dropped);
    made.emplace("scap.n_drops_prev", dropped_);
    made.emplace("scap.evts_drop_rate_sec", per_second(dropped - dropped_, passed_ns));
    const std::uint64_t all = sent - sent_ + dropped - dropped_;
    made.emplace("scap.n_drops_perc",
                 all == 0 ? 0.0 : 100 * static_cast<double>(dropped - dropped_) / static_cast<double>(all));
    sent_ = sent;
    dropped_ = dropped;
  }
  judged_ = snapshot.pipeline.judged;
  taken_ns_ = snapshot.taken_ns;
  return made;
}

}  // namespace saker::app
