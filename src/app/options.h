// Options: the command line, Falco's flags with Falco's meaning and a few commands of our own.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace saker::app {

enum class Command {
  kRun,
  kValidate,      // -V
  kDryRun,        // --dry-run
  kListFields,    // --list, list fields
  kListEvents,    // --list-events
  kListRules,     // -L, -l RULE
  kVersion,       // --version
  kDoctor,        // doctor
  kStatus,        // status
  kTop,           // top
  kConfigSchema,  // --config-schema
  kRuleSchema,    // --rule-schema
  kPageSize,      // --page-size
  kIgnored,       // -i
  kListPlugins,   // --list-plugins
  kPluginInfo,    // --plugin-info NAME
  kSupport,       // --support
  kRulesPlan,     // rules plan
  kRulesList,     // rules list
  kRulesShow,     // rules show RULE
  kRulesExplain,  // rules explain RULE --event FILE
  kRulesTest,     // rules test FILE...
  kRulesLint,     // rules lint
};

struct Options {
  Command command = Command::kRun;
  std::string config_file;                  // "" = the default places, then built-in defaults
  std::vector<std::string> rules_files;     // -r: replaces the configuration's
  std::vector<std::string> validate_files;  // -V
  std::vector<std::pair<std::string, std::string>> overrides;  // -o
  std::string rule;                                            // -l, and of `rules show` and `rules explain`
  std::string event_file;                                      // rules explain --event
  std::vector<std::string> test_files;                         // rules test
  bool strict = false;                                         // rules lint --strict: findings are an error
  std::string append_output;                                   // -p TEXT
  std::string list_source = "syscall";
  std::string plugin;    // --plugin-info
  std::string pid_file;  // -P
  std::vector<std::string> enabled_sources, disabled_sources;
  double stop_after_seconds = 0;  // -M; 0 = never
  bool unbuffered = false;        // -U
  bool names_only = false;        // -N
  bool markdown = false;
  bool status = false;               // list fields --status
  bool programs = false;             // doctor --programs
  std::vector<std::string> without;  // doctor --programs --without NAME
};

// Options, or the exit code when the command line ends the program itself (--help, a mistake).
std::variant<Options, int> parse_command_line(int argc, char** argv);

}  // namespace saker::app
