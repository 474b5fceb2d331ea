// RuleSet and Evaluator on small rule sets whose results are plain to see; reference_interpreter_test.cc
// compares many more with a slow evaluator.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rules/condition_parser.h"
#include "rules/rule_set.h"
#include "rules/test_catalogue.h"

namespace saker::rules {
namespace {

using fields::Type;
using fields::Value;

enum Row : std::size_t { kType, kName, kPath, kNumber, kContainer, kCount, kAncestors };

int g_reads = 0;

Value counted(const fields::Subject&, const fields::Argument&, Arena&) {
  ++g_reads;
  return Value::text("counted");
}

const fields::Catalogue& catalogue() {
  static const fields::Catalogue made([] {
    auto rows = TestValues::with_readers({
        {.name = "evt.type", .help = ""},
        {.name = "proc.name", .help = ""},
        {.name = "fd.name", .type = Type::kPath, .by_name = true, .help = ""},
        {.name = "proc.pid", .type = Type::kInt64, .help = ""},
        {.name = "container.id", .help = ""},
        {.name = "test.counted", .help = ""},
        {.name = "proc.aname", .any_when_bare = true, .help = ""},
    });
    rows[kCount].read = counted;
    return rows;
  }());
  return made;
}

RuleSet rule_set(const std::vector<std::string_view>& conditions, Matching matching = Matching::kAll) {
  std::vector<EnabledRule> rules;
  for (const std::string_view condition : conditions) {
    const Parsed parsed = parse_condition(condition);
    EXPECT_TRUE(parsed.tree) << condition;
    CompileResult compiled = compile_condition(*parsed.tree, catalogue());
    EXPECT_TRUE(compiled.condition) << condition << ": " << compiled.problems[0].message;
    EnabledRule rule;
    rule.condition = std::move(compiled.condition);
    rule.event_types = std::move(compiled.event_types);
    rules.push_back(std::move(rule));
  }
  return RuleSet(std::move(rules), matching);
}

event::Text present(std::string_view bytes) { return {bytes, !bytes.empty(), false}; }

event::File file(std::string_view name, std::string_view resolved = {}, std::string_view inner = {}) {
  event::File made;
  made.name = present(name);
  made.resolved = present(resolved);
  made.inner = present(inner);
  return made;
}

class EvaluatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TestValues::clear();
    TestValues::set(kName, Value::text("bash"));
    TestValues::set(kNumber, Value::integer(7));
    open_.type = event::kOpenat;
    open_.body = file("/a");
    exec_.type = event::kExecve;
    exec_.body = event::Exec{};
  }

  // Rules that match, with the name's number behind a slash when it is not the first name.
  std::string matches(Evaluator& evaluator, const event::Event& event) {
    fields::Subject subject;
    subject.event = &event;
    std::string text;
    arena_.reset();
    for (const Evaluator::Match& match : evaluator.evaluate(subject, arena_)) {
      if (!text.empty()) text += ' ';
      text += std::to_string(match.rule);
      if (match.name_index != 0) text += fmt::format("/{}", match.name_index);
    }
    return text;
  }
  std::string matches(const RuleSet& rules, const event::Event& event) {
    Evaluator evaluator(rules);
    return matches(evaluator, event);
  }

  event::Event open_, exec_;
  Arena arena_;
};

TEST_F(EvaluatorTest, WhatARuleTakesIsMeasuredWhenAskedFor) {
  const RuleSet rules = rule_set({"proc.pid = 7", "evt.type = execve", "proc.pid = 8"});
  Evaluator evaluator(rules);
  fields::Subject subject;
  subject.event = &open_;
  evaluator.evaluate(subject, arena_);
  for (const Evaluator::Cost& cost : evaluator.costs()) EXPECT_EQ(cost.runs, 0U);
  EXPECT_EQ(evaluator.evaluate(subject, arena_, true).size(), 1U);
  evaluator.evaluate(subject, arena_, true);
  ASSERT_EQ(evaluator.costs().size(), 3U);
  EXPECT_EQ(evaluator.costs()[0].runs, 2U);
  EXPECT_GT(evaluator.costs()[0].ns, 0U);
  EXPECT_EQ(evaluator.costs()[1].runs, 0U);  // no rule of this event
  EXPECT_EQ(evaluator.costs()[2].runs, 2U);
}

