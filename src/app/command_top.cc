// `saker top`: watches with the configured rules, writes no alert, and shows each second what the filter plan
// does: for each group of event types how many events came, which dimension ruled them out, how many were
// sent up, and what the rules matched; and the nanoseconds that it takes in the kernel and here.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "app/commands.h"
#include "app/in_force.h"
#include "app/pipeline.h"
#include "app/read_configuration.h"
#include "base/clock.h"
#include "base/log.h"

namespace saker::app {
namespace {

constexpr int kTurnMs = 100;
constexpr std::uint64_t kEveryNs = 1'000'000'000;
constexpr std::size_t kTypesShown = 3;

volatile std::sig_atomic_t stopped = 0;
void on_signal(int) { stopped = 1; }

double cpu_ns() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ns = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_usec) * 1e3;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

struct Moment {
  observe::Snapshot snapshot;
  double cpu_ns = 0;
};

double each(std::uint64_t ns, std::uint64_t count) {
  return count == 0 ? 0 : static_cast<double>(ns) / static_cast<double>(count);
}

std::string types_text(const std::vector<event::TypeId>& types) {
  std::string text;
  for (std::size_t i = 0; i < std::min(types.size(), kTypesShown); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : " ", event::type_name(types[i]));
  return types.size() > kTypesShown ? fmt::format("{} +{}", text, types.size() - kTypesShown) : text;
}

void show_program(const rules::PlannedProgram& program, std::size_t number, const Moment& was,
                  const Moment& is) {
  std::uint64_t came = 0, sent = 0;
  for (const event::TypeId type : program.types) {
    sent += is.snapshot.probe.sent[type] - was.snapshot.probe.sent[type];
    came += is.snapshot.probe.filtered[type] - was.snapshot.probe.filtered[type];
  }
  came += sent;
  if (came == 0) return;
  std::string ruled_out;
  for (unsigned dimension = 0; dimension < SAKER_PLAN_DIMENSIONS; ++dimension) {
    const std::uint64_t count =
        is.snapshot.plan_counts[number][dimension] - was.snapshot.plan_counts[number][dimension];
    if (count > 0)
      ruled_out +=
          fmt::format(" {}={}", rules::dimension_name(static_cast<saker_plan_dimension>(dimension)), count);
  }
  fmt::print("{:34} {:>9} {:>9} {}\n", types_text(program.types), came, sent, ruled_out);
}

// What cost the most in that time, of the events that were timed.
void show_costs(const Moment& was, const Moment& is) {
  constexpr std::size_t kShown = 5;
  struct Row {
    std::string_view name;
    std::uint64_t count, ns;
  };
  std::vector<Row> rows;
  for (const auto& [name, cost] : is.snapshot.costs.rules) {
    const auto before = was.snapshot.costs.rules.find(name);
    const observe::Cost known = before == was.snapshot.costs.rules.end() ? observe::Cost{} : before->second;
    if (cost.count > known.count) rows.push_back({name, cost.count - known.count, cost.ns - known.ns});
  }
  if (rows.empty()) return;
  const std::size_t shown = std::min(kShown, rows.size());
  std::ranges::partial_sort(rows, rows.begin() + static_cast<std::ptrdiff_t>(shown), std::ranges::greater(),
                            &Row::ns);
  fmt::print("\n{:>9} {:>9}  of one event in {}\n", "ns each", "judged", observe::kTimedEvery);
  for (const Row& row : std::span(rows).first(shown))
    fmt::print("{:>9.0f} {:>9}  {}\n", each(row.ns, row.count), row.count, row.name);
}

void show(const rules::Plan& plan, const Moment& was, const Moment& is) {
  if (isatty(STDOUT_FILENO) != 0) fmt::print("\033[H\033[2J");
  const auto judged = is.snapshot.pipeline.judged - was.snapshot.pipeline.judged;
  const auto runs = is.snapshot.probe.runs - was.snapshot.probe.runs;
  const auto run_ns = is.snapshot.probe.run_ns - was.snapshot.probe.run_ns;
  fmt::print(
      "kernel: {} runs, {:.0f} ns each; here: {} events judged, {:.1f} ms of CPU in all; dropped {}\n\n",
      runs, each(run_ns, runs), judged, (is.cpu_ns - was.cpu_ns) / 1e6,
      is.snapshot.probe.drops() - was.snapshot.probe.drops());
  fmt::print("{:34} {:>9} {:>9}  ruled out by\n", "events", "came", "sent");
  for (std::size_t number = 0; number < plan.programs.size(); ++number)
    show_program(plan.programs[number], number, was, is);
  bool any = false;
  for (const auto& [name, count] : is.snapshot.rules) {
    const auto before = was.snapshot.rules.find(name);
    const std::uint64_t matches =
        count.matches - (before == was.snapshot.rules.end() ? 0 : before->second.matches);
    if (matches == 0) continue;
    if (!std::exchange(any, true)) fmt::print("\n{:>9} matched\n", "");
    fmt::print("{:>9} {}\n", matches, name);
  }
  show_costs(was, is);
  fmt::print("\n");
  std::fflush(stdout);
}

}  // namespace

int command_top(const Config& config, const Options& options) {
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  const auto loaded = load_configured_rules(config);
  if (!loaded) return kExitBadInput;
  auto driver = capture::Driver::load(config.driver);
  if (!driver) {
    log(LogLevel::kError, "{}", driver.error().message);
    return kExitNoProbe;
  }
  (*driver)->count_runs();
  const auto no_outputs = alert::Outputs::make({}, nullptr);
  if (!no_outputs) return kExitBadInput;
  const auto revision = make_revision(1, config, *loaded, make_plan(config, *loaded), *no_outputs);
  Pipeline pipeline(**driver, revision,
                    {.host_root = config.host_root,
                     .hostname = own_hostname(),
                     .processes = config.processes,
                     .metadata = config.metadata});
  if (const auto started = pipeline.start(); !started) {
    log(LogLevel::kError, "{}", started.error().message);
    return kExitNoProbe;
  }
  const std::uint64_t begin_ns = boot_time_ns();
  const std::uint64_t end_ns = options.stop_after_seconds > 0
                                   ? begin_ns + static_cast<std::uint64_t>(options.stop_after_seconds * 1e9)
                                   : UINT64_MAX;
  Moment was{pipeline.snapshot(), cpu_ns()};
  std::uint64_t next_ns = begin_ns + kEveryNs;
  while (stopped == 0 && boot_time_ns() < end_ns) {
    pipeline.turn(kTurnMs);
    if (boot_time_ns() < next_ns) continue;
    next_ns += kEveryNs;
    Moment is{pipeline.snapshot(), cpu_ns()};
    show(*revision->plan, was, is);
    was = std::move(is);
  }
  return kExitGood;
}

}  // namespace saker::app
