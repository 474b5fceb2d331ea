#include "app/supervisor.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "alert/internal_message.h"
#include "app/channels.h"
#include "app/commands.h"
#include "app/in_force.h"
#include "app/read_configuration.h"
#include "base/clock.h"
#include "base/log.h"

namespace saker::app {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
// A change is often several: what is in the middle of being written is left alone until it has been quiet for
// a while, but not for ever.
constexpr std::uint64_t kQuietNs = kSecond / 5;
// Changes that leave a file's size and times as they were.
constexpr std::uint64_t kLookEveryNs = 30 * kSecond;
constexpr std::uint64_t kRetireNs = 10 * kSecond;  // for what an output that goes away has queued
constexpr std::uint64_t kDropLogEveryNs = 10 * kSecond;
constexpr std::uint64_t kServeAgainNs = 10 * kSecond;
constexpr auto kAdoptPatience = std::chrono::seconds(10);

sigset_t taken_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&set, number);
  return set;
}

}  // namespace

void Supervisor::block_signals() {
  const sigset_t set = taken_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Supervisor::Supervisor(Parts parts, Config config, std::shared_ptr<const Revision> revision,
                       std::vector<LoadedFile> seen)
    : parts_(parts),
      config_(std::move(config)),
      revision_(std::move(revision)),
      calls_filtered_(config_.sandbox && config_.seccomp && !config_.outputs.program_enabled),
      writes_filtered_(calls_filtered_ && config_.read_only && !writes_files(config_)),
      seen_(std::move(seen)),
      drops_(config_.drops) {
  const sigset_t set = taken_signals();
  signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  end_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  stamps_ = stamps_of_watched_files(config_, parts_.options);
  thread_ = std::thread([this] { run(); });
}

Supervisor::~Supervisor() { join(); }

void Supervisor::join() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  if (::write(end_.get(), &one, sizeof(one)) < 0) log(LogLevel::kError, "cannot end the supervisor");
  thread_.join();
  retiring_.clear();
}

// Starts, changes or ends the web server, as configured. What cannot be had is tried again: that nobody can
// ask for metrics is no reason to stop watching.
void Supervisor::serve() {
  const WebSettings& wanted = config_.web;
  const std::uint64_t now = boot_time_ns();
  const bool up_to_date = wanted.enabled ? web_ != nullptr && served_ == wanted : web_ == nullptr;
  if (up_to_date || now < next_serve_ns_) return;
  web_.reset();
  if (!wanted.enabled) return;
  auto started = Web::start(wanted, parts_.web);
  if (!started) {
    next_serve_ns_ = now + kServeAgainNs;
    log(LogLevel::kError, "webserver: {}; it is tried again in {} s", started.error().message,
        kServeAgainNs / kSecond);
    return;
  }
  web_ = std::move(*started);
  served_ = wanted;
  log(LogLevel::kInfo, "webserver: {}{} on {}:{}", wanted.health_path, wanted.metrics ? ", /metrics" : "",
      wanted.address, web_->port());
}

void Supervisor::snapshot_metrics() {
  const std::uint64_t now = boot_time_ns();
  if (!config_.metrics.enabled || (!config_.metrics.output_rule && config_.metrics.output_file.empty()))
    return;
  if (now < next_snapshot_ns_) return;
  next_snapshot_ns_ = now + config_.metrics.interval_ns;
  const alert::InternalMessage message{
      .rule = "Falco internal: metrics snapshot",
      .output = "Falco metrics snapshot",
      .priority = rules::Priority::kInformational,
      .fields = metrics_.fields(metrics_input(parts_.web), config_.metrics, config_.web.groups)};
  if (config_.metrics.output_rule)
    revision_->outputs->publish(
        alert::make_internal_message(revision_->format, parts_.web.hostname, message, wall_time_ns()));
  if (config_.metrics.output_file.empty()) return;
  alert::Format json = revision_->format;
  json.json = true;
  const auto line = alert::make_internal_message(json, parts_.web.hostname, message, wall_time_ns());
  auto file = alert::FileOutput::open({.path = config_.metrics.output_file});
  const alert::Delivery done = file ? (*file)->write(*line) : alert::Delivery::failed(file.error().message);
  if (done.lost > 0) log(LogLevel::kError, "metrics.output_file: {}", done.problem);
}

