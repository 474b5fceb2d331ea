#include "relay/metrics.h"

#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

#include "base/clock.h"

namespace saker::relay {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Label = ClientMetric::Label;

constexpr char kSeparator = '\x1F';
constexpr std::string_view kOther = "(other)";

std::string label_name(std::string_view field) {
  std::string name;
  for (const char c : field) {
    if (c == ']') continue;
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                      (c >= '0' && c <= '9' && !name.empty());
    name += good ? c : '_';
  }
  return name;
}

class Exposition {
 public:
  MetricFamily& family(MetricType type, std::string name, std::string help) {
    families_.push_back({.name = std::move(name), .help = std::move(help), .type = type, .metric = {}});
    return families_.back();
  }
  void counter(std::string name, std::string help, std::uint64_t value) {
    add_counter(family(MetricType::Counter, std::move(name), std::move(help)), {}, value);
  }
  void gauge(std::string name, std::string help, double value) {
    add_gauge(family(MetricType::Gauge, std::move(name), std::move(help)), {}, value);
  }
  static void add_counter(MetricFamily& family, std::vector<Label> labels, std::uint64_t value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = static_cast<double>(value);
    family.metric.push_back(std::move(metric));
  }
  static void add_gauge(MetricFamily& family, std::vector<Label> labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    family.metric.push_back(std::move(metric));
  }
  template <std::size_t kBuckets>
  static void add_histogram(MetricFamily& family, std::vector<Label> labels,
                            const delivery::Histogram<kBuckets>& from) {
    ClientMetric metric;
    metric.label = std::move(labels);
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      cumulative += from.count(i);
      metric.histogram.bucket.push_back({cumulative, from.bounds()[i]});
    }
    cumulative += from.count(kBuckets);
    metric.histogram.bucket.push_back({cumulative, std::numeric_limits<double>::infinity()});
    metric.histogram.sample_count = cumulative;
    metric.histogram.sample_sum = from.sum();
    family.metric.push_back(std::move(metric));
  }

  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  std::vector<MetricFamily> families_;
};

void add_sinks(Exposition& all, const spool::SpoolStats& spool,
               const std::vector<std::unique_ptr<delivery::SinkWorker>>& sinks) {
  std::map<std::string, std::uint64_t> delivered, filtered, dropped_all;
  std::map<std::pair<std::string, std::string>, std::uint64_t> dropped;
  for (const auto& sink : sinks) {
    delivered[sink->name()] = filtered[sink->name()] = dropped_all[sink->name()] = 0;
    for (const std::string& reason : sink->drop_reasons()) dropped[{sink->name(), reason}] = 0;
  }
  for (const spool::Tally& tally : spool.tallies) {
    if (tally.sink.empty()) continue;
    if (tally.outcome == "delivered") delivered[tally.sink] += tally.count;
    if (tally.outcome == "filtered") filtered[tally.sink] += tally.count;
    if (tally.outcome != "dropped") continue;
    dropped_all[tally.sink] += tally.count;
    dropped[{tally.sink, tally.reason}] += tally.count;
  }
  auto& outputs =
      all.family(MetricType::Counter, "falcosecurity_falcosidekick_outputs_total",
                 "Alerts by output: delivered (ok), or given up because they never can be (error).");
  for (const auto& [sink, count] : delivered)
    Exposition::add_counter(outputs, {{"destination", sink}, {"status", "ok"}}, count);
  for (const auto& [sink, count] : dropped_all)
    Exposition::add_counter(outputs, {{"destination", sink}, {"status", "error"}}, count);
  auto& drops = all.family(MetricType::Counter, "saker_relay_sink_dropped_total",
                           "Alerts that a sink never will take, by reason.");
  for (const auto& [key, count] : dropped)
    Exposition::add_counter(drops, {{"reason", key.second}, {"sink", key.first}}, count);
  auto& left_out = all.family(MetricType::Counter, "saker_relay_sink_filtered_total",
                              "Alerts below the minimum priority of a sink.");
  for (const auto& [sink, count] : filtered) Exposition::add_counter(left_out, {{"sink", sink}}, count);

  auto& attempts =
      all.family(MetricType::Counter, "saker_relay_sink_attempts_total", "Attempts to deliver a batch.");
  for (const auto& sink : sinks)
    Exposition::add_counter(attempts, {{"sink", sink->name()}}, sink->stats().attempts);
  auto& retries = all.family(MetricType::Counter, "saker_relay_sink_retries_total",
                             "Attempts that failed and are repeated.");
  for (const auto& sink : sinks)
    Exposition::add_counter(retries, {{"sink", sink->name()}}, sink->stats().retries);
  auto& up =
      all.family(MetricType::Gauge, "saker_relay_sink_up", "Whether the last attempt to deliver succeeded.");
  for (const auto& sink : sinks)
    Exposition::add_gauge(up, {{"sink", sink->name()}}, sink->stats().up ? 1 : 0);
  auto& aside = all.family(MetricType::Gauge, "saker_relay_sink_set_aside_alerts",
                           "Alerts at which the sink fails while it takes others; they are tried alone.");
  for (const auto& sink : sinks)
    Exposition::add_gauge(aside, {{"sink", sink->name()}}, static_cast<double>(sink->stats().set_aside));
  auto& waiting = all.family(MetricType::Gauge, "saker_relay_sink_waiting_alerts",
                             "Alerts after the sink's cursor, at most.");
  for (const auto& [sink, count] : spool.behind)
    Exposition::add_gauge(waiting, {{"sink", sink}}, static_cast<double>(count));
  auto& batches = all.family(MetricType::Histogram, "saker_relay_sink_batch_alerts", "Alerts in a batch.");
  for (const auto& sink : sinks)
    Exposition::add_histogram(batches, {{"sink", sink->name()}}, sink->stats().batch_alerts);
  auto& latency = all.family(MetricType::Histogram, "saker_relay_sink_delivery_seconds",
                             "Time from the spool to the sink's yes.");
  for (const auto& sink : sinks)
    Exposition::add_histogram(latency, {{"sink", sink->name()}}, sink->stats().latency_seconds);
}

