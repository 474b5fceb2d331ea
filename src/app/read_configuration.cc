#include "app/read_configuration.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "app/memory_budget.h"
#include "base/log.h"

namespace saker::app {
namespace {

// Where a configuration is looked for when none is named.
constexpr const char* kDefaultFiles[] = {"/etc/saker/saker.yaml", "/etc/falco/falco.yaml"};

std::string configuration_file(const Options& options) {
  if (!options.config_file.empty()) return options.config_file;
  for (const char* file : kDefaultFiles) {
    if (access(file, R_OK) == 0) return file;
  }
  return "";
}

std::string place_and_message(const rules::Diagnostic& finding) {
  return fmt::format("{}:{}:{}: {}{}{}", finding.file, finding.line, finding.column, finding.message,
                     finding.hint.empty() ? "" : "; ", finding.hint);
}

void say(const rules::Diagnostic& finding, const Config& config) {
  const bool error = finding.severity == rules::Severity::kError;
  log(error ? LogLevel::kError : LogLevel::kWarning, "{}", place_and_message(finding));
  if (error && !config.format.json && config.log_stderr)
    std::fprintf(stderr, "  %s\n  %*s^\n", finding.source_line.c_str(), static_cast<int>(finding.column) - 1,
                 "");
}

void apply_flags(const Options& options, Config& config) {
  if (const char* root = std::getenv("HOST_ROOT"); root != nullptr && config.host_root.empty())
    config.host_root = root;  // Falco's variable
  if (!options.disabled_sources.empty()) config.engine = Engine::kNone;
  if (options.unbuffered) config.outputs.buffered = false;
  if (!options.rules_files.empty()) config.rules_files = options.rules_files;
  if (!options.append_output.empty()) {
    rules::AppendOutput append;
    append.extra_output = options.append_output;
    config.load.append_output.push_back(append);
  }
}

}  // namespace

Result<Config> read_configuration(const Options& options) {
  auto loaded = load_config(configuration_file(options), options.overrides);
  if (!loaded) {
    log(LogLevel::kError, "{}", loaded.error().message);
    return std::unexpected(std::move(loaded).error());
  }
  Config& config = loaded->config;
  if (loaded->report.ok())
    configure_log({.level = config.log_level,
                   .json = config.format.json,
                   .to_stderr = config.log_stderr,
                   .to_syslog = config.log_syslog});
  for (const rules::Diagnostic& finding : loaded->report.diagnostics) say(finding, config);
  for (const rules::Diagnostic& finding : loaded->report.diagnostics) {
    if (finding.severity == rules::Severity::kError)
      return fail(ErrorCode::kInvalid, place_and_message(finding));
  }
  apply_flags(options, config);
  if (options.command == Command::kRun) {
    const int cpus = libbpf_num_possible_cpus();
    if (const auto limit = memory_limit(); limit && cpus > 0)
      fit_into(*limit, static_cast<std::uint32_t>(cpus), config);
  }
  return std::move(config);
}

std::string own_hostname() {
  if (const char* name = std::getenv("FALCO_HOSTNAME"); name != nullptr && *name != '\0') return name;
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  return name;
}

}  // namespace saker::app