void Supervisor::run() {
  serve();
  std::uint64_t next_second = boot_time_ns() + kSecond;
  parts_.self_test.act();
  next_self_test_ns_ = boot_time_ns() + observe::SelfTest::kIntervalNs;
  for (;;) {
    pollfd sources[] = {{.fd = end_.get(), .events = POLLIN, .revents = 0},
                        {.fd = signals_.get(), .events = POLLIN, .revents = 0}};
    const std::uint64_t now = boot_time_ns();
    std::uint64_t due = next_second;
    if (files_changed_ns_ != 0) due = std::min(due, files_changed_ns_ + kQuietNs);
    const int timeout_ms = due > now ? static_cast<int>((due - now) / 1'000'000 + 1) : 0;
    if (::poll(sources, std::size(sources), timeout_ms) < 0 && errno != EINTR) return;
    if (sources[0].revents != 0) return;
    if (sources[1].revents != 0) take_signals();
    // A file that is being written is waited for until a look finds it as the one before did.
    if (files_changed_ns_ != 0 || boot_time_ns() >= next_second) compare_stamps();
    look_at_files();
    if (boot_time_ns() >= next_second) {
      next_second = boot_time_ns() + kSecond;
      each_second();
    }
  }
}

void Supervisor::take_signals() {
  signalfd_siginfo info;
  while (::read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
    switch (info.ssi_signo) {
      case SIGHUP:
        reload("SIGHUP");
        break;
      case SIGUSR1:
        log(LogLevel::kInfo, "SIGUSR1: output files are opened again");
        revision_->outputs->reopen();
        break;
      default:
        parts_.mailbox.stop(0);
        break;
    }
  }
}

void Supervisor::each_second() {
  const std::uint64_t now = boot_time_ns();
  if (now >= next_self_test_ns_) {
    next_self_test_ns_ = now + observe::SelfTest::kIntervalNs;
    parts_.self_test.act();
  }
  serve();
  snapshot_metrics();
  report_drops();
  report_stuck_outputs();
}

void Supervisor::compare_stamps() {
  if (!config_.watch_config_files) return;
  auto stamps = stamps_of_watched_files(config_, parts_.options);
  if (stamps == stamps_) return;
  stamps_ = std::move(stamps);
  files_changed_ns_ = boot_time_ns();
  if (files_first_changed_ns_ == 0) files_first_changed_ns_ = files_changed_ns_;
}

void Supervisor::look_at_files() {
  if (!config_.watch_config_files) return;
  const std::uint64_t now = boot_time_ns();
  const bool quiet = files_changed_ns_ != 0 &&
                     (now >= files_changed_ns_ + kQuietNs || now >= files_first_changed_ns_ + 10 * kQuietNs);
  if (!quiet && now < next_look_ns_) return;
  next_look_ns_ = now + kLookEveryNs;
  files_changed_ns_ = files_first_changed_ns_ = 0;
  if (watched_files(config_, parts_.options) != seen_) reload("files have changed");
}

void Supervisor::reload(std::string_view why) {
  log(LogLevel::kInfo, "{}: configuration and rules are loaded again", why);
  seen_ = watched_files(config_, parts_.options);
  const auto done = try_reload();
  parts_.state.note_reload(done.has_value(), wall_time_ns(), done ? "" : done.error().message);
  if (!done) {
    log(LogLevel::kError, "the reload failed and revision {} stays in force: {}", revision_->number,
        done.error().message);
    return;
  }
  log(LogLevel::kInfo, "revision {} is in force: {} rules", revision_->number,
      revision_->rules->rules().size());
}

