#include "observe/health.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace saker::observe {
namespace {

using nlohmann::json;

constexpr std::uint64_t kSecond = 1'000'000'000;

std::string time_text(std::uint64_t wall_ns) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(wall_ns / kSecond)));
}

std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

double seconds(std::uint64_t ns) { return static_cast<double>(ns / 1'000'000) / 1000; }

json reload_json(const Reloads& reloads) {
  json made = {{"good", reloads.good}, {"failed", reloads.bad}, {"last_good", reloads.last_good}};
  if (reloads.last_wall_ns != 0) made["last"] = time_text(reloads.last_wall_ns);
  if (!reloads.last_good) made["problem"] = reloads.problem;
  return made;
}

json self_test_json(const SelfTest::Stats& stats, std::uint64_t now_ns) {
  json made = {{"made", stats.acted}, {"passed", stats.passed}};
  if (stats.last_passed_ns != 0) {
    made["age_seconds"] = seconds(now_ns - std::min(now_ns, stats.last_passed_ns));
    made["delay_seconds"] = static_cast<double>(stats.last_delay_ns) * 1e-9;
  }
  return made;
}

json files_json(const std::vector<FileInfo>& files) {
  json made = json::array();
  for (const FileInfo& file : files) made.push_back({{"file", file.path}, {"sha256", file.sha256}});
  return made;
}

json outputs_json(const alert::Outputs& outputs) {
  json made = json::object();
  for (const auto& worker : outputs.workers()) {
    const alert::OutputStats stats = worker->stats();
    made[worker->channel().name] = {{"delivered", stats.delivered},
                                    {"lost", stats.lost},
                                    {"dropped_queue_full", stats.dropped},
                                    {"retries", stats.retries},
                                    {"queued", stats.queued},
                                    {"queued_bytes", stats.queued_bytes},
                                    {"blocked_seconds", seconds(stats.blocked_ns)},
                                    {"failing", stats.failing}};
    if (stats.spool) {
      const alert::SpoolState& spool = *stats.spool;
      made[worker->channel().name]["spool"] = {{"waiting", spool.waiting},     {"bytes", spool.bytes},
                                               {"delivered", spool.delivered}, {"refused", spool.refused},
                                               {"evicted", spool.evicted},     {"failing", spool.failing}};
    }
    if (!stats.problem.empty()) made[worker->channel().name]["last_problem"] = stats.problem;
  }
  return made;
}

json kernel_json(const Snapshot& snapshot) {
  const capture::ProbeCounters& probe = snapshot.probe;
  json drops = json::object(), events = json::object();
  for (std::size_t i = 0; i < SAKER_COUNTERS; ++i) {
    const auto counter = static_cast<saker_counter>(i);
    if (capture::is_drop(counter)) drops[std::string(capture::counter_name(counter))] = probe.cause[i];
  }
  drops["missed_runs"] = probe.missed_runs;
  for (std::size_t type = 1; type < event::type_count() && type < probe.sent.size(); ++type) {
    if (probe.sent[type] + probe.filtered[type] + probe.dropped[type] == 0) continue;
    events[std::string(event::type_names()[type])] = {
        {"sent", probe.sent[type]}, {"filtered", probe.filtered[type]}, {"dropped", probe.dropped[type]}};
  }
  return {{"sent", probe.cause[SAKER_COUNT_SENT]},
          {"filtered", probe.cause[SAKER_COUNT_FILTERED]},
          {"dropped", probe.drops()},
          {"drop_causes", drops},
          {"by_event", events},
          {"ring_buffers", snapshot.rings}};
}

json pipeline_json(const Snapshot& snapshot) {
  const PipelineStats& stats = snapshot.pipeline;
  json rules = json::object();
  for (const auto& [name, count] : snapshot.rules) {
    rules[name] = {{"matches", count.matches}, {"priority", rules::priority_name(count.priority)}};
    if (count.suppressed > 0) rules[name]["suppressed"] = count.suppressed;
  }
  return {{"records", stats.records},
          {"undecodable", stats.undecodable},
          {"judged", stats.judged},
          {"matched", stats.matched},
          {"unknown_place", stats.unknown_place},
          {"alerts", stats.alerts},
          {"suppressed", {{"rate", stats.suppressed_rate}, {"duplicate", stats.suppressed_duplicate}}},
          {"rules", rules},
          {"processes", snapshot.processes},
          {"containers", snapshot.containers},
          {"sockets", snapshot.sockets}};
}

}  // namespace

Health health_of(const AgentState::View& state, const SelfTest::Stats& self_test, std::uint64_t now_ns) {
  Health health;
  if (!state.attached) health.problems.emplace_back("the driver is not attached");
  if (state.in_force.number == 0) health.problems.emplace_back("no rules are loaded");
  if (self_test.last_passed_ns == 0) {
    health.problems.emplace_back("no self-test event has come through yet");
  } else if (now_ns > self_test.last_passed_ns + SelfTest::kAgeMaxNs) {
    health.problems.push_back(fmt::format("no self-test event has come through for {} s",
                                          (now_ns - self_test.last_passed_ns) / kSecond));
  }
  health.good = health.problems.empty();
  return health;
}

std::string health_json(const Health& health, const AgentState::View& state, const SelfTest::Stats& self_test,
                        std::uint64_t now_ns) {
  json made = {{"status", health.good ? "ok" : "unhealthy"},
               {"revision", state.in_force.number},
               {"rules", state.in_force.rules},
               {"self_test", self_test_json(self_test, now_ns)},
               {"reloads", reload_json(state.reloads)}};
  if (!health.good) made["problems"] = health.problems;
  return text_of(made);
}

std::string status_json(const MetricsInput& input, const Health& health) {
  const InForce& in_force = input.state.in_force;
  json made = {{"version", input.version},
               {"hostname", input.hostname},
               {"kernel", input.host.kernel_release},
               {"started", time_text(input.start_wall_ns)},
               {"healthy", health.good},
               {"problems", health.problems},
               {"revision",
                {{"number", in_force.number},
                 {"since", time_text(in_force.since_wall_ns)},
                 {"rules", in_force.rules},
                 {"event_types", in_force.event_types},
                 {"rules_files", files_json(in_force.rules_files)},
                 {"config_files", files_json(in_force.config_files)}}},
               {"reloads", reload_json(input.state.reloads)},
               {"self_test", self_test_json(input.self_test, boot_time_ns())},
               {"memory_rss_bytes", input.host.rss_bytes},
               {"cpu_seconds", input.host.cpu_seconds}};
  if (in_force.outputs) made["outputs"] = outputs_json(*in_force.outputs);
  if (input.snapshot) {
    made["kernel_events"] = kernel_json(*input.snapshot);
    made["pipeline"] = pipeline_json(*input.snapshot);
  }
  return text_of(made);
}

}  // namespace saker::observe
