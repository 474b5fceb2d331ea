// How many steps rules become: a tree that several of them use is written once.
#include "rules/step_writer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "rules/condition_parser.h"
#include "rules/rule_set.h"

namespace saker::rules {
namespace {

constexpr int kRules = 50;

const fields::Catalogue& catalogue() {
  static const fields::Catalogue made({
      {.name = "t.own", .type = fields::Type::kInt64, .help = ""},
      {.name = "t.shared", .type = fields::Type::kInt64, .help = ""},
      {.name = "t.path", .type = fields::Type::kPath, .by_name = true, .help = ""},
  });
  return made;
}

// Steps for one event type of rules that each check something of their own and all use `shared`.
std::size_t steps(std::string_view shared) {
  std::vector<EnabledRule> rules(kRules);
  for (int i = 0; i < kRules; ++i) {
    const Parsed parsed = parse_condition(fmt::format("t.own = {} and {}", i, shared));
    EXPECT_NE(parsed.tree, nullptr) << shared;
    rules[static_cast<std::size_t>(i)].condition = compile_condition(*parsed.tree, catalogue()).condition;
  }
  const RuleSet set(std::move(rules), Matching::kAll);
  const RuleSet::Program& program = set.program();
  return program.programs[program.program_of_type[event::kOpenat]].steps.size();
}

// "(t.shared < 0 OP t.shared < 1 ...)"
std::string tree(std::string_view joint) {
  std::string text = "(";
  for (int i = 0; i < 40; ++i) text += fmt::format("{} t.shared < {}", i == 0 ? "" : joint, i);
  return text + ")";
}

TEST(StepWriter, SharedTreesAreWrittenOnce) {
  constexpr std::size_t kBodyMax = 40 + 5;
  for (const std::string_view joint : {"and", "or"}) {
    // A check, a call and a match for each rule.
    EXPECT_LE(steps(tree(joint)), 3 * kRules + kBodyMax) << joint;
    EXPECT_LE(steps("not " + tree(joint)), 3 * kRules + kBodyMax) << joint;
  }
}

TEST(StepWriter, RulesWithNamedFieldsAreWrittenOnce) {
  const std::string named = "(t.path = a or " + tree("or") + ")";
  EXPECT_LE(steps(named), 3 * kRules + 40 + 10);
}

}  // namespace
}  // namespace saker::rules
