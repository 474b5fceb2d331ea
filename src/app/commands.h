// The commands of the program: each is one file, takes what it needs, prints, and returns the exit status.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "app/config.h"
#include "app/loaded_file.h"
#include "app/options.h"

namespace saker::app {

inline constexpr int kExitGood = 0;
inline constexpr int kExitBadInput = 1;  // configuration or rules
inline constexpr int kExitNoProbe = 3;   // this kernel cannot run the probe, or does not let us

int command_run(const Config& config, const Options& options);
int command_validate(const Config& config, const Options& options);
int command_dry_run(const Config& config);
int command_list_fields(const Options& options);
int command_list_events(const Options& options);
int command_list_rules(const Config& config, const Options& options);
int command_rules_plan(const Config& config);
int command_rules_list(const Config& config);
int command_rules_show(const Config& config, const Options& options);
int command_rules_explain(const Config& config, const Options& options);
int command_rules_test(const Config& config, const Options& options);
int command_rules_lint(const Config& config, const Options& options);
int command_version();
std::string_view version();
int command_doctor(const Options& options);
int command_config_schema();
int command_rule_schema();
int command_page_size();
int command_ignored_events();
int command_list_plugins();
int command_plugin_info(const Options& options);
int command_support(const Config& config);
int command_status(const Config& config);
int command_top(const Config& config, const Options& options);

struct LoadedRules {
  std::shared_ptr<const rules::RuleSet> rules;
  std::vector<LoadedFile> files;
};
// The rules that `config` names, loaded. All problems are printed on standard error; the error is the first.
Result<LoadedRules> load_configured_rules(const Config& config);
// The same with what tools want to know of each rule, disabled ones too.
std::optional<rules::LoadResult> load_rules_for_tools(const Config& config);

}  // namespace saker::app
