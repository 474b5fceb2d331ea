// The plan lets through what the rules match: random rules of the real fields against random events, and the
// official rules against events made for them. What is ruled out is checked too, or a plan that passes
// everything would do.
#include "rules/planner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fields/descriptor.h"
#include "fields/scene_for_tests.h"
#include "rules/condition_parser.h"
#include "rules/event_maker_for_tests.h"
#include "rules/plan_model_for_tests.h"
#include "rules/plan_report.h"
#include "rules/random_conditions_for_tests.h"

namespace saker::rules {
namespace {

std::shared_ptr<RuleSet> rule_set(const std::vector<std::string>& conditions) {
  std::vector<EnabledRule> rules;
  for (const std::string& condition : conditions) {
    const Parsed parsed = parse_condition(condition);
    EXPECT_TRUE(parsed.tree) << condition;
    CompileResult compiled = compile_condition(*parsed.tree, fields::syscall_catalogue());
    EXPECT_TRUE(compiled.condition) << condition << ": "
                                    << (compiled.problems.empty() ? "" : compiled.problems[0].message);
    EnabledRule rule;
    rule.rule.name = condition;
    rule.condition = std::move(compiled.condition);
    rule.event_types = std::move(compiled.event_types);
    rules.push_back(std::move(rule));
  }
  return std::make_shared<RuleSet>(std::move(rules), Matching::kAll);
}

bool every_type(event::TypeId) { return true; }

// Rules with their plan, in which events are judged by both.
struct Planned {
  explicit Planned(const std::vector<std::string>& conditions)
      : rules(rule_set(conditions)),
        plan(make_plan(*rules, every_type)),
        classes(*rules, plan),
        model(plan, classes),
        evaluator(*rules) {}

  const event::PlanProgram& program(std::string_view type) const {
    return plan.filter.programs[plan.filter.program_of[event::find_type(type).value()]];
  }

