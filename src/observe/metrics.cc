#include "observe/metrics.h"

#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <filesystem>

#include "base/clock.h"
#include "event/types.h"

namespace saker::observe {
namespace {

using enum MetricKind;
using enum MetricGroup;

constexpr MetricRow kRows[] = {
    // Falco's. Some of its gauges end in _total, as counters should: they are untyped here.
    {"falcosecurity_falco_version_info", kGauge, kAlways, "The agent's version."},
    {"falcosecurity_falco_kernel_release_info", kGauge, kAlways, "The kernel that is watched."},
    {"falcosecurity_evt_hostname_info", kGauge, kAlways, "The name that alerts carry."},
    {"falcosecurity_falco_sha256_rules_files_info", kGauge, kAlways, "Rules files in force."},
    {"falcosecurity_falco_sha256_config_files_info", kGauge, kAlways, "Configuration files in force."},
    {"falcosecurity_falco_rules_matches_total", kCounter, kRules,
     "Alerts by rule; those that rate control held back are counted too."},
    {"falcosecurity_falco_outputs_queue_num_drops_total", kCounter, kAlways,
     "Alerts that found the queue of an output full, over all outputs."},
    {"falcosecurity_falco_duration_seconds_total", kCounter, kAlways, "How long the agent has been running."},
    {"falcosecurity_falco_reload_timestamp_nanoseconds", kGauge, kNanoseconds,
     "When the revision in force was loaded."},
    {"falcosecurity_falco_start_timestamp_nanoseconds", kGauge, kNanoseconds, "When the agent started."},
    {"falcosecurity_falco_host_boot_timestamp_nanoseconds", kGauge, kNanoseconds, "When the machine booted."},
    {"falcosecurity_falco_host_num_cpus_total", kUntyped, kAlways, "CPUs of the machine."},
    {"falcosecurity_falco_cpu_usage_ratio", kGauge, kResources,
     "The agent's share of one CPU, over its whole life."},
    {"falcosecurity_falco_memory_rss_bytes", kGauge, kResources, "Resident memory of the agent."},
    {"falcosecurity_falco_memory_vsz_bytes", kGauge, kResources, "Virtual memory of the agent."},
    {"falcosecurity_falco_memory_pss_bytes", kGauge, kResources, "Proportional memory of the agent."},
    {"falcosecurity_falco_container_memory_used_bytes", kGauge, kResources, "Memory of the agent's cgroup."},
    {"falcosecurity_falco_host_cpu_usage_ratio", kGauge, kResources,
     "Busy share of the machine's CPUs, since it booted."},
    {"falcosecurity_falco_host_memory_used_bytes", kGauge, kResources, "Used memory of the machine."},
    {"falcosecurity_falco_host_procs_running_total", kUntyped, kResources,
     "Threads of the machine that run or want to."},
    {"falcosecurity_falco_host_open_fds_total", kUntyped, kResources, "Open files of the machine."},
    {"falcosecurity_scap_engine_name_info", kGauge, kAlways, "Where events come from."},
    {"falcosecurity_scap_n_evts_total", kCounter, kKernel, "Records that the probe has sent."},
    {"falcosecurity_scap_n_drops_total", kCounter, kKernel, "Records that were lost, for whatever reason."},
    {"falcosecurity_scap_n_drops_buffer_total", kCounter, kKernel,
     "Records that found their ring buffer full, by kind of call."},
    {"falcosecurity_scap_n_drops_scratch_map_total", kCounter, kKernel,
     "Records that found no working memory in the kernel."},
    {"falcosecurity_scap_n_threads_total", kUntyped, kState,
     "Processes in the process table. Falco counts threads here."},
    {"falcosecurity_scap_n_added_threads_total", kCounter, kState, "Processes that came into the table."},
    {"falcosecurity_scap_n_removed_threads_total", kCounter, kState, "Processes that left the table."},
    {"falcosecurity_scap_n_cached_thread_lookups_total", kCounter, kState,
     "Events of a process that the table knew."},
    {"falcosecurity_scap_n_noncached_thread_lookups_total", kCounter, kState,
     "Events whose process was looked for in /proc: none, the kernel tells of it with the event."},
    {"falcosecurity_scap_n_failed_thread_lookups_total", kCounter, kState,
     "Events of a process that the table did not know."},
    {"falcosecurity_scap_n_drops_full_threadtable_total", kCounter, kState,
     "Processes that found no room in the table."},
    {"falcosecurity_plugins_container_n_containers_total", kUntyped, kState, "Containers that are known."},
    {"falcosecurity_plugins_container_n_missing_container_images_total", kCounter, kState,
     "Containers whose image was not known when their first event was judged."},

    // Ours.
    {"saker_build_info", kGauge, kAlways, "Version, compiler and architecture of the agent."},
    {"saker_start_time_seconds", kGauge, kAlways, "When the agent started, since the epoch."},
    {"saker_cpu_seconds_total", kCounter, kResources, "CPU time of the agent."},
    {"saker_rules", kGauge, kAlways, "Rules in force."},
    {"saker_revision", kGauge, kAlways,
     "Number of the revision in force: 1 at the start, one more at each reload."},
    {"saker_revision_start_time_seconds", kGauge, kAlways, "Since when it is in force."},
    {"saker_reloads_total", kCounter, kAlways, "Reloads of configuration and rules, by result."},
    {"saker_last_reload_successful", kGauge, kAlways,
     "0 when the last reload failed, so that an older revision is in force than the files say."},
    {"saker_kernel_records_sent_total", kCounter, kKernel, "Records that the probe has sent, by event."},
    {"saker_kernel_events_filtered_total", kCounter, kKernel,
     "Events that the probe kept back because no rule could match them, by event."},
    {"saker_kernel_records_dropped_total", kCounter, kKernel, "Records lost for want of room, by event."},
    {"saker_kernel_drops_total", kCounter, kKernel, "Records lost, by cause."},
    {"saker_kernel_incomplete_total", kCounter, kKernel,
     "Records that came, but not with everything: a text was cut, memory could not be read, a cgroup had no "
     "name."},
    {"saker_plan_disagreements_total", kCounter, kKernel,
     "Events that a rule matched although the kernel's plan ruled them out, while saker.plan.compare is on. "
     "A bug."},
    {"saker_plan_classified_total", kCounter, kKernel,
     "Processes that were sorted into a class of the plan."},
    {"saker_ring_buffers", kGauge, kKernel, "Ring buffers between kernel and agent."},
    {"saker_ring_records_read_total", kCounter, kKernel, "Records taken out of the ring buffers."},
    {"saker_ring_broken_total", kCounter, kKernel,
     "Ring buffers whose content made no sense. A bug when not 0."},
    {"saker_records_decoded_total", kCounter, kAlways, "Records that were understood."},
    {"saker_records_undecodable_total", kCounter, kAlways, "Records that were not. A bug when not 0."},
    {"saker_events_judged_total", kCounter, kAlways, "Events that rules were asked about."},
    {"saker_events_matched_total", kCounter, kAlways, "Events that some rule matched."},
    {"saker_events_unknown_place_total", kCounter, kAlways,
     "Events judged without knowing whether they happened on the host or in a container."},
    {"saker_alerts_total", kCounter, kAlways, "Alerts given to the outputs."},
    {"saker_alerts_suppressed_total", kCounter, kAlways, "Matches that rate control held back, by reason."},
    {"saker_rule_suppressed_total", kCounter, kRules, "Matches of a rule that rate control held back."},
    {"saker_alert_delay_seconds", kHistogram, kAlways, "From the event in the kernel to its alert."},
    {"saker_processes", kGauge, kState, "Processes in the process table, the lately ended ones included."},
    {"saker_processes_evicted_total", kCounter, kState, "Ended processes forgotten before their time."},
    {"saker_containers", kGauge, kState, "Containers that are known."},
    {"saker_process_bytes", kGauge, kState, "Memory that the process table takes, about."},
    {"saker_programs_shortened_total", kCounter, kState,
     "Programs whose environment and long texts were forgotten for want of room."},
    {"saker_sockets", kGauge, kState, "Sockets whose beginning is remembered."},
    {"saker_rule_cost_seconds", kSummary, kRules,
     "What the conditions of a rule took, of one event in 61. What several rules ask for is on the account "
     "of "
     "the first."},
    {"saker_event_cost_seconds", kSummary, kRules,
     "What judging an event took, by its type, of one event in 61."},
    {"saker_containers_judged_total", kCounter, kAlways, "Containers from which events were judged."},
    {"saker_containers_known_first_total", kCounter, kAlways,
     "Of those, the ones whose first event was judged with all their metadata."},
    {"saker_container_metadata_total", kCounter, kAlways,
     "Answers to questions about containers: from the disk, from a runtime's API, nothing known, no answer, "
     "or "
     "not asked because too many questions waited."},
    {"saker_events_held_total", kCounter, kAlways, "Events that waited for their container's metadata."},
    {"saker_events_held_in_vain_total", kCounter, kAlways,
     "Events judged without it, because the time was over or there was no room to wait."},
    {"saker_events_held_seconds", kHistogram, kAlways, "How long they waited."},
    {"saker_output_delivered_total", kCounter, kAlways,
     "Alerts delivered, by output; to an output with a spool, when they are on disk."},
    {"saker_output_lost_total", kCounter, kAlways, "Alerts given up or refused by the receiver, by output."},
    {"saker_output_dropped_total", kCounter, kAlways, "Alerts that found the queue full, by output."},
    {"saker_output_retries_total", kCounter, kAlways, "Tries that came after a failed one, by output."},
    {"saker_output_queue_length", kGauge, kAlways, "Alerts that wait, by output."},
    {"saker_output_queue_bytes", kGauge, kAlways, "Memory of the alerts that wait, by output."},
    {"saker_output_failing", kGauge, kAlways, "1 when the last try of an output failed."},
    {"saker_output_spool_alerts", kGauge, kAlways, "Alerts that wait on disk for the receiver, by output."},
    {"saker_output_spool_bytes", kGauge, kAlways, "Disk that they take, by output."},
    {"saker_output_spool_delivered_total", kCounter, kAlways, "Alerts that the receiver took, by output."},
    {"saker_output_spool_refused_total", kCounter, kAlways,
     "Alerts that the receiver will never take, by output."},
    {"saker_output_spool_evicted_total", kCounter, kAlways,
     "Alerts that became too old on disk or made room for more severe ones, by output, since the spool was "
     "made."},
    {"saker_output_spool_retries_total", kCounter, kAlways, "Tries from disk after a failed one, by output."},
    {"saker_output_blocked_seconds", kGauge, kAlways, "How long the call under way has taken, by output."},
    {"saker_output_delay_seconds", kHistogram, kAlways,
     "From the event in the kernel to its delivery, by output."},
    {"saker_self_tests_total", kCounter, kAlways, "Events that the agent made to test itself."},
    {"saker_self_tests_passed_total", kCounter, kAlways, "Those that came through the whole pipeline."},
    {"saker_self_test_age_seconds", kGauge, kAlways, "How long ago the last one came through."},
    {"saker_self_test_delay_seconds", kGauge, kAlways, "How long the last one took."},
};

// Names of Falco's groups of calls, by what happens in the call.
std::string_view drop_group(std::string_view type) {
  if (type == "clone" || type == "clone3" || type == "fork" || type == "vfork") return "clone_fork";
  if (type == "execve" || type == "execveat") return "execve";
  if (type == "connect") return "connect";
  if (type.starts_with("open") || type == "creat") return "open";
  if (type == "close") return "close";
  if (type == "procexit") return "proc";
  if (type.ends_with("dir") || type.starts_with("unlink") || type.starts_with("rename") ||
      type.starts_with("link") || type.starts_with("symlink"))
    return "dir_file";
  return "other_interest";
}

using Labels = std::vector<prometheus::ClientMetric::Label>;

class Families {
 public:
  explicit Families(const MetricsOptions& options) : options_(options), families_(std::size(kRows)) {}

