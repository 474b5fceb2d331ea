#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/commands.h"
#include "base/log.h"

namespace saker::app {

int command_validate(const Config& config, const Options& options) {
  const auto found = rules::read_rule_files(options.validate_files);
  if (!found) {
    log(LogLevel::kError, "{}", found.error().message);
    return kExitBadInput;
  }
  for (const std::string& path : found->missing) log(LogLevel::kError, "{} does not exist", path);
  const rules::LoadResult loaded = rules::load_rules(found->files, fields::syscall_catalogue(), config.load);
  const std::string report =
      config.format.json ? rules::json_report(loaded.reports) + "\n" : rules::text_report(loaded.reports);
  std::fputs(report.c_str(), stdout);
  return loaded.rules && found->missing.empty() ? kExitGood : kExitBadInput;
}

int command_dry_run(const Config& config) {
  const auto rules = load_configured_rules(config);
  if (!rules) return kExitBadInput;
  fmt::print("configuration and {} rules are good\n", rules->rules().size());
  return kExitGood;
}

}  // namespace saker::app