  std::shared_ptr<RuleSet> rules;
  Plan plan;
  ProcessClasses classes;
  PlanModel model;
  Evaluator evaluator;
};

constexpr std::size_t kEvents = 100;  // for each set of rules

// Judges random events by the plan and by the evaluator.
void expect_let_through(EventMaker& maker, const std::vector<std::string>& conditions,
                        std::initializer_list<std::string_view> told) {
  Planned planned(conditions);
  std::size_t matched = 0, passed = 0;
  for (std::size_t i = 0; i < kEvents; ++i) {
    maker.make();
    Arena arena;
    const auto matches = planned.evaluator.evaluate(maker.scene().subject, arena);
    const bool passes = planned.model.passes(maker.scene().subject, maker.parent(), arena);
    matched += matches.empty() ? 0 : 1;
    passed += passes ? 1 : 0;
    if (passes || matches.empty()) continue;
    std::string said = fmt::format("an event {} is matched by {}", event::type_name(maker.scene().event.type),
                                   conditions[matches[0].rule]);
    for (const auto name : told) said += fmt::format("; {} {}", name, maker.scene().read(name));
    RC_FAIL(said);
  }
  RC_TAG(passed == kEvents ? "all pass" : passed > matched ? "some more pass" : "exact");
}

RC_GTEST_PROP(Planner, LetsThroughWhatRulesMatch, (std::uint64_t seed)) {
  Random random(seed);
  std::vector<std::string> conditions;
  const std::size_t count = 1 + below(random, 8);
  for (std::size_t i = 0; i < count; ++i) {
    // As rules are: some calls, in few places, and what is special about them.
    std::string text = condition(random, 3);
    if (below(random, 8) != 0) text = event_types(random) + " and " + text;
    if (below(random, 2) != 0) text += " and " + name_check(random);
    if (below(random, 2) != 0)
      text += " and " + pick(random, {"container.id != host", "not proc.name = bash", "evt.res = SUCCESS"});
    conditions.push_back(std::move(text));
  }
  EventMaker maker(random);
  expect_let_through(maker, conditions,
                     {"fd.name", "fd.nameraw", "evt.res", "evt.arg.flags", "proc.name", "proc.pname",
                      "user.uid", "fd.typechar", "container.id"});
}

RC_GTEST_PROP(Planner, LetsThroughWhatRulesOnPathsMatch, (std::uint64_t seed)) {
  Random random(seed);
  const PathCalls& calls = pick_calls(random);
  const auto check = [&](Random&) { return path_check(random, calls); };
  std::vector<std::string> conditions;
  const std::size_t count = 1 + below(random, 4);
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = fmt::format("evt.type in ({})", fmt::join(calls.types, ", "));
    if (below(random, 4) == 0) text = "evt.type != mount";
    text += " and " + check(random);
    if (below(random, 3) != 0) text += " and " + condition(random, 2, check);
    if (below(random, 2) == 0) text += " and not " + condition(random, 1, check);
    conditions.push_back(std::move(text));
  }
  EventMaker maker(random);
  maker.of = EventMaker::Of::kCallsOnPaths;
  maker.path_calls = &calls;
  expect_let_through(maker, conditions,
                     {"evt.args", "fs.path.name", "fs.path.source", "fs.path.target", "proc.name",
                      "proc.pname", "user.uid", "container.id"});
}

// Who began a connection is learnt from other events, which the plan lets through for the sake of it.
// `called`: of the kinds whose role the plan sees to.
void rules_on_sockets(std::uint64_t seed, bool called) {
  Random random(seed);
  std::vector<std::string> conditions;
  const std::size_t count = 1 + below(random, 4);
  const auto check = [&] {
    std::string text = socket_check(random);
    // Whether an end is new depends on all that came before, as far as it was seen.
    while (called && text.find("changed") != std::string::npos) text = socket_check(random);
    return text;
  };
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = pick(random, {"evt.type = connect", "evt.type in (accept, accept4, listen)",
                                     "evt.type in (connect, sendto)", "evt.type in (write, dup)",
                                     "evt.type = recvfrom", "evt.type = bind", "evt.type != dup"});
    text += " and " + check() + " and " + (below(random, 2) == 0 ? check() : user_check(random));
    if (below(random, 2) == 0) text += " and (" + check() + " or not " + check() + ")";
    conditions.push_back(std::move(text));
  }
  Planned planned(conditions);
  EventMaker maker(random);
  maker.of = EventMaker::Of::kSocketCalls;
  state::Sockets all, passed;
  std::size_t ruled_out = 0;
  for (std::size_t i = 0; i < kEvents; ++i) {
    maker.make();
    fields::Subject& subject = maker.scene().subject;
    const std::string_view call = event::type_name(subject.event->type);
    if (called && (call == "recvfrom" || call == "bind")) continue;
    const auto judge = [&](state::Sockets& sockets) {
      Arena arena;
      subject.sockets = &sockets;
      subject.socket = nullptr;
      if (const event::Descriptor* socket = fields::main_descriptor_of(subject))
        subject.socket = sockets.on(*subject.event, *socket, fields::peer_address_of(*subject.event));
      std::string matched;
      for (const auto& match : planned.evaluator.evaluate(subject, arena))
        matched += "\n" + conditions[match.rule];
      return matched;
    };
    Arena arena;
    const bool passes = planned.model.passes(subject, maker.parent(), arena);
    ruled_out += passes ? 0 : 1;
    // What was sent is what is known, when this event is judged.
    state::Sockets before = passed;
    const std::string with_passed = judge(passes ? passed : before);
    const std::string with_all = called ? judge(all) : with_passed;
    if (with_all == with_passed && (passes || with_passed.empty())) continue;
    std::string said = fmt::format("{} that {}: with all events{}\nwith those that passed{}\n",
                                   event::type_name(subject.event->type), passes ? "passes" : "is ruled out",
                                   with_all, with_passed);
    for (const auto name :
         {"fd.name", "fd.type", "fd.l4proto", "fd.lport", "fd.rport", "user.uid", "user.loginuid", "evt.res"})
      said += fmt::format("; {} {}", name, maker.scene().read(name));
    RC_FAIL(said);
  }
  RC_TAG(ruled_out == 0 ? "all pass" : "some are ruled out");
}