  void add(std::string_view name, double value, Labels labels = {}) {
    if (auto* family = find(name)) {
      prometheus::ClientMetric& metric = family->metric.emplace_back();
      metric.label = std::move(labels);
      metric.counter.value = metric.gauge.value = metric.untyped.value = value;
    }
  }
  void add(std::string_view name, std::uint64_t value, Labels labels = {}) {
    add(name, static_cast<double>(value), std::move(labels));
  }
  void add(std::string_view name, const Histogram::Snapshot& histogram, Labels labels = {}) {
    auto* family = find(name);
    if (family == nullptr) return;
    prometheus::ClientMetric& metric = family->metric.emplace_back();
    metric.label = std::move(labels);
    metric.histogram.sample_sum = static_cast<double>(histogram.sum_ns) * 1e-9;
    for (std::size_t i = 0; i < Histogram::kBoundsNs.size(); ++i) {
      metric.histogram.sample_count += histogram.counts[i];
      metric.histogram.bucket.push_back(
          {metric.histogram.sample_count, static_cast<double>(Histogram::kBoundsNs[i]) * 1e-9});
    }
    metric.histogram.sample_count = histogram.count();
    metric.histogram.bucket.push_back(
        {metric.histogram.sample_count, std::numeric_limits<double>::infinity()});
  }

