// The program's table of contents: command line, configuration, then one command.
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
    case Command::kTop:
      return command_top(config, options);
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
      return command_doctor();
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
  if (options.command == Command::kVersion || options.command == Command::kDoctor ||
      options.command == Command::kListFields || options.command == Command::kListEvents) {
    return run_command({}, options);
  }
  const auto config = read_configuration(options);
  if (!config) return kExitBadInput;
  return run_command(*config, options);
}
