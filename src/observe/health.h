// Is the agent doing its work? And everything about it, as JSON.
#pragma once

#include <string>
#include <vector>

#include "observe/metrics.h"

namespace saker::observe {

struct Health {
  bool good = false;
  std::vector<std::string> problems;  // each a sentence; empty when good
};

// Good: the driver is attached, rules are loaded, and a self-test came through within SelfTest::kAgeMaxNs.
// A failed reload is no reason to be restarted: what was in force still is.
Health health_of(const AgentState::View& state, const SelfTest::Stats& self_test, std::uint64_t now_ns);

// {"status":"ok", ...}: Falco's answer, with details.
std::string health_json(const Health& health, const AgentState::View& state, const SelfTest::Stats& self_test,
                        std::uint64_t now_ns);

std::string status_json(const MetricsInput& input, const Health& health);

}  // namespace saker::observe
