// Config: what the configuration file and the command line ask for.
//
// The file is a falco.yaml or a saker.yaml: the same keys, plus a `saker:` section of our own. Every key of
// Falco is known. One that this version does not honour is a warning, in one line, when it asks for
// something; an unknown key is a warning with the nearest known one; a value of the wrong type is an error.
// All problems are found, each with its place.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "alert/alert.h"
#include "alert/file_output.h"
#include "alert/http_output.h"
#include "alert/output_worker.h"
#include "alert/program_output.h"
#include "alert/rate_control.h"
#include "alert/spooled_http_output.h"
#include "alert/store_output.h"
#include "app/config_files.h"
#include "app/container_desk.h"
#include "app/drop_watch.h"
#include "app/loaded_file.h"
#include "app/metrics_snapshot.h"
#include "app/plan_options.h"
#include "app/web_settings.h"
#include "base/log.h"
#include "base/result.h"
#include "capture/driver.h"
#include "rules/load.h"
#include "state/process_table.h"

namespace saker::app {

enum class Engine { kModernEbpf, kNone };

struct OutputsConfig {
  alert::QueueLimits queue;         // of each output
  std::uint64_t timeout_ms = 2000;  // a call that takes longer is reported
  bool buffered = false;
  bool stdout_enabled = true;
  bool syslog_enabled = false;
  bool file_enabled = false;
  alert::FileOutput::Settings file = {.path = "./events.txt"};
  bool http_enabled = false;
  alert::HttpOutput::Settings http;
  bool http_spool_enabled = false;
  alert::SpooledHttpOutput::Settings http_spool;  // but for its http
  bool program_enabled = false;
  alert::ProgramOutput::Settings program;
  bool store_enabled = false;
  alert::StoreOutput::Settings store;
};

struct Config {
  std::string file;                            // "" = defaults
  std::vector<ConfigFilesEntry> config_files;  // files and directories beside it
  std::vector<LoadedFile> files;               // those that were read
  bool watch_config_files = true;
  bool sandbox = true;     // after the start, keep only what is needed
  bool seccomp = true;     // with it: filter system calls
  bool read_only = false;  // with that: files can only be read, unless an output writes some
  std::vector<std::string> rules_files = {"/etc/saker/rules/falco_rules.local.yaml",
                                          "/etc/saker/rules/rules.d"};
  Engine engine = Engine::kModernEbpf;
  capture::DriverOptions driver;
  PlanOptions plan;
  state::ProcessTable::Limits processes;
  std::string host_root;  // where the host's / is mounted; "" = at /
  MetadataSettings metadata;
  alert::Format format;
  OutputsConfig outputs;
  DropSettings drops;
  std::vector<alert::RateLimit> rate_limits;
  WebSettings web;
  MetricsSnapshotSettings metrics;
  LogLevel log_level = LogLevel::kInfo;
  bool log_stderr = true;
  bool log_syslog = false;
  rules::LoadOptions load;
};

struct ConfigResult {
  Config config;
  rules::FileReport report;  // its diagnostics; ok() says whether `config` may be used
};

// `overrides` are key=value pairs from the command line; they win over the files. `included` are merged into
// the file, in order.
ConfigResult parse_config(const std::string& file, const std::string& text,
                          const std::vector<std::pair<std::string, std::string>>& overrides,
                          const std::vector<IncludedFile>& included = {});

// Reads the file first. An empty path means built-in defaults.
Result<ConfigResult> load_config(const std::string& file,
                                 const std::vector<std::pair<std::string, std::string>>& overrides);

}  // namespace saker::app
