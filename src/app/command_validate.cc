#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/rule_details.h"
#include "base/log.h"

namespace saker::app {

int command_validate(const Config& config, const Options& options) {
  const auto found = rules::read_rule_files(options.validate_files);
  if (!found) {
    log(LogLevel::kError, "{}", found.error().message);
    return kExitBadInput;
  }
  for (const std::string& path : found->missing) log(LogLevel::kError, "{} does not exist", path);
  rules::LoadOptions wanted = config.load;
  wanted.keep_details = config.format.json;
  const rules::LoadResult loaded = rules::load_rules(found->files, fields::syscall_catalogue(), wanted);
  if (config.format.json) {
    nlohmann::json report = nlohmann::json::parse(rules::json_report(loaded.reports));
    if (loaded.rules) report["falco_describe_results"] = describe_rules(loaded);
    fmt::print("{}\n", report.dump());
  } else {
    std::fputs(rules::text_report(loaded.reports).c_str(), stdout);
  }
  return loaded.rules && found->missing.empty() ? kExitGood : kExitBadInput;
}

int command_dry_run(const Config& config) {
  const auto rules = load_configured_rules(config);
  if (!rules) return kExitBadInput;
  fmt::print("configuration and {} rules are good\n", rules->rules->rules().size());
  return kExitGood;
}

}  // namespace saker::app
