#include "app/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace saker::app {
namespace {

constexpr const char* kFooter =
    "Signals: SIGINT and SIGTERM end the agent with a summary, SIGHUP reloads configuration and rules,\n"
    "SIGUSR1 opens output files again.\n"
    "Exit status: 0 good, 1 bad configuration or rules, 3 the probe cannot run here (see `saker doctor`).";

std::pair<std::string, std::string> split_override(const std::string& text) {
  const std::size_t equals = text.find('=');
  return {text.substr(0, equals), equals == std::string::npos ? "" : text.substr(equals + 1)};
}

// A sentence when the sources are not what they may be.
std::string check_sources(const Options& options) {
  if (!options.enabled_sources.empty() && !options.disabled_sources.empty())
    return "--enable-source and --disable-source cannot stand together";
  for (const auto* names : {&options.enabled_sources, &options.disabled_sources}) {
    for (const std::string& name : *names) {
      if (name != "syscall") return "there is no event source '" + name + "'; the only one is syscall";
    }
  }
  return "";
}

}  // namespace

std::variant<Options, int> parse_command_line(int argc, char** argv) {
  Options options;
  CLI::App app("Saker watches the kernel and judges what it sees by Falco rules.", "saker");
  app.footer(kFooter);
  std::vector<std::string> overrides;
  bool dry_run = false, list_events = false, list_rules = false, version = false;
  bool ignored = false, list_plugins = false, config_schema = false, rule_schema = false, support = false,
       page_size = false;
  std::string list_source;

  app.add_option("-c", options.config_file, "configuration file")
      ->type_name("FILE")
      ->check(CLI::ExistingFile.description(""));
  app.add_option("-r", options.rules_files,
                 "rules file or directory, instead of the configuration's; repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
  app.add_option("-V,--validate", options.validate_files, "check these rules, report, exit; repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
  app.add_option("-o,--option", overrides, "override a configuration key")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->check([](const std::string& text) {
        return text.find('=') == std::string::npos ? "expected KEY=VALUE" : "";
      });
  app.add_flag("--dry-run", dry_run, "check configuration and rules, watch nothing");
  auto* list = app.add_option("--list", list_source, "list fields")->type_name("[SOURCE]")->expected(0, 1);
  app.add_flag("-N", options.names_only, "with --list: names only");
  app.add_flag("--markdown", options.markdown, "with --list: as a Markdown table");
  app.add_flag("--list-events", list_events, "list event types and whether the probe brings them");
  app.add_flag("-L", list_rules, "list rules");
  app.add_option("-l", options.rule, "describe one rule")->type_name("RULE");
  app.add_option("-M", options.stop_after_seconds, "stop after that time")->type_name("SECONDS");
  app.add_option("-P,--pidfile", options.pid_file, "write the process id to that file")->type_name("FILE");
  app.add_option("--enable-source", options.enabled_sources,
                 "only this source of events: syscall; repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--disable-source", options.disabled_sources, "not this source of events; repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_flag("-i", ignored, "list event types that are ignored");
  app.add_flag("--list-plugins", list_plugins, "list plugins");
  app.add_option("--plugin-info", options.plugin, "describe a plugin")->type_name("NAME");
  app.add_flag("--config-schema", config_schema, "print the JSON schema of the configuration");
  app.add_flag("--rule-schema", rule_schema, "print the JSON schema of rules files");
  app.add_flag("--support", support, "print version, configuration and rules as JSON");
  app.add_flag("--page-size", page_size, "print the system's page size");
  app.add_flag("-U,--unbuffered", options.unbuffered, "flush each alert");
  app.add_option("-p", options.append_output, "append to every output (c and k change nothing)")
      ->type_name("TEXT");
  app.add_flag("-v,--version", version, "print the version");

  auto* doctor =
      app.add_subcommand("doctor", "say whether this machine can run the probe, and what is missing");
  auto* programs = doctor->add_flag("--programs", options.programs,
                                    "also load the probe, and print what the kernel says of each program");
  doctor
      ->add_option("--without", options.without,
                   "as if the kernel lacked this feature; may be given several times")
      ->type_name("FEATURE")
      ->needs(programs);
  auto* status = app.add_subcommand("status", "what the running agent says of itself, as JSON");
  status->fallthrough();  // -c and -o may follow
  auto* list_command = app.add_subcommand("list", "list what rules may use");
  auto* list_fields = list_command->add_subcommand("fields", "the fields, with type and help");
  list_fields->add_flag("--status", options.status, "only fields this version does not bring yet");
  list_command->require_subcommand(1);
  app.add_subcommand("events", "alerts that a store holds; see `saker events --help`");  // main.cc
  auto* top = app.add_subcommand(
      "top", "watch, write no alerts, and show what the kernel rules out, what it sends and what matches");
  top->fallthrough();
  auto* rules = app.add_subcommand("rules", "tools for rules");
  rules->fallthrough();  // -c, -r and -o may follow
  auto* plan =
      rules->add_subcommand("plan", "what the probe will send up, by event type, and for which rules");
  auto* rules_list = rules->add_subcommand("list", "the rules, with priority, tags and events");
  auto* show = rules->add_subcommand("show", "all there is to know about one rule");
  show->add_option("RULE", options.rule, "its name")->required();
  auto* explain = rules->add_subcommand("explain", "why a rule matches an event, or does not");
  explain->add_option("RULE", options.rule, "its name")->required();
  explain
      ->add_option("--event", options.event_file,
                   "the event's field values as YAML or JSON, or an alert; - for standard input")
      ->type_name("FILE")
      ->required();
  auto* test = rules->add_subcommand("test", "run unit tests of rules");
  test->add_option("FILE", options.test_files, "tests as YAML")->required();
  auto* lint = rules->add_subcommand("lint", "what is legal in the rules and yet hardly meant");
  lint->add_flag("--strict", options.strict, "fail when anything is found");
  for (CLI::App* command : {plan, rules_list, show, explain, test, lint}) command->fallthrough();
  rules->require_subcommand(1);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  for (const std::string& text : overrides) options.overrides.push_back(split_override(text));
  if (options.append_output == "c" || options.append_output == "k") options.append_output.clear();
  if (const std::string problem = check_sources(options); !problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    return 1;
  }
  if (!list_source.empty()) options.list_source = list_source;

  if (version)
    options.command = Command::kVersion;
  else if (*doctor)
    options.command = Command::kDoctor;
  else if (*status)
    options.command = Command::kStatus;
  else if (config_schema)
    options.command = Command::kConfigSchema;
  else if (rule_schema)
    options.command = Command::kRuleSchema;
  else if (page_size)
    options.command = Command::kPageSize;
  else if (ignored)
    options.command = Command::kIgnored;
  else if (list_plugins)
    options.command = Command::kListPlugins;
  else if (!options.plugin.empty())
    options.command = Command::kPluginInfo;
  else if (support)
    options.command = Command::kSupport;
  else if (*list_fields || *list)
    options.command = Command::kListFields;
  else if (*top)
    options.command = Command::kTop;
  else if (*plan)
    options.command = Command::kRulesPlan;
  else if (*rules_list)
    options.command = Command::kRulesList;
  else if (*show)
    options.command = Command::kRulesShow;
  else if (*explain)
    options.command = Command::kRulesExplain;
  else if (*test)
    options.command = Command::kRulesTest;
  else if (*lint)
    options.command = Command::kRulesLint;
  else if (list_events)
    options.command = Command::kListEvents;
  else if (list_rules || !options.rule.empty())
    options.command = Command::kListRules;
  else if (!options.validate_files.empty())
    options.command = Command::kValidate;
  else if (dry_run)
    options.command = Command::kDryRun;
  return options;
}

}  // namespace saker::app
