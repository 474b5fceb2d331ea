// The program's table of contents: command line, configuration, then one command.
#include <algorithm>
#include <iterator>
#include <string_view>

#include "app/command_events.h"
#include "app/commands.h"
#include "app/read_configuration.h"

namespace {

using namespace saker;
using namespace saker::app;

int run_command(const Config& config, const Options& options) {
  switch (options.command) {
    case Command::kRun:
      return command_run(config, options);
    case Command::kValidate:
      return command_validate(config, options);
    case Command::kDryRun:
      return command_dry_run(config);
    case Command::kListRules:
      return command_list_rules(config, options);
    case Command::kRulesPlan:
      return command_rules_plan(config);
    case Command::kRulesList:
      return command_rules_list(config);
    case Command::kRulesShow:
      return command_rules_show(config, options);
    case Command::kRulesExplain:
      return command_rules_explain(config, options);
    case Command::kRulesTest:
      return command_rules_test(config, options);
    case Command::kRulesLint:
      return command_rules_lint(config, options);
    case Command::kListFields:
      return command_list_fields(options);
    case Command::kListEvents:
      return command_list_events(options);
    case Command::kVersion:
      return command_version();
    case Command::kDoctor:
      return command_doctor(options);
    case Command::kStatus:
      return command_status(config);
    case Command::kTop:
      return command_top(config, options);
    case Command::kConfigSchema:
      return command_config_schema();
    case Command::kRuleSchema:
      return command_rule_schema();
    case Command::kPageSize:
      return command_page_size();
    case Command::kIgnored:
      return command_ignored_events();
    case Command::kListPlugins:
      return command_list_plugins();
    case Command::kPluginInfo:
      return command_plugin_info(options);
    case Command::kSupport:
      return command_support(config);
  }
  return kExitBadInput;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "events") return command_events(argc - 1, argv + 1);
  auto parsed = parse_command_line(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  const Options& options = std::get<Options>(parsed);
  // These need no configuration, and must work where there is a broken one.
  constexpr Command kAlone[] = {Command::kVersion,      Command::kDoctor,     Command::kListFields,
                                Command::kListEvents,   Command::kPageSize,   Command::kIgnored,
                                Command::kConfigSchema, Command::kRuleSchema, Command::kListPlugins,
                                Command::kPluginInfo};
  if (std::ranges::find(kAlone, options.command) != std::end(kAlone)) {
    return run_command({}, options);
  }
  const auto config = read_configuration(options);
  if (!config) return kExitBadInput;
  return run_command(*config, options);
}