void add_spool(Exposition& all, const spool::SpoolStats& spool) {
  const auto now_ns = static_cast<std::int64_t>(wall_time_ns());
  all.gauge("saker_relay_spool_alerts", "Alerts in the spool.", static_cast<double>(spool.alerts));
  all.gauge("saker_relay_spool_bytes", "Bytes in the spool.", static_cast<double>(spool.bytes));
  all.gauge("saker_relay_spool_max_bytes", "Bytes that the spool may hold.",
            static_cast<double>(spool.bytes_max));
  all.gauge("saker_relay_spool_waiting_alerts", "Alerts in the spool that some sink does not have yet.",
            static_cast<double>(spool.waiting));
  all.gauge("saker_relay_spool_oldest_age_seconds",
            "Age of the oldest alert that some sink does not have yet.",
            spool.oldest_waiting_ns == 0 ? 0 : static_cast<double>(now_ns - spool.oldest_waiting_ns) / 1e9);
  all.counter("saker_relay_spool_stored_total", "Alerts stored.", spool.stored);
  all.counter("saker_relay_spool_duplicates_total", "Alerts that were sent again and not stored twice.",
              spool.duplicates);
  all.counter("saker_relay_spool_refused_total", "Requests refused because the spool was full.",
              spool.refused_full);
  all.counter("saker_relay_spool_commits_total", "Transactions.", spool.commits);
  all.counter("saker_relay_spool_write_errors_total", "Transactions that failed.", spool.write_errors);
  all.counter("saker_relay_spool_corruptions_total", "Times that the spool's file was damaged and set aside.",
              spool.corruptions);
  all.counter("saker_relay_spool_salvaged_alerts_total", "Alerts taken over from a damaged file.",
              spool.salvaged);
  auto& evicted = all.family(MetricType::Counter, "saker_relay_spool_evicted_total",
                             "Alerts removed before every sink had them, by cause.");
  std::map<std::pair<spool::Priority, std::string>, std::uint64_t>
      counts;  // from 0, so that a rate sees the first
  for (std::size_t i = 0; i < spool::kPriorityCount; ++i) {
    for (const char* reason : {spool::kEvictedFull, spool::kEvictedAge})
      counts[{static_cast<spool::Priority>(i), reason}] = 0;
  }
  for (const spool::Tally& tally : spool.tallies) {
    if (tally.outcome == "evicted") counts[{tally.priority, tally.reason}] += tally.count;
  }
  for (const auto& [key, count] : counts) {
    const auto& [priority, reason] = key;
    Exposition::add_counter(evicted,
                            {{"priority", std::string(spool::name_of(priority))}, {"reason", reason}}, count);
  }
}

