#include "rules/process_classes.h"

#include <gtest/gtest.h>

#include "fields/scene_for_tests.h"
#include "rules/condition_parser.h"

namespace saker::rules {
namespace {

RuleSet rule_on(const std::string& condition) {
  const Parsed parsed = parse_condition(condition);
  EXPECT_TRUE(parsed.tree);
  CompileResult compiled = compile_condition(*parsed.tree, fields::syscall_catalogue());
  EXPECT_TRUE(compiled.condition);
  std::vector<EnabledRule> rules(1);
  rules[0].condition = std::move(compiled.condition);
  rules[0].event_types = std::move(compiled.event_types);
  return RuleSet(std::move(rules), Matching::kAll);
}

TEST(ProcessClasses, AProgramUnderANameIsLookedAtOnce) {
  const RuleSet rules = rule_on("evt.type = openat and fd.name = /x and proc.name = python3");
  const Plan plan = make_plan(rules, [](event::TypeId) { return true; });
  ProcessClasses classes(rules, plan);
  ASSERT_TRUE(classes.needed());

  fields::Scene scene;
  const auto classify = [&](std::uint32_t pid) {
    scene.subject.process = scene.processes.find_pid(pid);
    return classes.classify(scene.subject, scene.arena);
  };
  const ProcessClasses::Found python = classify(22), bash = classify(21);
  EXPECT_TRUE(python.is_new);
  EXPECT_TRUE(bash.is_new);
  EXPECT_NE(python.number, bash.number);

  // Children run what their creator runs; one has another name.
  const auto fork = [&](std::uint32_t pid, std::string_view comm) {
    event::Event event;
    event.task.process = fields::Scene::id(pid);
    event.task.parent = fields::Scene::id(22);
    event.task.comm = comm;
    event.body = event::Fork{fields::Scene::id(22)};
    scene.processes.on(event);
  };
  fork(31, "python3");
  fork(32, "renamed");
  EXPECT_EQ(scene.processes.find_pid(32)->program, scene.processes.find_pid(22)->program);
  EXPECT_EQ(classify(31).number, python.number);
  EXPECT_EQ(classify(32).number, bash.number);
  EXPECT_EQ(classify(32).number, bash.number);
  EXPECT_FALSE(classify(22).is_new);
  EXPECT_EQ(classes.size(), 2U);
}

TEST(ProcessClasses, ANameAloneDecidesWhatItCan) {
  struct Row {
    std::string_view check;
    bool decided;  // by the name
    event::PlanTerms python, bash;
  };
  // What a term's bit is not set for is ruled out.
  constexpr Row kRows[] = {
      {"proc.name = python3", true, 1, 0},
      {"not proc.name in (python3, perl)", true, 0, 1},
      {"proc.name startswith py", true, 1, 0},
      {"proc.exepath startswith /opt", false, 1, 1},
      {"proc.name = python3 and proc.exepath startswith /opt", true, 1, 0},
      {"(proc.name = bash or proc.args contains secret)", true, 1, 1},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.check);
    const RuleSet rules = rule_on("evt.type = openat and fd.name = /x and " + std::string(row.check));
    const Plan plan = make_plan(rules, [](event::TypeId) { return true; });
    ProcessClasses classes(rules, plan);
    const std::uint8_t program = plan.filter.program_of[event::kOpenat];
    fields::Scene scene;
    for (const auto& [pid, terms] : {std::pair(22U, row.python), std::pair(21U, row.bash)}) {
      scene.subject.process = scene.processes.find_pid(pid);
      const ProcessClasses::Found found = classes.classify_name(scene.subject, scene.arena);
      EXPECT_EQ(found.number != 0, row.decided);
      if (found.number == 0) continue;
      EXPECT_EQ(classes.terms(found.number)[program].process & 1U, terms);
    }
  }
}

}  // namespace
}  // namespace saker::rules