TEST_F(EvaluatorTest, RulesInLoadOrder) {
  const std::vector<std::string_view> conditions = {"evt.type = execve", "proc.name = bash", "proc.pid = 8",
                                                    "evt.type in (openat, open) and proc.name = bash",
                                                    "not proc.name = bash"};
  EXPECT_EQ(matches(rule_set(conditions), open_), "1 3");
  EXPECT_EQ(matches(rule_set(conditions, Matching::kFirst), open_), "1");
  EXPECT_EQ(matches(rule_set(conditions), exec_), "0 1");
  EXPECT_EQ(matches(rule_set(conditions, Matching::kFirst), exec_), "0");
  EXPECT_EQ(matches(rule_set({}), open_), "");
}

TEST_F(EvaluatorTest, UnknownTypeMatchesNothing) {
  open_.type = static_cast<event::TypeId>(event::type_count());
  EXPECT_EQ(matches(rule_set({"proc.name exists"}), open_), "");
  open_.type = 0;
  EXPECT_EQ(matches(rule_set({"proc.name exists"}), open_), "");
}

TEST_F(EvaluatorTest, MissingValuesAreFalseWhateverTheOperator) {
  TestValues::clear();
  EXPECT_EQ(
      matches(rule_set({"proc.name = x", "proc.name != x", "proc.name exists", "proc.name startswith ''",
                        "proc.name in (x)", "proc.name = val(fd.name)", "len(proc.name) >= 0",
                        "concat(proc.name, 'x') exists", "proc.name != allof (a)"}),
              open_),
      "");
  EXPECT_EQ(matches(rule_set({"not proc.name != x", "not proc.name exists"}), open_), "0 1");
}

TEST_F(EvaluatorTest, AFileIsJudgedOnEachOfItsNames) {
  open_.body = file("/link", "/real", "/inside");
  TestValues::set(kPath, Value::text("/link"), "", 0);
  TestValues::set(kPath, Value::text("/real"), "", 1);
  TestValues::set(kPath, Value::text("/inside"), "", 2);
  const std::vector<std::string_view> conditions = {"fd.name = /inside",
                                                    "fd.name = /real",
                                                    "proc.name = bash",
                                                    "fd.name exists",
                                                    "tolower(fd.name) = /real and proc.pid = 7",
                                                    "fd.name = /other"};
  EXPECT_EQ(matches(rule_set(conditions), open_), "0/2 1/1 2 3 4/1");
  EXPECT_EQ(matches(rule_set(conditions, Matching::kFirst), open_), "0/2");
  // The first rule wins, under whichever name it matches; the first name wins for one rule.
  EXPECT_EQ(matches(rule_set({"fd.name = /real", "proc.name = bash"}, Matching::kFirst), open_), "0/1");
  EXPECT_EQ(matches(rule_set({"fd.name in (/real, /inside)"}, Matching::kFirst), open_), "0/1");
  // Only a call of the open family has names to judge.
  open_.type = event::kExecve;
  EXPECT_EQ(matches(rule_set(conditions), open_), "2 3");
}

TEST_F(EvaluatorTest, EqualNamesAreNotJudgedAgain) {
  open_.body = file("/a", "/a");
  TestValues::set(kPath, Value::text("/a"), "", 0);
  TestValues::set(kPath, Value::text("/never asked"), "", 1);
  EXPECT_EQ(matches(rule_set({"fd.name = '/never asked'"}), open_), "");
}

