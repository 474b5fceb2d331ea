#include "app/channels.h"

#include <fmt/format.h>
#include <unistd.h>

#include "alert/file_output.h"
#include "alert/http_output.h"
#include "alert/program_output.h"
#include "alert/spooled_http_output.h"
#include "alert/store_output.h"
#include "alert/stream_output.h"
#include "alert/syslog_output.h"
#include "base/log.h"

namespace saker::app {
namespace {

using alert::Channel;
using alert::Output;
using Made = Result<std::unique_ptr<Output>>;

constexpr const char* kLogSocket = "/dev/log";
// A program may be too slow for a burst, but one that cannot be started at all must not hold the queue.
constexpr std::uint32_t kProgramTries = 5;

// All of it: what differs is another channel.
std::string http_settings_text(const alert::HttpOutput::Settings& http) {
  const std::string* texts[] = {&http.url,     &http.user_agent,  &http.ca_cert,   &http.ca_bundle,
                                &http.ca_path, &http.client_cert, &http.client_key};
  std::string all;
  for (const std::string* text : texts) all += *text + "\n";
  return all + fmt::format("{} {} {} {} {} {} {} {}", http.insecure, http.mtls, http.echo, http.compress,
                           http.keep_alive, http.max_consecutive_timeouts, http.timeout_ms,
                           http.connect_timeout_ms);
}

}  // namespace

bool for_terminal(const Config& config) {
  return config.outputs.stdout_enabled && !config.format.json && isatty(STDOUT_FILENO) == 1;
}

bool writes_files(const Config& config) {
  const OutputsConfig& wanted = config.outputs;
  return wanted.file_enabled || wanted.store_enabled || (wanted.http_enabled && wanted.http_spool_enabled) ||
         !config.metrics.output_file.empty();
}

std::vector<Channel> channels_of(const Config& config) {
  const OutputsConfig& wanted = config.outputs;
  std::vector<Channel> channels;
  const auto add = [&](std::string name, std::string settings, alert::RetryPolicy retry, auto make) {
    channels.push_back({.name = std::move(name),
                        .settings = std::move(settings),
                        .limits = wanted.queue,
                        .retry = retry,
                        .make = std::move(make)});
  };
  if (wanted.stdout_enabled) {
    const alert::StreamOutput::Options options{.buffered = wanted.buffered, .terminal = for_terminal(config)};
    add("stdout", fmt::format("buffered={} terminal={}", options.buffered, options.terminal), {},
        [options]() -> Made { return std::make_unique<alert::StreamOutput>(STDOUT_FILENO, options); });
  }
  if (wanted.file_enabled) {
    add("file", fmt::format("{} keep_alive={}", wanted.file.path, wanted.file.keep_alive), {},
        [settings = wanted.file]() -> Made { return alert::FileOutput::open(settings); });
  }
  if (wanted.syslog_enabled) {
    if (access(kLogSocket, F_OK) == 0) {
      add("syslog", "", {}, []() -> Made { return std::make_unique<alert::SyslogOutput>(kLogSocket); });
    } else {
      log(LogLevel::kWarning, "syslog_output: there is no {} here, so no alert goes to the system log",
          kLogSocket);
    }
  }
  if (wanted.program_enabled) {
    add("program", fmt::format("keep_alive={} {}", wanted.program.keep_alive, wanted.program.command),
        {.tries_max = kProgramTries},
        [settings = wanted.program]() -> Made { return std::make_unique<alert::ProgramOutput>(settings); });
  }
  if (wanted.http_enabled && wanted.http_spool_enabled) {
    alert::SpooledHttpOutput::Settings settings = wanted.http_spool;
    settings.http = wanted.http;
    add("http",
        fmt::format("{}\n{} {} {}", http_settings_text(wanted.http), settings.folder, settings.bytes_max,
                    settings.age_max.count()),
        {}, [settings]() -> Made { return std::make_unique<alert::SpooledHttpOutput>(settings); });
  } else if (wanted.http_enabled) {
    add("http", http_settings_text(wanted.http), {},
        [settings = wanted.http]() -> Made { return std::make_unique<alert::HttpOutput>(settings); });
  }
  if (wanted.store_enabled) {
    const alert::StoreOutput::Settings& store = wanted.store;
    add("store", fmt::format("{} {} {}", store.folder, store.bytes_max, store.keep.count()), {},
        [store]() -> Made { return std::make_unique<alert::StoreOutput>(store); });
  }
  if (channels.empty()) log(LogLevel::kWarning, "all outputs are off: alerts go nowhere");
  return channels;
}

}  // namespace saker::app
