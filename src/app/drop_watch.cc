#include "app/drop_watch.h"

#include <fmt/format.h>

#include <numeric>

namespace saker::app {
namespace {

capture::ProbeCounters difference(const capture::ProbeCounters& now, const capture::ProbeCounters& before) {
  capture::ProbeCounters made;
  for (std::size_t i = 0; i < made.cause.size(); ++i) made.cause[i] = now.cause[i] - before.cause[i];
  made.missed_runs = now.missed_runs - before.missed_runs;
  return made;
}

}  // namespace

void DropWatch::use(const DropSettings& settings) {
  if (settings == settings_) return;
  settings_ = settings;
  bucket_ = TokenBucket(settings.rate, settings.max_burst);
}

std::optional<DropReport> DropWatch::look(const capture::ProbeCounters& counters, std::uint64_t now_ns) {
  capture::ProbeCounters since = difference(counters, before_);
  before_ = counters;
  if (settings_.simulate) since.cause[SAKER_COUNT_DROP_RING_FULL] += since.cause[SAKER_COUNT_SENT] + 1;
  DropReport report;
  report.drops = since.drops();
  if (report.drops == 0) return std::nullopt;
  report.events = report.drops + since.cause[SAKER_COUNT_SENT];
  report.causes = drop_causes(since);
  const double share = static_cast<double>(report.drops) / static_cast<double>(report.events);
  report.act = share > settings_.threshold && bucket_.take(now_ns);
  return report;
}

std::string drop_causes(const capture::ProbeCounters& counters) {
  std::string text;
  const auto add = [&](std::string_view name, std::uint64_t count) {
    if (count > 0) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, count);
  };
  for (std::size_t i = 0; i < SAKER_COUNTERS; ++i) {
    const auto counter = static_cast<saker_counter>(i);
    if (capture::is_drop(counter)) add(capture::counter_name(counter), counters.cause[i]);
  }
  add("missed_runs", counters.missed_runs);
  return text;
}

std::map<std::string, std::string> drop_fields(const DropReport& report) {
  return {{"ebpf_enabled", "1"},
          {"n_drops", std::to_string(report.drops)},
          {"n_drops_buffer_total", std::to_string(report.drops)},
          {"n_evts", std::to_string(report.events)},
          {"causes", report.causes}};
}

}  // namespace saker::app
