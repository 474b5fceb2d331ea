// Revision: what a reload swaps, as one piece. Immutable; the pipeline goes from one to the next between two
// records, so each event is judged, written and sent by one revision alone.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "alert/alert.h"
#include "alert/outputs.h"
#include "alert/rate_control.h"
#include "rules/planner.h"
#include "rules/rule_set.h"

namespace saker::app {

struct Revision {
  std::uint64_t number = 1;
  std::shared_ptr<const rules::RuleSet> rules;
  std::shared_ptr<const rules::Plan> plan;  // of the rules, for the kernel
  alert::Format format;
  std::shared_ptr<const alert::Outputs> outputs;
  std::vector<alert::RateLimit> rate_limits;
  bool terminal = false;  // somebody looks at standard output, and has not asked for JSON
  bool colours = false;
};

}  // namespace saker::app
