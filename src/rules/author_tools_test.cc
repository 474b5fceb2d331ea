// Explain, test and lint, on small rule files.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "rules/explanation.h"
#include "rules/lint.h"
#include "rules/rule_tests.h"

namespace saker::rules {
namespace {

LoadResult load(const std::string& text, Matching matching = Matching::kAll) {
  LoadOptions options;
  options.keep_details = true;
  options.matching = matching;
  LoadResult loaded = load_rules({{"rules.yaml", text}}, fields::syscall_catalogue(), options);
  EXPECT_NE(loaded.rules, nullptr) << text_report(loaded.reports);
  return loaded;
}

std::string rule(const std::string& name, const std::string& condition) {
  return "- rule: " + name + "\n  desc: d\n  condition: " + condition +
         "\n  output: o %proc.name\n  priority: ERROR\n";
}

constexpr const char* kMacro = "- macro: shells\n  condition: proc.name in (sh, bash)\n";

TEST(Explain, ShowsValuesMacrosAndWhatDecided) {
  const auto loaded = load(
      kMacro + rule("R", "evt.type = execve and shells and (proc.pname = sshd or not user.name = root)"));
  const auto read =
      read_event({"e", "evt.type: execve\nproc.name: sh\nuser.name: root\n"}, fields::syscall_catalogue());
  ASSERT_NE(read.event, nullptr);
  const Explanation made = explain(loaded.details[0], read.event->subject(), fields::syscall_catalogue());
  EXPECT_EQ(text_of(made),
            "* false and\n"
            "  true    evt.type = execve    <- \"execve\"\n"
            "  true    [shells] proc.name in (sh, bash)    <- \"sh\"\n"
            "* false   or\n"
            "* false     proc.pname = sshd    <- missing\n"
            "* false     not\n"
            "* true        user.name = root    <- \"root\"\n");
  const nlohmann::json json = json_of(made);
  EXPECT_EQ(json["holds"], false);
  EXPECT_EQ(json["terms"][1]["macro"], "shells");
  EXPECT_TRUE(json["terms"][2]["terms"][0]["value"].is_null());
}

TEST(Explain, AgreesWithTheVerdict) {
  const std::string official = SAKER_SHARED_DIR "/data/rules";
  if (!std::filesystem::exists(official)) GTEST_SKIP() << "no official rules here";
  LoadOptions options;
  options.keep_details = true;
  options.matching = Matching::kAll;
  const auto loaded = load_rules(read_rule_files({official})->files, fields::syscall_catalogue(), options);
  ASSERT_NE(loaded.rules, nullptr);
  const char* events[] = {
      "evt.type: openat\nfd.name: /etc/shadow\nevt.arg.flags: O_RDONLY\nproc.name: cat\nproc.pname: bash\n",
      "evt.type: execve\nproc.name: nc\nproc.args: -e /bin/sh\ncontainer.id: abc\n",
      "evt.type: execve\nproc.name: bash\nproc.tty: 34816\ncontainer.id: abc\nproc.pname: runc\nproc.vpid: "
      "1\n",
      "evt.type: symlink\nevt.arg.target: /etc\n",
      "evt.type: ptrace\nevt.arg.request: PTRACE_ATTACH\nproc.name: x\n",
  };
  std::size_t matched = 0;
  for (const char* text : events) {
    const auto read = read_event({"e", text}, fields::syscall_catalogue());
    ASSERT_NE(read.event, nullptr) << text_report({read.report});
    std::set<std::string> verdict, explained;
    Arena arena;
    Evaluator evaluator(*loaded.rules);
    for (const auto& match : evaluator.evaluate(read.event->subject(), arena))
      verdict.insert(loaded.rules->rules()[match.rule].rule.name);
    for (std::size_t i = 0; i < loaded.all_rules.size(); ++i) {
      if (!loaded.all_rules[i].enabled) continue;
      if (explain(loaded.details[i], read.event->subject(), fields::syscall_catalogue()).holds)
        explained.insert(loaded.all_rules[i].name);
    }
    EXPECT_EQ(verdict, explained) << text;
    matched += verdict.size();
  }
  EXPECT_GE(matched, 5U);
}

RuleTestsRead tests(const std::string& text) {
  return read_rule_tests({"tests.yaml", text}, fields::syscall_catalogue());
}

TEST(RuleTests, PassAndFail) {
  const auto loaded = load(rule("Shell", "evt.type = execve and proc.name = sh") +
                           rule("Any", "evt.type = execve and proc.name exists"));
  const auto read = tests(
      "defaults: {evt.type: execve}\n"
      "tests:\n"
      "  - {name: both, event: {proc.name: sh}, expect: [Shell, Any], output: o sh}\n"
      "  - {name: one, event: {proc.name: cat}, expect: [Any]}\n"
      "  - {name: several, events: [{proc.name: cat}, {proc.name: sh}], expect: [Any, Shell]}\n"
      "  - {name: missed, event: {proc.name: cat}, expect: [Any, Shell]}\n"
      "  - {name: surplus, event: {proc.name: sh}, expect: [Any]}\n"
      "  - {name: none, event: {evt.type: openat, proc.name: sh}, expect: []}\n"
      "  - {name: other words, event: {proc.name: sh}, expect: [Any, Shell], output: o dash}\n");
  ASSERT_TRUE(read.report.ok()) << text_report({read.report});
  std::vector<bool> passed;
  for (const RuleTest& test : read.file.tests) passed.push_back(run_rule_test(test, *loaded.rules).passed);
  EXPECT_EQ(passed, (std::vector<bool>{true, true, true, false, false, true, false}));
  EXPECT_EQ(run_rule_test(read.file.tests[3], *loaded.rules).missed, std::vector<std::string>{"Shell"});
  EXPECT_EQ(run_rule_test(read.file.tests[4], *loaded.rules).surplus, std::vector<std::string>{"Shell"});
}

TEST(RuleTests, BadFilesAreRefusedWithTheirPlace) {
  struct Row {
    std::string text;
    std::uint32_t line;
    std::string_view message;
  };
  const Row rows[] = {
      {"tests: 5\n", 1, "a list of tests"},
      {"test: []\n", 1, "unknown key 'test'"},
      {"tests:\n  - {name: a, event: {evt.type: open}, expected: []}\n", 2, "unknown key 'expected'"},
      {"tests:\n  - {name: a, event: {evt.type: open}}\n", 2, "which rules it expects"},
      {"tests:\n  - {name: a, expect: []}\n", 2, "no event"},
      {"tests:\n  - {event: {evt.type: open}, expect: []}\n", 2, "no name"},
      {"tests:\n  - {name: a, event: {proc.naem: b}, expect: []}\n", 2, "proc.naem"},
      {"tests: [\n", 0, ""},
  };
  for (const Row& row : rows) {
    const auto read = tests(row.text);
    ASSERT_FALSE(read.report.ok()) << row.text;
    const Diagnostic& found = read.report.diagnostics[0];
    if (row.line != 0) {
      EXPECT_EQ(found.line, row.line) << row.text;
    }
    EXPECT_NE(found.message.find(row.message), std::string::npos) << found.message;
  }
}

std::set<std::string> codes(const std::string& text, Matching matching = Matching::kAll) {
  std::set<std::string> found;
  for (const LintFinding& finding : lint(load(text, matching), matching, fields::syscall_catalogue()))
    found.insert(finding.code);
  return found;
}

TEST(Lint, FindsEachKind) {
  struct Row {
    std::string text;
    std::set<std::string> codes;
  };
  const std::string open = "evt.type = open and ";
  const Row rows[] = {
      {rule("Good", open + "proc.name in (a, b) and proc.name != a"), {}},
      {rule("Two names", open + "proc.name = a and proc.name = b"), {"never-true"}},
      {rule("Two lists", open + "proc.name in (a, b) and (proc.pname = x and proc.name in (c, d))"),
       {"never-true"}},
      {rule("In one branch", open + "(proc.pname = x or (proc.name = a and proc.name = b))"), {"never-true"}},
      {rule("Any ancestor", open + "proc.aname = a and proc.aname = b"), {}},
      {rule("Two paths of a file", open + "fd.filename = a and fd.filename = b"), {"never-true"}},
      {rule("No such type", "evt.type = open and evt.type = openat"), {"never-true"}},
      {kMacro + rule("Good", open + "proc.name = a"), {"unused"}},
      {rule("All types", "proc.name = a"), {"no-event-type"}},
      {rule("Regex", open + "proc.name regex 'a[0-9]+'"), {"expensive"}},
      {rule("Args", open + "evt.args contains x"), {"expensive"}},
      {rule("Glob", open + "fd.name glob '*.pem'"), {"expensive"}},
      {rule("Retired", open + "k8s.rc.name = a"), {"not-brought", "deprecated"}},
      {rule("Repeated", open + "proc.name in (a, b, a)"), {"repeated-item"}},
  };
  for (const Row& row : rows) EXPECT_EQ(codes(row.text), row.codes) << row.text;
}

TEST(Lint, ARuleBehindAWiderOne) {
  const std::string wide = rule("Wide", "evt.type = open and proc.name = a");
  const std::string narrow = rule("Narrow", "evt.type = open and user.name = b and proc.name = a");
  EXPECT_EQ(codes(wide + narrow, Matching::kFirst), std::set<std::string>{"unreachable"});
  EXPECT_EQ(codes(narrow + wide, Matching::kFirst), std::set<std::string>{});
  EXPECT_EQ(codes(wide + narrow, Matching::kAll), std::set<std::string>{});
}

TEST(Lint, CodesAreDocumented) {
  std::set<std::string_view> known;
  for (const LintCode& code : lint_codes()) known.insert(code.code);
  for (const char* code : {"never-true", "unreachable", "unused", "expensive", "no-event-type"})
    EXPECT_TRUE(known.contains(code)) << code;
}

TEST(Lint, TheOfficialRulesCanAllBeTrue) {
  const std::string official = SAKER_SHARED_DIR "/data/rules";
  if (!std::filesystem::exists(official)) GTEST_SKIP() << "no official rules here";
  LoadOptions options;
  options.keep_details = true;
  const auto loaded = load_rules(read_rule_files({official})->files, fields::syscall_catalogue(), options);
  ASSERT_NE(loaded.rules, nullptr);
  for (const LintFinding& finding : lint(loaded, Matching::kFirst, fields::syscall_catalogue()))
    EXPECT_NE(finding.code, "never-true") << finding.item << ": " << finding.message;
}

}  // namespace
}  // namespace saker::rules
