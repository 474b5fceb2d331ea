// A rule as -L, -V and `rules show` describe it: Falco's keys.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "rules/load.h"

namespace saker::app {

// {"info": {...}, "details": {...}}
nlohmann::json describe_rule(const rules::Rule& rule, const rules::RuleDetails& details);

// Everything of a load: {"rules": [...], "required_engine_version": ...}.
nlohmann::json describe_rules(const rules::LoadResult& loaded);

// "; did you mean 'x'?", or nothing.
std::string nearest_hint(std::string_view unknown, std::span<const std::string_view> known);

}  // namespace saker::app