RC_GTEST_PROP(Planner, LetsThroughWhatRulesOnSocketsMatch, (std::uint64_t seed)) {
  rules_on_sockets(seed, false);
}
RC_GTEST_PROP(Planner, LetsThroughWhoBeganAConnection, (std::uint64_t seed)) { rules_on_sockets(seed, true); }

// Rules whose terms outnumber the bits share them.
TEST(Planner, ManyRulesShareBits) {
  std::vector<std::string> conditions;
  for (int i = 0; i < 300; ++i)
    conditions.push_back(fmt::format("evt.type = openat and fd.name = /etc/file{}", i));
  const Planned planned(conditions);
  fields::Scene scene;
  for (int i = 0; i < 302; ++i) {
    const std::string name = fmt::format("/etc/file{}", i);
    scene.file().name = scene.file().resolved = fields::text_of(name);
    EXPECT_EQ(planned.model.passes(scene.subject, nullptr, scene.arena), i < 300) << name;
  }
}

struct Ruled {
  std::string_view condition;
  std::string_view name;
  bool passes;
};

TEST(Planner, RulesOut) {
  constexpr Ruled kRows[] = {
      {"evt.type = openat and fd.name = /etc/shadow", "/etc/shadow", true},
      {"evt.type = openat and fd.name = /etc/shadow", "/tmp/shadow", false},
      {"evt.type = openat and fd.name = /etc/shadow", "/etc/passwd", false},
      {"evt.type = openat and fd.name startswith /etc", "/etcetera", true},
      {"evt.type = openat and fd.name startswith /etc", "/usr/etc", false},
      {"evt.type = openat and fd.name endswith release_agent", "/x/release_agent", true},
      {"evt.type = openat and fd.name endswith release_agent", "/x/agents", false},
      {"evt.type = openat and fd.directory = /etc/pam.d", "/etc/pam.d/login", true},
      {"evt.type = openat and fd.directory = /etc/pam.d", "/etc/pam/login", false},
      {"evt.type = openat and not fd.name startswith /proc", "/proc/1/stat", false},
      {"evt.type = openat and not fd.name startswith /proc", "/pro", true},
      {"evt.type = openat and not fd.name in (/dev/null, /dev/tty)", "/dev/null", false},
      {"evt.type = openat and not fd.name in (/dev/null, /dev/tty)", "/dev/zero", true},
      {"evt.type = openat and fd.name pmatch (/etc, /usr)", "/etc", true},
      {"evt.type = openat and fd.name pmatch (/etc, /usr)", "/var/etc", false},
      {"evt.type = openat and fd.name glob '/home/*/.ssh/*'", "/home/a/.ssh/b", true},
      {"evt.type = openat and fd.name glob '/home/*/.ssh/*'", "/root/.ssh/b", false},
      {"evt.type = openat and (fd.name = /a or fd.directory = /b)", "/b/x", true},
      {"evt.type = openat and (fd.name = /a or fd.directory = /b)", "/x/a", false},
      {"evt.type = openat and fd.name = /x and proc.name = nginx", "/x", false},
      {"evt.type = openat and fd.name = /x and proc.name = python3", "/x", true},
      {"evt.type = openat and fd.name = /x and not proc.pname in (bash, sh)", "/x", false},
      {"evt.type = openat and fd.name = /x and proc.pname = bash", "/x", true},
      {"evt.type = openat and fd.name = /x and evt.is_open_write = true", "/x", false},
      {"evt.type = openat and fd.name = /x and container.id != host", "/x", false},
      {"evt.type = openat and fd.name = /x and evt.res = ENOENT", "/x", false},
      {"evt.type = openat and fd.name = /x and evt.wait_latency > 0", "/x", false},  // has never a value
      {"evt.type = openat and user.name = root and (user.name = ann or user.name != root)", "/x", true},
      {"evt.type = openat and fd.name = /x and user.uid = 1234", "/x", false},
      {"evt.type = openat and fd.name = /x and user.uid in (0, 1234)", "/x", false},
      {"evt.type = openat and fd.name = /x and user.uid >= 1000", "/x", true},
      {"evt.type = openat and fd.name = /x and user.loginuid = 1000", "/x", false},
      {"evt.type = openat and fd.name = /x and user.loginuid < 0", "/x", true},
      {"evt.type = openat and user.name = root and not user.uid = 3 and user.name != root", "/x", false},
  };
  for (const auto& [text, name, passes] : kRows) {
    SCOPED_TRACE(fmt::format("{} on {}", text, name));
    const Planned planned({std::string(text)});
    fields::Scene scene;
    scene.file().name = scene.file().resolved = fields::text_of(name);
    scene.file().flags = event::kOpenRead;
    EXPECT_EQ(
        planned.model.passes(scene.subject, scene.processes.parent_of(*scene.subject.process), scene.arena),
        passes);
  }
}

