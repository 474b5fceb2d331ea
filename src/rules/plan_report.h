// The filter plan in words, for `saker rules plan`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "rules/planner.h"

namespace saker::rules {

// By program: the event types, the dimensions in use, and each term with its rules and what it asks for. A
// dimension that is not named rules nothing of the term out.
nlohmann::json plan_json(const RuleSet& rules, const Plan& plan);
std::string plan_text(const nlohmann::json& plan);

}  // namespace saker::rules
