// The program's table of contents: command line, configuration, then one command.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "app/commands.h"
#include "base/log.h"

namespace {

using namespace saker;
using namespace saker::app;

// Where a configuration is looked for when none is named.
constexpr const char* kDefaultFiles[] = {"/etc/saker/saker.yaml", "/etc/falco/falco.yaml"};

std::string configuration_file(const Options& options) {
  if (!options.config_file.empty()) return options.config_file;
  for (const char* file : kDefaultFiles) {
    if (access(file, R_OK) == 0) return file;
  }
  return "";
}

// Nothing when the configuration may not be used; the reason has been printed.
std::optional<Config> read_configuration(const Options& options) {
  auto loaded = load_config(configuration_file(options), options.overrides);
  if (!loaded) {
    log(LogLevel::kError, "{}", loaded.error().message);
    return std::nullopt;
  }
  Config& config = loaded->config;
  configure_log({.level = config.log_level, .json = config.format.json, .to_stderr = config.log_stderr});
  for (const rules::Diagnostic& finding : loaded->report.diagnostics) {
    const bool error = finding.severity == rules::Severity::kError;
    log(error ? LogLevel::kError : LogLevel::kWarning, "{}:{}:{}: {}{}{}", finding.file, finding.line,
        finding.column, finding.message, finding.hint.empty() ? "" : "; ", finding.hint);
    if (error && !config.format.json && config.log_stderr) {
      std::fprintf(stderr, "  %s\n  %*s^\n", finding.source_line.c_str(),
                   static_cast<int>(finding.column) - 1, "");
    }
  }
  if (!loaded->report.ok()) return std::nullopt;
  if (const char* root = std::getenv("HOST_ROOT"); root != nullptr && config.host_root.empty()) {
    config.host_root = root;  // Falco's variable
  }
  if (options.unbuffered) config.outputs.buffered = false;
  if (!options.rules_files.empty()) config.rules_files = options.rules_files;
  if (!options.append_output.empty()) {
    rules::AppendOutput append;
    append.extra_output = options.append_output;
    config.load.append_output.push_back(append);
  }
  return std::move(config);
}

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
      return command_doctor();
  }
  return kExitBadInput;
}

}  // namespace

int main(int argc, char** argv) {
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
