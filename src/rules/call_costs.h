// What it costs to hook the calls of a plan, in either of the two ways that the probe has
// (capture/call_hooks.h). Pure: what a machine cannot do is not looked at here.
//
// One hook for all calls takes the same of every call of the machine. A hook for each wanted call takes about
// half of that of all the others, and more of the wanted ones. So what decides is how many of a node's calls
// are wanted ones; how often each is made is a rough table of what services, their runtimes and shells do.
#pragma once

#include <optional>

#include "event/filter_plan.h"

namespace saker::rules {

// `failed`: whether failed calls are wanted, where the plan does not tell.
event::CallCosts estimate_call_costs(const event::FilterPlan& plan, std::optional<bool> failed = {});

// In one sentence, for people.
std::string call_costs_text(const event::CallCosts& costs);

}  // namespace saker::rules