void add_server(Exposition& all, const http::ServerStats& server) {
  all.gauge("saker_relay_http_connections", "Open connections.", static_cast<double>(server.open));
  all.counter("saker_relay_http_connections_total", "Connections accepted.", server.connections);
  all.counter("saker_relay_http_requests_total", "Requests handled.", server.requests);
  auto& refused =
      all.family(MetricType::Counter, "saker_relay_http_refused_total", "Requests refused unread, by cause.");
  const std::pair<const char*, std::uint64_t> causes[] = {{"malformed", server.malformed},
                                                          {"too_large", server.too_large},
                                                          {"timeout", server.timeouts},
                                                          {"memory", server.too_busy},
                                                          {"tls", server.tls_failed}};
  for (const auto& [cause, count] : causes) Exposition::add_counter(refused, {{"cause", cause}}, count);
  all.counter("saker_relay_http_evicted_connections_total", "Idle connections closed to make room.",
              server.evicted);
}

}  // namespace

Metrics::Metrics(const Config& config)
    : label_names_{"hostname", "rule", "priority", "priority_raw", "source", "k8s_ns_name", "k8s_pod_name"},
      series_max_(static_cast<std::size_t>(config.seriesmax)) {
  const auto add = [this](const std::string& field) {
    std::string name = label_name(field);
    if (name.empty() || std::ranges::find(label_names_, name) != label_names_.end()) return;
    label_names_.push_back(std::move(name));
    field_labels_.push_back(field);
  };
  for (const auto& [field, value] : config.customfields) add(field);
  for (const auto& [field, value] : config.templatedfields) add(field);
  for (const std::string& field : config.prometheus_extralabels) add(field);
}

std::string Metrics::series_of(const spool::Event& event) const {
  const auto text_of = [&event](std::string_view name) -> std::string_view {
    const spool::Field* field = event.field(name);
    return field != nullptr && field->is_text ? std::string_view(field->value) : std::string_view();
  };
  std::string series(event.hostname.empty() ? "unknown" : event.hostname);
  std::string raw(spool::name_of(event.priority));
  raw[0] = static_cast<char>(raw[0] + ('a' - 'A'));
  const std::string number = fmt::to_string(spool::sidekick_number(event.priority));
  for (const std::string_view part :
       {std::string_view(event.rule), std::string_view(number), std::string_view(raw),
        std::string_view(event.source), text_of("k8s.ns.name"), text_of("k8s.pod.name")}) {
    series += kSeparator;
    series += part;
  }
  for (const std::string& field : field_labels_) {
    series += kSeparator;
    series += text_of(field);
  }
  return series;
}

void Metrics::count_accepted(const std::vector<std::string>& series) {
  accepted_ += series.size();
  const std::lock_guard lock(mutex_);
  for (const std::string& one : series) {
    const auto at = events_.find(one);
    if (at != events_.end()) {
      ++at->second;
    } else {
      // One more series for all that there is no room for.
      ++events_[events_.size() < series_max_ ? one : std::string(kOther)];
    }
  }
}

std::string Metrics::text(const spool::SpoolStats& spool,
                          const std::vector<std::unique_ptr<delivery::SinkWorker>>& sinks,
                          const http::ServerStats& server) const {
  Exposition all;
  auto& build = all.family(MetricType::Gauge, "saker_relay_build_info", "The version that runs, always 1.");
  Exposition::add_gauge(build, {{"version", SAKER_VERSION}}, 1);
  auto& inputs = all.family(MetricType::Counter, "falcosecurity_falcosidekick_inputs_total",
                            "Events received, by what became of them.");
  Exposition::add_counter(inputs, {{"source", "requests"}, {"status", "accepted"}}, accepted_);
  Exposition::add_counter(inputs, {{"source", "requests"}, {"status", "rejected"}}, rejected_);
  auto& events = all.family(MetricType::Counter, "falcosecurity_falcosidekick_falco_events_total",
                            "Events accepted, by what they say.");
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [series, count] : events_) {
      std::vector<Label> labels;
      std::string_view rest = series;
      for (const std::string& name : label_names_) {
        const std::size_t end = std::min(rest.find(kSeparator), rest.size());
        labels.push_back({name, std::string(series == kOther ? kOther : rest.substr(0, end))});
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      Exposition::add_counter(events, std::move(labels), count);
    }
  }
  add_spool(all, spool);
  add_sinks(all, spool, sinks);
  add_server(all, server);
  return all.text();
}

}  // namespace saker::relay