// What the agent gave up when it started cannot be had again.
Result<> Supervisor::check_sandbox(const Config& next) const {
  const char* wanted = calls_filtered_ && next.outputs.program_enabled ? "program_output runs programs"
                       : writes_filtered_ && writes_files(next)        ? "an output that writes files is on"
                                                                       : nullptr;
  if (wanted == nullptr) return {};
  return fail(
      ErrorCode::kPermission,
      fmt::format(
          "{}, which the agent gave up when it started (saker.seccomp, saker.read_only): start it again",
          wanted));
}

Result<> Supervisor::try_reload() {
  TRY_ASSIGN(Config config, read_configuration(parts_.options));
  TRY(check_sandbox(config));
  // Before the rules are read: a change while they are loaded is another one.
  std::vector<LoadedFile> seen = watched_files(config, parts_.options);
  TRY_ASSIGN(LoadedRules loaded, load_configured_rules(config));
  TRY_ASSIGN(auto outputs, alert::Outputs::make(channels_of(config), revision_->outputs.get()));
  auto next = make_revision(revision_->number + 1, config, loaded, make_plan(config, loaded), outputs);
  if (const auto adopted = parts_.mailbox.adopt(next, kAdoptPatience); !adopted) {
    outputs->stop(0, revision_->outputs.get());
    return adopted;
  }
  for (const std::string& key : needs_restart(config_, config))
    log(LogLevel::kWarning, "{} has changed: it takes effect when the agent is started again", key);
  parts_.state.set_in_force(in_force(*next, config, loaded));
  // What is queued on outputs that are gone is still sent, beside everything else.
  retiring_.emplace_back([before = revision_->outputs, outputs] { before->stop(kRetireNs, outputs.get()); });
  revision_ = std::move(next);
  config_ = std::move(config);
  drops_.use(config_.drops);
  next_serve_ns_ = 0;
  serve();
  seen_ = std::move(seen);
  return {};
}

void Supervisor::report_drops() {
  const auto snapshot = parts_.board.newest();
  if (!snapshot) return;
  const std::uint64_t now = boot_time_ns();
  const auto report = drops_.look(snapshot->probe, now);
  if (report) {
    unlogged_drops_ += report->drops;
    if (report->act && config_.drops.alert) {
      alert::InternalMessage message{
          .rule = "Falco internal: syscall event drop", .output = "", .priority = rules::Priority::kDebug};
      const std::string sentence = fmt::format(
          "Falco internal: syscall event drop. {} system calls dropped in last second.", report->drops);
      message.output = sentence;
      for (auto& [name, value] : drop_fields(*report)) message.fields.emplace(name, value);
      revision_->outputs->publish(
          alert::make_internal_message(revision_->format, parts_.web.hostname, message, wall_time_ns()));
    }
    if (report->act && config_.drops.exit) {
      log(LogLevel::kError,
          "{} of {} events were lost in the last second ({}), and syscall_event_drops.actions says exit",
          report->drops, report->events, report->causes);
      parts_.mailbox.stop(1);
      return;
    }
  }
  if (unlogged_drops_ == 0 || now < next_drop_log_ns_ || !config_.drops.log) return;
  next_drop_log_ns_ = now + kDropLogEveryNs;
  log(LogLevel::kWarning, "{} records were lost since the last report ({} in all: {})", unlogged_drops_,
      snapshot->probe.drops(), drop_causes(snapshot->probe));
  unlogged_drops_ = 0;
}

void Supervisor::report_stuck_outputs() {
  const std::uint64_t limit = config_.outputs.timeout_ms * 1'000'000;
  for (const auto& worker : revision_->outputs->workers()) {
    const alert::OutputStats stats = worker->stats();
    const std::string& name = worker->channel().name;
    const bool known = std::ranges::find(stuck_, name) != stuck_.end();
    const bool stuck = limit != 0 && stats.blocked_ns > limit;
    if (stuck && !known) {
      log(LogLevel::kError, "output {} has been blocked for {} ms; {} alerts wait for it", name,
          stats.blocked_ns / 1'000'000, stats.queued);
      stuck_.push_back(name);
    } else if (!stuck && known) {
      log(LogLevel::kInfo, "output {} is not blocked any more", name);
      std::erase(stuck_, name);
    }
  }
}

}  // namespace saker::app