// Who acts is asked after the names only where a name that no rule looks for needs no such question.
TEST(Planner, AsksForNamesFirstWhereTheyDecide) {
  const std::string named = "evt.type = openat and fd.name = /etc/shadow and proc.name != sshd";
  const auto asked = [](const std::vector<std::string>& conditions) {
    const Planned planned(conditions);
    return plan_json(*planned.rules, planned.plan)[0]["dimensions"].get<std::vector<std::string>>();
  };
  EXPECT_EQ(asked({named}), (std::vector<std::string>{"name", "process", "path"}));
  EXPECT_EQ(asked({named, "evt.type = openat and proc.name = nginx"}),
            (std::vector<std::string>{"process", "name", "path"}));
}

TEST(Planner, RulesOutCallsByTheirPaths) {
  struct Row {
    std::string_view condition, call, first, second;
    bool passes;
    std::int64_t result = 0;
  };
  constexpr std::string_view kHistory =
      "(evt.arg.name endswith ash_history or evt.arg.oldpath endswith ash_history or evt.arg.path endswith "
      "ash_history or evt.arg.oldpath contains fish_read_history)";
  constexpr std::string_view kEither =
      "(evt.arg.oldpath startswith /bin/ or evt.arg.newpath startswith /bin/)";
  constexpr Row kRows[] = {
      {"evt.arg.path = /etc/shadow", "unlink", "/etc/shadow", "", true},
      {"evt.arg.path = /etc/shadow", "unlink", "/tmp/shadow", "", false},
      {"evt.arg.path = /etc/shadow", "unlink", "shadow", "", false},  // below /root
      {"evt.arg.path = /root/shadow", "unlink", "shadow", "", true},
      {"evt.arg.path = /root/shadow", "unlink", "x", "", false},
      {"evt.arg.path = /etc/shadow", "unlink", "../etc/shadow", "", true},  // not judged
      {"evt.arg.name = /etc/shadow", "unlink", "/etc/shadow", "", false},   // which has no such argument
      {"fs.path.name = /etc/shadow", "unlink", "/etc/shadow", "", true},
      {"fs.path.name = /etc/shadow", "unlink", "/etc/passwd", "", false},
      {"fs.path.name = /etc/shadow", "unlink", "/etc/shadow", "", false, -2},
      {"not fs.path.name = /etc/shadow", "unlink", "/etc/shadow", "", true, -2},
      {"not fs.path.name startswith /etc", "unlink", "/etc/shadow", "", true},
      {"not evt.arg.path startswith /etc", "unlink", "/etc/shadow", "", false},
      {"fs.path.source = /x", "unlink", "/x", "", false},
      {kHistory, "rename", "/root/.bash_history", "/tmp/x", true},
      {kHistory, "rename", "/root/.bash_histories", "/tmp/x", false},
      {kHistory, "rename", "/tmp/a", "/root/.bash_history", false},
      {kHistory, "rename", "/tmp/fish_read_history.1", "/tmp/x", true},
      {kHistory, "rename", "/tmp/fish_history.1", "/tmp/x", false},
      {kHistory, "unlink", "/root/.ash_history", "", true},
      {kHistory, "unlink", "/x", "", false},
      {kEither, "rename", "/bin/a", "/tmp/a", true},
      {kEither, "rename", "/tmp/a", "/bin/a", true},
      {kEither, "rename", "/tmp/a", "/binary/a", false},
      {"evt.arg.newpath contains '/.'", "rename", "/tmp/.a", "/tmp/a", false},
      {"evt.arg.newpath contains '/.'", "rename", "/tmp/a", "/tmp/.a", true},
      {"evt.arg.newpath pmatch (/etc/apt, /etc/yum)", "rename", "/a", "/etc/apt/x", true},
      {"evt.arg.newpath pmatch (/etc/apt, /etc/yum)", "rename", "/a", "/etc/ap", false},
      {"evt.arg.target in (/etc/shadow, /etc/sudoers)", "symlink", "/etc/sudoers", "x", true},
      {"evt.arg.target in (/etc/shadow, /etc/sudoers)", "symlink", "libx.so.1", "x", false},
      {"evt.arg.target in (/etc/shadow, /etc/sudoers)", "symlink", "../sudoer", "x", false},
      {"evt.arg.target pmatch (/etc)", "symlink", "etc/x", "x", true},  // takes it for a path
      {"evt.arg.target = x", "symlink", "x", "x", true},
      {"evt.arg.mode contains S_ISUID or evt.arg.mode contains S_ISGID", "chmod", "/x", "", false},
      {"evt.arg.mode contains S_ISUID or evt.arg.mode contains S_IXUSR", "chmod", "/x", "", true},
  };
  for (const auto& [text, call, first, second, passes, result] : kRows) {
    SCOPED_TRACE(fmt::format("{} on {} {} {}", text, call, first, second));
    const Planned planned({fmt::format("evt.type = {} and ({})", call, text)});
    fields::Scene scene;
    scene.event.type = event::find_type(call).value();
    event::Call made;
    made.result = result;
    made.cwd = fields::text_of("/root");
    made.arguments[1] = 0755;
    made.texts[0] = fields::text_of(first);
    if (!second.empty()) made.texts[1] = fields::text_of(second);
    scene.event.body = made;
    EXPECT_EQ(planned.model.passes(scene.subject, nullptr, scene.arena), passes);
  }
}