  void add(std::string_view name, const Cost& cost, Labels labels) {
    auto* family = find(name);
    if (family == nullptr) return;
    prometheus::ClientMetric& metric = family->metric.emplace_back();
    metric.label = std::move(labels);
    metric.summary.sample_count = cost.count;
    metric.summary.sample_sum = static_cast<double>(cost.ns) * 1e-9;
  }

  std::string text() {
    std::erase_if(families_, [](const auto& family) { return family.metric.empty(); });
    return prometheus::TextSerializer().Serialize(families_);
  }

 private:
  bool wanted(MetricGroup group) const {
    switch (group) {
      case kAlways:
        return true;
      case kRules:
        return options_.rules;
      case kResources:
        return options_.resources;
      case kState:
        return options_.state;
      case kKernel:
        return options_.kernel;
      case kNanoseconds:
        return options_.nanoseconds;
    }
    return true;
  }
  // Null: not wanted.
  prometheus::MetricFamily* find(std::string_view name) {
    const auto row = std::ranges::find(kRows, name, &MetricRow::name);
    if (row == std::end(kRows)) std::abort();  // a name that the table does not have: we are wrong
    if (!wanted(row->group)) return nullptr;
    prometheus::MetricFamily& family = families_[static_cast<std::size_t>(row - std::begin(kRows))];
    family.name = row->name;
    family.help = row->help;
    switch (row->kind) {
      case kCounter:
        family.type = prometheus::MetricType::Counter;
        break;
      case kGauge:
        family.type = prometheus::MetricType::Gauge;
        break;
      case kHistogram:
        family.type = prometheus::MetricType::Histogram;
        break;
      case kSummary:
        family.type = prometheus::MetricType::Summary;
        break;
      case kUntyped:
        family.type = prometheus::MetricType::Untyped;
        break;
    }
    return &family;
  }

