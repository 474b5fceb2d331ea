// saker-relay: takes alerts over HTTP, keeps them safe, delivers them.
#include <malloc.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/log.h"
#include "relay/config.h"
#include "relay/relay.h"

namespace {

using namespace saker;

constexpr int kExitGood = 0;
constexpr int kExitBadInput = 1;
constexpr int kExitCannotRun = 2;

// One line of log for each problem of a configuration.
bool report(const relay::LoadedConfig& loaded) {
  for (const relay::ConfigProblem& note : loaded.notes)
    log(LogLevel::kWarning, "{}: {}", note.where, note.message);
  for (const relay::ConfigProblem& problem : loaded.problems)
    log(LogLevel::kError, "{}: {}", problem.where, problem.message);
  return loaded.problems.empty();
}

int run(const relay::Config& config) {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int number : {SIGTERM, SIGINT}) sigaddset(&ends, number);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  auto relay = relay::Relay::start(config);
  if (!relay) {
    log(LogLevel::kError, "{}", relay.error().message);
    return kExitCannotRun;
  }
  const std::int64_t interval_ms =
      std::max<std::int64_t>(*relay::milliseconds_of(config.summaryinterval), 1000);
  const timespec interval{.tv_sec = interval_ms / 1000, .tv_nsec = interval_ms % 1000 * 1'000'000};
  while (sigtimedwait(&ends, nullptr, &interval) < 0) (*relay)->log_summary();
  log(LogLevel::kInfo, "asked to end; delivering what is there");
  (*relay)->stop(std::chrono::milliseconds(*relay::milliseconds_of(config.grace)));
  return kExitGood;
}

}  // namespace

int main(int argc, char** argv) {
  // One heap for all threads: what one gives back another can use.
  mallopt(M_ARENA_MAX, 1);
  signal(SIGPIPE, SIG_IGN);
  CLI::App app{"Takes alerts over HTTP, keeps them on disk, delivers them to Loki and others.",
               "saker-relay"};
  std::string path;
  bool check = false, version = false;
  app.add_option("-c,--config-file", path, "configuration, YAML; variables of the environment win over it");
  app.add_flag("--check", check, "check the configuration and end");
  app.add_flag("-v,--version", version, "print the version and end");
  CLI11_PARSE(app, argc, argv);
  if (version) {
    std::printf("saker-relay %s\n", SAKER_VERSION);
    return kExitGood;
  }
  configure_log({.level = LogLevel::kInfo, .json = true});
  const relay::LoadedConfig loaded =
      relay::load_config(path, [](const char* name) -> const char* { return std::getenv(name); });
  if (loaded.config.debug) configure_log({.level = LogLevel::kDebug, .json = true});
  if (!report(loaded)) return kExitBadInput;
  if (check) {
    log(LogLevel::kInfo, "the configuration is good");
    return kExitGood;
  }
  return run(loaded.config);
}
