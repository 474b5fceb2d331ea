// `saker rules plan`: what the kernel side is asked to send, and why.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/kernel_plan.h"
#include "capture/function_hooks.h"
#include "capture/kernel_types.h"
#include "rules/call_costs.h"
#include "rules/plan_report.h"

namespace saker::app {

int command_rules_plan(const Config& config) {
  const auto loaded = load_configured_rules(config);
  if (!loaded) return kExitBadInput;
  const auto plan = make_kernel_plan(*loaded->rules, config.plan);
  const event::CallCosts& costs = plan->filter.call_costs;
  // Whether hooks for single calls are to be had is seen when the kernel is asked for one.
  const bool asks = config.driver.call_hooks == capture::CallHooksKind::kAuto;
  const capture::CallHooksChoice choice = capture::choose_call_hooks(
      config.driver.call_hooks, costs,
      {.compat_calls = asks && capture::has_compat_calls(),
       .each = true,
       .no_functions = asks ? capture::why_no_function_hooks(capture::read_kernel_types().get()) : ""});
  const nlohmann::json programs = rules::plan_json(*loaded->rules, *plan);
  if (config.format.json) {
    const nlohmann::json hooks = {{"calls", costs.calls},
                                  {"share", costs.share},
                                  {"failed", costs.failed},
                                  {"one_ns", costs.one_ns},
                                  {"each_ns", costs.each_ns},
                                  {"functions_ns", costs.functions_ns},
                                  {"chosen", capture::call_hooks_name(choice.kind)},
                                  {"reason", choice.reason}};
    fmt::print("{}\n", nlohmann::json{{"programs", programs}, {"hooks", hooks}}.dump());
    return kExitGood;
  }
  fmt::print("{}", rules::plan_text(programs));
  fmt::print("{}\n", rules::call_costs_text(costs));
  if (costs.calls != 0) fmt::print("here: {}\n", capture::call_hooks_text(choice));
  return kExitGood;
}

}  // namespace saker::app