  const MetricsOptions& options_;
  std::vector<prometheus::MetricFamily> families_;
};

double seconds(std::uint64_t ns) { return static_cast<double>(ns) * 1e-9; }

std::string file_name(const std::string& path) { return std::filesystem::path(path).filename(); }

// A label name may hold letters, digits and underscores.
std::string tag_label(std::string_view tag) {
  std::string label = "tag_";
  for (const char c : tag) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    label += fine ? c : '_';
  }
  return label;
}

void add_files(Families& to, std::string_view name, const std::vector<FileInfo>& files) {
  std::vector<std::pair<std::string, std::string>> seen;  // two folders may hold the same file
  for (const FileInfo& file : files) {
    std::pair<std::string, std::string> one(file_name(file.path), file.sha256);
    if (std::ranges::find(seen, one) != seen.end()) continue;
    to.add(name, 1.0, {{"file_name", one.first}, {"sha256", one.second}});
    seen.push_back(std::move(one));
  }
}

void add_agent(Families& to, const MetricsInput& input) {
  const std::string version(input.version);
  to.add("falcosecurity_falco_version_info", 1.0, {{"version", version}});
  to.add("falcosecurity_falco_kernel_release_info", 1.0, {{"kernel_release", input.host.kernel_release}});
  to.add("falcosecurity_evt_hostname_info", 1.0, {{"hostname", input.hostname}});
  to.add("falcosecurity_scap_engine_name_info", 1.0,
         {{"engine_name", "modern_bpf"}, {"evt_source", "syscall"}});
  to.add("saker_build_info", 1.0, {{"version", version}, {"compiler", __VERSION__}, {"arch", SAKER_ARCH}});
  const std::uint64_t now = wall_time_ns();
  to.add("falcosecurity_falco_duration_seconds_total", seconds(now - std::min(now, input.start_wall_ns)));
  to.add("falcosecurity_falco_start_timestamp_nanoseconds", input.start_wall_ns);
  to.add("saker_start_time_seconds", seconds(input.start_wall_ns));

  const InForce& in_force = input.state.in_force;
  add_files(to, "falcosecurity_falco_sha256_rules_files_info", in_force.rules_files);
  add_files(to, "falcosecurity_falco_sha256_config_files_info", in_force.config_files);
  to.add("falcosecurity_falco_reload_timestamp_nanoseconds", in_force.since_wall_ns);
  to.add("saker_rules", std::uint64_t{in_force.rules});
  to.add("saker_revision", in_force.number);
  to.add("saker_revision_start_time_seconds", seconds(in_force.since_wall_ns));
  const Reloads& reloads = input.state.reloads;
  to.add("saker_reloads_total", reloads.good, {{"result", "good"}});
  to.add("saker_reloads_total", reloads.bad, {{"result", "bad"}});
  to.add("saker_last_reload_successful", reloads.last_good ? 1.0 : 0.0);

  to.add("saker_self_tests_total", input.self_test.acted);
  to.add("saker_self_tests_passed_total", input.self_test.passed);
  if (input.self_test.last_passed_ns != 0) {
    to.add("saker_self_test_age_seconds", seconds(boot_time_ns() - input.self_test.last_passed_ns));
    to.add("saker_self_test_delay_seconds", seconds(input.self_test.last_delay_ns));
  }
}

void add_host(Families& to, const HostFacts& host) {
  to.add("falcosecurity_falco_host_num_cpus_total", std::uint64_t{host.cpus});
  to.add("falcosecurity_falco_host_boot_timestamp_nanoseconds", host.boot_wall_ns);
  to.add("falcosecurity_falco_cpu_usage_ratio", host.cpu_ratio);
  to.add("falcosecurity_falco_memory_rss_bytes", host.rss_bytes);
  to.add("falcosecurity_falco_memory_vsz_bytes", host.vsz_bytes);
  to.add("falcosecurity_falco_memory_pss_bytes", host.pss_bytes);
  if (host.container_bytes) to.add("falcosecurity_falco_container_memory_used_bytes", *host.container_bytes);
  to.add("falcosecurity_falco_host_cpu_usage_ratio", host.host_cpu_ratio);
  to.add("falcosecurity_falco_host_memory_used_bytes", host.host_memory_used_bytes);
  to.add("falcosecurity_falco_host_procs_running_total", host.host_processes_running);
  to.add("falcosecurity_falco_host_open_fds_total", host.host_open_files);
  to.add("saker_cpu_seconds_total", host.cpu_seconds);
}

void add_spool(Families& to, const alert::SpoolState& spool, const Labels& labels) {
  to.add("saker_output_spool_alerts", spool.waiting, labels);
  to.add("saker_output_spool_bytes", spool.bytes, labels);
  to.add("saker_output_spool_delivered_total", spool.delivered, labels);
  to.add("saker_output_spool_refused_total", spool.refused, labels);
  to.add("saker_output_spool_evicted_total", spool.evicted, labels);
  to.add("saker_output_spool_retries_total", spool.retries, labels);
}

void add_outputs(Families& to, const alert::Outputs& outputs) {
  std::uint64_t dropped = 0;
  for (const auto& worker : outputs.workers()) {
    const alert::OutputStats stats = worker->stats();
    const Labels labels = {{"output", worker->channel().name}};
    dropped += stats.dropped;
    to.add("saker_output_delivered_total", stats.delivered, labels);
    to.add("saker_output_lost_total", stats.lost, labels);
    to.add("saker_output_dropped_total", stats.dropped, labels);
    to.add("saker_output_retries_total", stats.retries, labels);
    to.add("saker_output_queue_length", stats.queued, labels);
    to.add("saker_output_queue_bytes", stats.queued_bytes, labels);
    const bool spool_failing = stats.spool && stats.spool->failing;
    to.add("saker_output_failing", stats.failing || spool_failing ? 1.0 : 0.0, labels);
    to.add("saker_output_blocked_seconds", seconds(stats.blocked_ns), labels);
    to.add("saker_output_delay_seconds", stats.delay, labels);
    if (stats.spool) add_spool(to, *stats.spool, labels);
  }
  to.add("falcosecurity_falco_outputs_queue_num_drops_total", dropped);
}

void add_rules(Families& to, const RuleCounts& rules) {
  for (const auto& [name, count] : rules) {
    Labels labels = {{"priority", std::to_string(static_cast<int>(count.priority))},
                     {"rule_name", name},
                     {"source", count.source}};
    for (const std::string& tag : count.tags) {
      std::string label = tag_label(tag);
      const bool known = std::ranges::any_of(labels, [&](const auto& one) { return one.name == label; });
      if (!known) labels.push_back({std::move(label), "true"});
    }
    to.add("falcosecurity_falco_rules_matches_total", count.matches, std::move(labels));
    if (count.suppressed > 0) to.add("saker_rule_suppressed_total", count.suppressed, {{"rule_name", name}});
  }
}

void add_kernel(Families& to, const Snapshot& snapshot) {
  const capture::ProbeCounters& probe = snapshot.probe;
  to.add("falcosecurity_scap_n_evts_total", probe.cause[SAKER_COUNT_SENT]);
  to.add("falcosecurity_scap_n_drops_total", probe.drops());
  to.add("falcosecurity_scap_n_drops_scratch_map_total", probe.cause[SAKER_COUNT_DROP_SCRATCH]);
  std::map<std::string_view, std::uint64_t> groups = {{"clone_fork", 0}, {"execve", 0},        {"connect", 0},
                                                      {"open", 0},       {"close", 0},         {"proc", 0},
                                                      {"dir_file", 0},   {"other_interest", 0}};
  for (std::size_t type = 1; type < event::type_count() && type < probe.sent.size(); ++type) {
    const std::string name(event::type_names()[type]);
    const Labels labels = {{"event", name}};
    if ((probe.sent[type] | probe.filtered[type] | probe.dropped[type]) >
        0) {  // 0 included, so that it can rise
      to.add("saker_kernel_records_sent_total", probe.sent[type], labels);
      to.add("saker_kernel_events_filtered_total", probe.filtered[type], labels);
      to.add("saker_kernel_records_dropped_total", probe.dropped[type], labels);
    }
    groups[drop_group(event::type_names()[type])] += probe.dropped[type];
  }
  for (const auto& [group, count] : groups)
    to.add("falcosecurity_scap_n_drops_buffer_total", count, {{"dir", "exit"}, {"drop", std::string(group)}});
  for (std::size_t i = 0; i < SAKER_COUNTERS; ++i) {
    const auto counter = static_cast<saker_counter>(i);
    if (counter == SAKER_COUNT_SENT || counter == SAKER_COUNT_FILTERED) continue;
    const std::string name(capture::counter_name(counter));
    if (capture::is_drop(counter))
      to.add("saker_kernel_drops_total", probe.cause[i], {{"cause", name}});
    else
      to.add("saker_kernel_incomplete_total", probe.cause[i], {{"cause", name}});
  }
  to.add("saker_kernel_drops_total", probe.missed_runs, {{"cause", "missed_runs"}});
  to.add("saker_plan_disagreements_total", snapshot.plan.disagreed);
  to.add("saker_plan_classified_total", snapshot.plan.classified);
  to.add("saker_ring_buffers", std::uint64_t{snapshot.rings});
  to.add("saker_ring_records_read_total", snapshot.reader.records);
  to.add("saker_ring_broken_total", snapshot.reader.broken);
}

void add_pipeline(Families& to, const Snapshot& snapshot) {
  const PipelineStats& stats = snapshot.pipeline;
  to.add("saker_records_decoded_total", stats.records);
  to.add("saker_records_undecodable_total", stats.undecodable);
  to.add("saker_events_judged_total", stats.judged);
  to.add("saker_events_matched_total", stats.matched);
  to.add("saker_events_unknown_place_total", stats.unknown_place);
  to.add("saker_alerts_total", stats.alerts);
  to.add("saker_alerts_suppressed_total", stats.suppressed_rate, {{"reason", "rate"}});
  to.add("saker_alerts_suppressed_total", stats.suppressed_duplicate, {{"reason", "duplicate"}});
  to.add("saker_alert_delay_seconds", snapshot.alert_delay);

  const state::ProcessTable::Stats& table = snapshot.process_table;
  to.add("falcosecurity_scap_n_threads_total", std::uint64_t{snapshot.processes});
  to.add("falcosecurity_scap_n_added_threads_total", table.added);
  to.add("falcosecurity_scap_n_removed_threads_total", table.removed);
  to.add("falcosecurity_scap_n_cached_thread_lookups_total", table.found);
  to.add("falcosecurity_scap_n_noncached_thread_lookups_total", std::uint64_t{0});
  to.add("falcosecurity_scap_n_failed_thread_lookups_total", table.unknown);
  to.add("falcosecurity_scap_n_drops_full_threadtable_total", table.refused);
  to.add("falcosecurity_plugins_container_n_containers_total", std::uint64_t{snapshot.containers});
  to.add("saker_processes", std::uint64_t{snapshot.processes});
  to.add("saker_processes_evicted_total", table.evicted);
  to.add("saker_containers", std::uint64_t{snapshot.containers});
  to.add("saker_process_bytes", std::uint64_t{snapshot.process_bytes});
  to.add("saker_programs_shortened_total", table.shortened);
  to.add("saker_sockets", std::uint64_t{snapshot.sockets});
}

void add_metadata(Families& to, const Snapshot& snapshot) {
  const PipelineStats& stats = snapshot.pipeline;
  to.add("saker_containers_judged_total", stats.containers_judged);
  to.add("saker_containers_known_first_total", stats.containers_known_first);
  to.add("falcosecurity_plugins_container_n_missing_container_images_total", stats.containers_without_image);
  const capture::MetadataResolver::Stats& metadata = snapshot.metadata;
  for (const auto& [result, count] : {std::pair("disk", metadata.found_on_disk),
                                      {"api", metadata.found_by_api},
                                      {"not_found", metadata.not_found},
                                      {"unanswered", metadata.api_failed},
                                      {"refused", metadata.refused}})
    to.add("saker_container_metadata_total", count, {{"result", result}});
  const HeldStats& held = snapshot.held;
  to.add("saker_events_held_total", held.held);
  to.add("saker_events_held_in_vain_total", held.timed_out, {{"reason", "time"}});
  to.add("saker_events_held_in_vain_total", held.no_room, {{"reason", "room"}});
  to.add("saker_events_held_seconds", held.waits, {});
}

void add_costs(Families& to, const Costs& costs) {
  for (const auto& [name, cost] : costs.rules) to.add("saker_rule_cost_seconds", cost, {{"rule_name", name}});
  for (std::size_t type = 0; type < costs.events.size(); ++type) {
    if (costs.events[type].count == 0) continue;
    to.add("saker_event_cost_seconds", costs.events[type],
           {{"event", std::string(event::type_names()[type])}});
  }
}

}  // namespace

std::span<const MetricRow> metric_rows() { return kRows; }

std::string prometheus_text(const MetricsInput& input, const MetricsOptions& options) {
  Families families(options);
  add_agent(families, input);
  add_host(families, input.host);
  if (input.state.in_force.outputs) add_outputs(families, *input.state.in_force.outputs);
  if (input.snapshot) {
    add_rules(families, input.snapshot->rules);
    add_kernel(families, *input.snapshot);
    add_pipeline(families, *input.snapshot);
    add_metadata(families, *input.snapshot);
    add_costs(families, input.snapshot->costs);
  }
  return families.text();
}

}  // namespace saker::observe