TEST(Planner, TheFirstPartOfAPathRulesOutWhatNoPathBelowItMeets) {
  struct Row {
    const char *condition, *top;
    bool met;
  };
  constexpr Row kRows[] = {
      {"fd.name startswith /home/", "home", true},
      {"fd.name startswith /home/", "etc", false},
      {"fd.name startswith /home/", "homes", false},
      {"fd.name startswith /dev", "dev", true},
      {"fd.name startswith /dev", "devices", true},
      {"fd.name startswith /dev/sd", "devices", false},
      {"fd.name startswith /dev/sd or fd.name startswith /d", "devices", true},
      {"fd.name glob '/home/*/.ssh/*'", "home", true},
      {"fd.name glob '/home/*/.ssh/*'", "root", false},
      {"fd.name glob '/*/.ssh/*'", "root", true},
      {"fd.name pmatch (/usr/lib, /opt/x)", "usr", true},
      {"fd.name pmatch (/usr/lib, /opt/x)", "opt", true},
      {"fd.name pmatch (/usr/lib, /opt/x)", "var", false},
      {"fd.name = /vmlinuz", "vmlinuz", true},
      {"fd.name = /vmlinuz", "boot", false},
      {"fd.name contains shadow", "etc", true},
      {"not fd.name startswith /proc/", "proc", true},  // /proc itself
      {"not fd.name startswith /proc/", "etc", true},
  };
  for (const auto& [condition, top, met] : kRows) {
    SCOPED_TRACE(fmt::format("{} below {}", condition, top));
    const Planned planned({fmt::format("evt.type = openat and ({})", condition)});
    const event::PlanProgram& program = planned.program("openat");
    event::PlanTerms terms = program.tables.top.other;
    for (const event::PlanText& text : program.texts) {
      if (text.part == SAKER_PLAN_PART_TOP && text.text == top) terms = text.terms;
    }
    EXPECT_EQ((terms & program.tables.all) != 0, met);
  }
}

}  // namespace
}  // namespace saker::rules
