#include "observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/clock.h"
#include "observe/health.h"

namespace saker::observe {
namespace {

using testing::HasSubstr;
using testing::Not;

MetricsInput sample() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->pipeline.judged = 7;
  snapshot->rules["Shell \"x\""] = {.source = "syscall",
                                    .priority = rules::Priority::kCritical,
                                    .tags = {"file", "T1003.008"},
                                    .matches = 3,
                                    .suppressed = 1};
  snapshot->probe.cause[SAKER_COUNT_SENT] = 100;
  snapshot->probe.cause[SAKER_COUNT_DROP_RING_FULL] = 5;
  snapshot->probe.dropped[event::kOpenat] = 5;
  snapshot->alert_delay.counts[1] = 2;
  snapshot->alert_delay.sum_ns = 1'500'000;
  snapshot->costs.rules["Shell \"x\""] = {.count = 10, .ns = 20'000};
  snapshot->costs.events.resize(event::type_count());
  snapshot->costs.events[event::kOpenat] = {.count = 2, .ns = 3'000};
  snapshot->pipeline.containers_judged = 4;
  snapshot->pipeline.containers_known_first = 3;
  snapshot->pipeline.containers_without_image = 1;
  snapshot->metadata.found_by_api = 2;
  snapshot->held = {.held = 5, .timed_out = 1, .no_room = 2, .waits = {}};
  snapshot->held.waits.counts[0] = 5;
  snapshot->process_table.shortened = 9;
  MetricsInput input;
  input.version = "1.2.3";
  input.hostname = "node-1";
  input.snapshot = snapshot;
  input.state.in_force.number = 4;
  input.state.in_force.rules_files = {{"/etc/r.yaml", "abc"}, {"/other/r.yaml", "abc"}};
  input.state.reloads = {.good = 3, .bad = 1, .last_good = false, .last_wall_ns = 1, .problem = "r.yaml:1:1"};
  return input;
}

TEST(Metrics, TheTableNamesEachOnceAndTellsSomething) {
  std::set<std::string_view> names;
  for (const MetricRow& row : metric_rows()) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_TRUE(row.help.ends_with('.')) << row.help;
    EXPECT_GT(row.help.size(), 10U);
    if (row.kind == MetricKind::kCounter) {
      EXPECT_TRUE(row.name.ends_with("_total"));
    }
  }
}

TEST(Metrics, FalcosNamesAndLabels) {
  const std::string text = prometheus_text(sample(), {});
  for (const char* line :
       {"falcosecurity_falco_version_info{version=\"1.2.3\"} 1\n",
        "falcosecurity_falco_sha256_rules_files_info{file_name=\"r.yaml\",sha256=\"abc\"} 1\n",
        "# TYPE falcosecurity_falco_rules_matches_total counter\n"
        "falcosecurity_falco_rules_matches_total{priority=\"2\",rule_name=\"Shell "
        "\\\"x\\\"\",source=\"syscall\","
        "tag_file=\"true\",tag_T1003_008=\"true\"} 3\n",
        "falcosecurity_scap_n_evts_total 100\n",
        "falcosecurity_scap_n_drops_total 5\n",
        "falcosecurity_scap_n_drops_buffer_total{dir=\"exit\",drop=\"open\"} 5\n",
        "falcosecurity_scap_n_drops_buffer_total{dir=\"exit\",drop=\"execve\"} 0\n",
        "falcosecurity_scap_engine_name_info{engine_name=\"modern_bpf\",evt_source=\"syscall\"} 1\n",
        "saker_kernel_drops_total{cause=\"drop_ring_full\"} 5\n",
        "saker_reloads_total{result=\"bad\"} 1\n",
        "saker_last_reload_successful 0\n",
        "saker_alert_delay_seconds_bucket{le=\"0.001\"} 2\n",
        "saker_alert_delay_seconds_count 2\n",
        "saker_rule_cost_seconds_count{rule_name=\"Shell \\\"x\\\"\"} 10\n",
        "saker_rule_cost_seconds_sum{rule_name=\"Shell \\\"x\\\"\"} 2",  // 0.00002, in digits as they come
        "saker_event_cost_seconds_count{event=\"openat\"} 2\n",
        "saker_containers_judged_total 4\n",
        "saker_containers_known_first_total 3\n",
        "falcosecurity_plugins_container_n_missing_container_images_total 1\n",
        "saker_container_metadata_total{result=\"api\"} 2\n",
        "saker_events_held_total 5\n",
        "saker_events_held_in_vain_total{reason=\"time\"} 1\n",
        "saker_events_held_in_vain_total{reason=\"room\"} 2\n",
        "saker_events_held_seconds_count 5\n",
        "saker_programs_shortened_total 9\n",
        "saker_rule_suppressed_total{rule_name=\"Shell \\\"x\\\"\"} 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("nanoseconds")));
}

TEST(Metrics, GroupsCanBeLeftOut) {
  const std::string few =
      prometheus_text(sample(), {.rules = false, .resources = false, .state = false, .kernel = false});
  for (const char* name : {"rules_matches_total", "memory_rss", "n_threads", "scap_n_evts"})
    EXPECT_THAT(few, Not(HasSubstr(name)));
  EXPECT_THAT(prometheus_text(sample(), {.nanoseconds = true}),
              HasSubstr("falcosecurity_falco_start_timestamp_nanoseconds"));
}

TEST(Metrics, ThereIsTextBeforeTheFirstSnapshot) {
  EXPECT_THAT(prometheus_text({}, {}), HasSubstr("saker_self_tests_total 0\n"));
}

TEST(Health, GoodOnlyWithDriverRulesAndAFreshSelfTest) {
  const std::uint64_t now = 1'000'000'000'000;
  struct Row {
    bool attached;
    std::uint64_t revision, last_passed_ns;
    const char* problem;  // "" = good
  };
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const Row rows[] = {{true, 1, now - kSecond, ""},
                      {true, 1, now - 59 * kSecond, ""},
                      {true, 1, now - 61 * kSecond, "for 61 s"},
                      {true, 1, 0, "yet"},
                      {false, 1, now, "not attached"},
                      {true, 0, now, "no rules"}};
  for (const Row& row : rows) {
    AgentState::View state;
    state.attached = row.attached;
    state.in_force.number = row.revision;
    const SelfTest::Stats self_test{.acted = 1, .passed = 1, .last_passed_ns = row.last_passed_ns};
    const Health health = health_of(state, self_test, now);
    EXPECT_EQ(health.good, *row.problem == '\0');
    if (!health.good) {
      EXPECT_THAT(health.problems.front(), HasSubstr(row.problem));
    }
    const auto json = nlohmann::json::parse(health_json(health, state, self_test, now));
    EXPECT_EQ(json["status"], health.good ? "ok" : "unhealthy");
  }
}

TEST(Health, AFailedReloadIsTold) {
  const MetricsInput input = sample();
  const auto health = nlohmann::json::parse(health_json({.good = true, .problems = {}}, input.state, {}, 0));
  EXPECT_EQ(health["reloads"]["problem"], "r.yaml:1:1");
  const auto status = nlohmann::json::parse(status_json(input, {.good = true, .problems = {}}));
  EXPECT_EQ(status["pipeline"]["rules"]["Shell \"x\""]["matches"], 3);
  EXPECT_EQ(status["kernel_events"]["by_event"]["openat"]["dropped"], 5);
}

}  // namespace
}  // namespace saker::observe
