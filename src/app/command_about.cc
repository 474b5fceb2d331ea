// Small answers of Falco's command line: sources, plugins, ignored events, support, page size.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "base/file.h"
#include "base/log.h"

namespace saker::app {

int command_page_size() {
  fmt::print("Your system page size is: {}\n", sysconf(_SC_PAGESIZE));
  return kExitGood;
}

int command_ignored_events() {
  fmt::print("No event is ignored: the rules decide which events the kernel sends.\n");
  return kExitGood;
}

int command_list_plugins() {
  fmt::print(
      "1 plugin is built in, others are not loaded:\n\nName: container\nDescription: container and "
      "Kubernetes fields of events\n"
      "Capabilities:\n  - Field Extraction\n");
  return kExitGood;
}

int command_plugin_info(const Options& options) {
  if (options.plugin != "container") {
    log(LogLevel::kError, "there is no plugin '{}': plugins are not loaded, and only 'container' is built in",
        options.plugin);
    return kExitBadInput;
  }
  fmt::print(
      "Name: container\nDescription: container and Kubernetes fields of events, built in\n"
      "No init config, no open params: what it needs is found on its own\n");
  return kExitGood;
}

int command_support(const Config& config) {
  nlohmann::json made;
  made["version"] = version();
  made["engine_version"] = "0.63.0";
  utsname name{};
  if (uname(&name) == 0)
    made["system_info"] = {{"machine", name.machine},
                           {"nodename", name.nodename},
                           {"release", name.release},
                           {"sysname", name.sysname},
                           {"version", name.version}};
  made["config_file"] = config.file;
  if (const auto text = read_file(config.file)) made["config"] = *text;
  const auto found = rules::read_rule_files(config.rules_files);
  made["rules_files"] = nlohmann::json::array();
  if (found) {
    for (const rules::RuleFile& file : found->files)
      made["rules_files"].push_back(
          {{"name", file.name}, {"variants", {{{"required_engine_version", 0}, {"content", file.text}}}}});
  }
  fmt::print("{}\n", made.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return kExitGood;
}

}  // namespace saker::app
