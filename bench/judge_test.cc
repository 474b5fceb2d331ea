// What the benchmark promises beside time: judging allocates nothing, and a reload forgets nothing.
#include "bench/judge.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "bench/allocations.h"
#include "bench/record_stream.h"
#include "rules/load.h"

namespace saker::bench {
namespace {

const RecordStream& stream() {
  static const RecordStream made(40'000, 7);
  return made;
}

std::shared_ptr<const rules::RuleSet> load(const std::vector<std::string>& paths) {
  const auto found = rules::read_rule_files(paths);
  if (!found) return nullptr;
  return rules::load_rules(found->files, fields::syscall_catalogue(), {}).rules;
}

// The official files where they are, else those that the project ships.
std::shared_ptr<const rules::RuleSet> many_rules() {
  const std::string official = SAKER_SHARED_DIR "/data/rules";
  return load(
      {std::filesystem::exists(official) ? official : SAKER_SOURCE_DIR "/rules/falco_rules.local.yaml"});
}

bool brings_state(std::span<const std::byte> record) {
  const auto event = event::decode(record);
  return event::type_name(event->type) == "connect" || std::holds_alternative<event::Fork>(event->body) ||
         std::holds_alternative<event::Exec>(event->body) ||
         std::holds_alternative<event::Exit>(event->body) ||
         std::holds_alternative<event::Cgroup>(event->body);
}

// Processes and connections that come need memory to be remembered, and so does the first event of each kind;
// all others need none.
TEST(Judge, AnEventThatMatchesNothingAllocatesNothing) {
  const auto rules = many_rules();
  ASSERT_NE(rules, nullptr);
  Judge judge(*rules);
  std::size_t i = 0;
  for (; i < stream().size() / 2; ++i) judge.take(stream()[i]);
  std::size_t judged = 0;
  for (; i < stream().size(); ++i) {
    const bool counted = !brings_state(stream()[i]);
    const std::uint64_t before = allocations;
    const bool matched = !judge.take(stream()[i]).empty();
    if (!counted || matched) continue;
    ASSERT_EQ(allocations, before) << "record " << i;
    ++judged;
  }
  EXPECT_GT(judged, 10'000U);
}

TEST(Judge, AnotherRuleSetKeepsWhatIsKnown) {
  const auto rules = many_rules();
  ASSERT_NE(rules, nullptr);
  Judge one(*rules), other(*rules);
  std::size_t i = 0;
  for (; i < stream().size() / 2; ++i) {
    one.take(stream()[i]);
    other.take(stream()[i]);
  }
  const auto again = many_rules();
  other.use(*again);
  EXPECT_EQ(one.processes().size(), other.processes().size());
  for (; i < stream().size(); ++i)
    ASSERT_EQ(one.take(stream()[i]).size(), other.take(stream()[i]).size()) << i;
}

}  // namespace
}  // namespace saker::bench