TEST_F(EvaluatorTest, AValueIsReadOnceAnEvent) {
  const RuleSet rules = rule_set({"test.counted = a", "test.counted = b or test.counted startswith c",
                                  "tolower(test.counted) = d", "len(test.counted) = 1"});
  Evaluator evaluator(rules);
  g_reads = 0;
  matches(evaluator, open_);
  EXPECT_EQ(g_reads, 1);
  matches(evaluator, open_);
  EXPECT_EQ(g_reads, 2);
}

TEST_F(EvaluatorTest, NothingIsReadForATypeNoRuleWants) {
  const RuleSet rules =
      rule_set({"evt.type = execve and test.counted = a", "evt.type contains execve and test.counted = a"});
  g_reads = 0;
  matches(rules, open_);
  EXPECT_EQ(g_reads, 0);
  matches(rules, exec_);
  EXPECT_EQ(g_reads, 1);
}

TEST_F(EvaluatorTest, AnyElementOfABareAncestorField) {
  const Value ancestors[] = {Value::text("sshd"), Value::text("init")};
  TestValues::set(kAncestors, Value::list(ancestors));
  EXPECT_EQ(matches(rule_set({"proc.aname = init", "proc.aname != init", "proc.aname = x",
                              "proc.aname in (x, sshd)", "proc.aname exists", "proc.aname startswith ss",
                              "not proc.aname = sshd"}),
                    open_),
            "0 1 3 4 5");
  TestValues::set(kAncestors, Value::list({}));
  EXPECT_EQ(matches(rule_set({"proc.aname != init", "proc.aname exists", "not proc.aname = x"}), open_), "2");
}

TEST_F(EvaluatorTest, SharedTreesAreDecidedOnceAndRightly) {
  // The tree of a macro in several places: negated, nested, and alone.
  const std::string macro = "(proc.name in (bash, sh) and (proc.pid = 7 or proc.pid = 9))";
  const std::string outer = "(" + macro + " or container.id = host)";
  const RuleSet rules = rule_set({macro, "not " + macro, outer, outer + " and " + macro,
                                  "proc.pid = 7 and not " + outer, macro + " and container.id = host"});
  Evaluator evaluator(rules);
  EXPECT_EQ(matches(evaluator, open_), "0 2 3");
  TestValues::set(kNumber, Value::integer(8));
  EXPECT_EQ(matches(evaluator, open_), "1");
  TestValues::set(kContainer, Value::text("host"));
  EXPECT_EQ(matches(evaluator, open_), "1 2");
  TestValues::set(kNumber, Value::integer(9));
  EXPECT_EQ(matches(evaluator, open_), "0 2 3 5");
}

struct ScopeRow {
  std::string_view condition;
  bool host, container;  // for openat
};

TEST(RuleSetScope, FollowsContainerId) {
  for (const ScopeRow& row : {
           ScopeRow{"evt.type = openat", true, true},
           ScopeRow{"evt.type = execve", false, false},
           ScopeRow{"container.id != host", false, true},
           ScopeRow{"container.id = host", true, false},
           ScopeRow{"not container.id = host", false, true},
           ScopeRow{"container.id in (host)", true, false},
           ScopeRow{"container.id in (host, abc)", true, true},
           ScopeRow{"container.id = abc", false, true},
           ScopeRow{"container.id startswith ho", true, true},
           ScopeRow{"proc.name = x and container.id != host", false, true},
           ScopeRow{"proc.name = x or container.id != host", true, true},
           ScopeRow{"evt.type = openat and container.id != host or evt.type = execve", false, true},
           ScopeRow{"tolower(container.id) = host", true, true},
           ScopeRow{"container.id = host and container.id != host", false, false},
       }) {
    SCOPED_TRACE(row.condition);
    const EventScope scope = rule_set({row.condition}).scope(event::kOpenat);
    EXPECT_EQ(scope.host, row.host);
    EXPECT_EQ(scope.container, row.container);
  }
  EXPECT_FALSE(rule_set({}).scope(event::kOpenat).host);
  EXPECT_FALSE(rule_set({"proc.name = x"}).scope(60'000).host);
}

}  // namespace
}  // namespace saker::rules
