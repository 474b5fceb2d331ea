// Metrics: one table of everything that is counted, with type and a sentence of help, and its text for
// Prometheus. Names and labels that real Falco has are Falco's; the others begin with saker_.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "observe/agent_state.h"
#include "observe/host_facts.h"
#include "observe/self_test.h"
#include "observe/snapshot.h"

namespace saker::observe {

enum class MetricKind : std::uint8_t { kCounter, kGauge, kHistogram, kSummary, kUntyped };

// What the configuration's metrics.*_enabled switch on and off.
enum class MetricGroup : std::uint8_t { kAlways, kRules, kResources, kState, kKernel, kNanoseconds };

struct MetricRow {
  std::string_view name;
  MetricKind kind;
  MetricGroup group;
  std::string_view help;
};

// In the order of /metrics; each name once.
std::span<const MetricRow> metric_rows();

struct MetricsOptions {
  bool rules = true, resources = true, state = true, kernel = true;
  // Falco's timestamps in nanoseconds; `promtool check metrics` calls for seconds, which are always there.
  bool nanoseconds = false;

  bool operator==(const MetricsOptions&) const = default;
};

struct MetricsInput {
  std::string_view version;
  std::string hostname;
  std::uint64_t start_wall_ns = 0;
  std::shared_ptr<const Snapshot> snapshot;  // null before the first
  AgentState::View state;
  SelfTest::Stats self_test;
  HostFacts host;
};

std::string prometheus_text(const MetricsInput& input, const MetricsOptions& options);

}  // namespace saker::observe
