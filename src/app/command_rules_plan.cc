// `saker rules plan`: what the kernel side is asked to send, and why.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/kernel_plan.h"
#include "rules/call_costs.h"
#include "rules/plan_report.h"

namespace saker::app {
namespace {

constexpr std::string_view kHooks[] = {"auto", "one", "each"};

}  // namespace

int command_rules_plan(const Config& config) {
  const auto loaded = load_configured_rules(config);
  if (!loaded) return kExitBadInput;
  const auto plan = make_kernel_plan(*loaded->rules, config.plan);
  const event::CallCosts& costs = plan->filter.call_costs;
  // Whether hooks for single calls are to be had is seen when the kernel is asked for one.
  const capture::CallHooksChoice choice = capture::choose_call_hooks(
      config.driver.call_hooks, costs,
      config.driver.call_hooks == capture::CallHooksKind::kAuto && capture::has_compat_calls(), true);
  const std::string_view chosen = kHooks[static_cast<std::size_t>(choice.kind)];
  const nlohmann::json programs = rules::plan_json(*loaded->rules, *plan);
  if (config.format.json) {
    const nlohmann::json hooks = {{"calls", costs.calls},   {"share", costs.share},
                                  {"one_ns", costs.one_ns}, {"each_ns", costs.each_ns},
                                  {"chosen", chosen},       {"reason", choice.reason}};
    fmt::print("{}\n", nlohmann::json{{"programs", programs}, {"hooks", hooks}}.dump());
    return kExitGood;
  }
  fmt::print("{}", rules::plan_text(programs));
  fmt::print("{}\n", rules::call_costs_text(costs));
  if (costs.calls != 0)
    fmt::print("here: {}, {}\n", chosen == "each" ? "a hook for each" : "one hook for all", choice.reason);
  return kExitGood;
}

}  // namespace saker::app
