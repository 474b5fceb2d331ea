// What one event costs in user space: decoding, process and container state, and the rules; without the
// kernel.
//
//   engine [RULES.yaml ...]     each argument is a set of rule files joined by commas
//
// Rounds of all sets are run in turn, because the machine's speed drifts, and medians are printed. The
// allocations of the measured part are counted.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/allocations.h"
#include "bench/judge.h"
#include "bench/record_stream.h"
#include "rules/load.h"

namespace saker::bench {
namespace {

constexpr std::size_t kRecords = 200'000;
constexpr int kRounds = 9;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::shared_ptr<const rules::RuleSet> load(const std::vector<std::string>& files) {
  const auto found = rules::read_rule_files(files);
  if (!found) {
    fmt::print(stderr, "{}\n", found.error().message);
    std::exit(1);
  }
  const rules::LoadResult loaded = rules::load_rules(found->files, fields::syscall_catalogue(), {});
  if (!loaded.rules) {
    fmt::print(stderr, "{}", rules::text_report(loaded.reports));
    std::exit(1);
  }
  return loaded.rules;
}

struct Set {
  std::string name;
  std::shared_ptr<const rules::RuleSet> rules;
  std::vector<double> rates = {};
  double bytes = 0, allocations = 0;
  std::uint64_t judged = 0, matches = 0;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void run_round(Set& set, const RecordStream& stream) {
  Judge engine(*set.rules);
  for (std::size_t i = 0; i < stream.preamble(); ++i) engine.take(stream[i]);
  const std::uint64_t bytes = allocated_bytes, count = allocations, before = engine.events();
  const double start = cpu_seconds();
  for (std::size_t i = stream.preamble(); i < stream.size(); ++i) engine.take(stream[i]);
  const double seconds = cpu_seconds() - start;
  const auto records = static_cast<double>(stream.size() - stream.preamble());
  set.rates.push_back(records / seconds);
  set.bytes = static_cast<double>(allocated_bytes - bytes) / records;
  set.allocations = static_cast<double>(allocations - count) / records;
  set.judged = engine.events() - before;
  set.matches = engine.matches();
}

// `count` rules on opens and execs that differ in their constants, as a team's rules do.
std::shared_ptr<const rules::RuleSet> generated(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += fmt::format(
        "- rule: generated {0}\n  desc: made for the benchmark\n"
        "  condition: evt.type in (open, openat, openat2) and evt.is_open_read=true and "
        "fd.name startswith /srv/app{0}/ and not proc.name in (backup{0}, scan{0}) and proc.pname != "
        "cron{0}\n"
        "  output: \"%fd.name %proc.cmdline\"\n  priority: WARNING\n",
        i);
  }
  const rules::LoadResult loaded =
      rules::load_rules({{"generated.yaml", text}}, fields::syscall_catalogue(), {});
  if (!loaded.rules) std::abort();
  return loaded.rules;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> items;
  while (!list.empty()) {
    items.emplace_back(list.substr(0, list.find(',')));
    list.remove_prefix(std::min(items.back().size() + 1, list.size()));
  }
  return items;
}

void measure_loading(const std::string& name, const std::vector<std::string>& files) {
  std::vector<double> load_ms, swap_ms;
  std::unique_ptr<rules::Evaluator> running;
  std::shared_ptr<const rules::RuleSet> current;
  for (int i = 0; i < kRounds; ++i) {
    double start = cpu_seconds();
    auto next = load(files);
    load_ms.push_back((cpu_seconds() - start) * 1e3);
    start = cpu_seconds();
    auto evaluator = std::make_unique<rules::Evaluator>(*next);
    running = std::move(evaluator);
    current = std::move(next);
    swap_ms.push_back((cpu_seconds() - start) * 1e3);
  }
  fmt::print("load {:<32} {:6.1f} ms CPU, swapped in {:.2f} ms\n", name, median(load_ms), median(swap_ms));
}

int run(const std::vector<std::string>& arguments) {
  const RecordStream stream(kRecords, 42);
  std::vector<Set> sets;
  for (const std::string& argument : arguments) {
    const auto files = split(argument);
    sets.push_back({.name = argument.substr(argument.rfind('/') + 1), .rules = load(files)});
    if (files.size() > 1) sets.back().name = fmt::format("{} files", files.size());
  }
  sets.insert(sets.begin(), {.name = "no rules", .rules = generated(0)});
  for (const int count : {10, 100, 1000})
    sets.push_back({.name = fmt::format("{} generated rules", count), .rules = generated(count)});
  for (int round = 0; round < kRounds; ++round) {
    for (Set& set : sets) run_round(set, stream);
  }
  fmt::print("{} records, of which {} bring the state at the start; {} rounds\n", stream.size(),
             stream.preamble(), kRounds);
  for (const Set& set : sets) {
    const auto [low, high] = std::ranges::minmax(set.rates);
    fmt::print(
        "{:<28} {:3} rules {:6.2f} M records/CPU-s ({:.2f} to {:.2f}), {:4.0f} ns, judged {:3.0f} %, "
        "{:.1f} B in {:.3f} allocations each, {} matches\n",
        set.name, set.rules->rules().size(), median(set.rates) / 1e6, low / 1e6, high / 1e6,
        1e9 / median(set.rates),
        100.0 * static_cast<double>(set.judged) / static_cast<double>(stream.size() - stream.preamble()),
        set.bytes, set.allocations, set.matches);
  }
  for (const std::string& argument : arguments)
    measure_loading(argument.substr(argument.rfind('/') + 1), split(argument));
  return 0;
}

}  // namespace
}  // namespace saker::bench

int main(int argc, char** argv) { return saker::bench::run(std::vector<std::string>(argv + 1, argv + argc)); }
