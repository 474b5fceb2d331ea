// `saker rules plan`: what the kernel side is asked to send, and why.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "capture/syscalls.h"
#include "rules/plan_report.h"

namespace saker::app {

int command_rules_plan(const Config& config) {
  const auto loaded = load_configured_rules(config);
  if (!loaded) return kExitBadInput;
  const nlohmann::json plan =
      rules::plan_json(*loaded->rules, rules::make_plan(*loaded->rules, capture::is_collected));
  fmt::print("{}", config.format.json ? plan.dump() + "\n" : rules::plan_text(plan));
  return kExitGood;
}

}  // namespace saker::app
