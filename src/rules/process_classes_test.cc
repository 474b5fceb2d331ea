#include "rules/process_classes.h"

#include <gtest/gtest.h>

#include "fields/scene_for_tests.h"
#include "rules/condition_parser.h"

namespace saker::rules {
namespace {

TEST(ProcessClasses, AProgramUnderANameIsLookedAtOnce) {
  const Parsed parsed = parse_condition("evt.type = openat and fd.name = /x and proc.name = python3");
  ASSERT_TRUE(parsed.tree);
  CompileResult compiled = compile_condition(*parsed.tree, fields::syscall_catalogue());
  std::vector<EnabledRule> all(1);
  all[0].condition = std::move(compiled.condition);
  all[0].event_types = std::move(compiled.event_types);
  const RuleSet rules(std::move(all), Matching::kAll);
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

}  // namespace
}  // namespace saker::rules
