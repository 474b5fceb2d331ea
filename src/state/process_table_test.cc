#include "state/process_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace saker::state {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kTick = 10'000'000;

event::ProcessId id(std::uint32_t tgid, std::uint64_t start_ns) { return {tgid, start_ns}; }

event::Event event_of(event::ProcessId process, event::ProcessId parent, std::uint64_t time_ns,
                      std::string_view comm) {
  event::Event event;
  event.time_ns = time_ns;
  event.task.process = process;
  event.task.parent = parent;
  event.task.comm = comm;
  event.body = event::File{};
  return event;
}

event::Event fork_of(event::ProcessId child, event::ProcessId parent, std::uint64_t time_ns) {
  event::Event event = event_of(child, parent, time_ns, "forked");
  event.body = event::Fork{parent};
  return event;
}

event::Event exec_of(event::ProcessId process, event::ProcessId parent, std::uint64_t time_ns,
                     std::string_view comm, std::string_view args) {
  event::Event event = event_of(process, parent, time_ns, comm);
  event::Exec exec;
  exec.args = {args, true, false};
  exec.exe = {"/bin/program", true, false};
  exec.cwd = {"/work", true, false};
  event.body = exec;
  return event;
}

event::Event exit_of(event::ProcessId process, event::ProcessId parent, std::uint64_t time_ns,
                     event::ProcessId reaper = {}) {
  event::Event event = event_of(process, parent, time_ns, "gone");
  event.body = event::Exit{0, reaper};
  return event;
}

ScannedProcess scanned(std::uint32_t tgid, std::uint64_t ticks, std::string comm,
                       event::ProcessId parent = {}) {
  ScannedProcess process;
  process.id = id(tgid, ticks * kTick);
  process.parent = parent;
  process.comm = std::move(comm);
  return process;
}

constexpr event::ProcessId kInit{1, 5};

TEST(ProcessTable, AForkInheritsAndAnExecReplaces) {
  ProcessTable table({});
  table.on(exec_of(id(10, 100), kInit, 1, "bash", std::string_view("-bash\0", 6)));
  const Process* child = table.on(fork_of(id(11, 200), id(10, 100), 2));
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(child->comm(), "forked");  // as the kernel names it
  EXPECT_EQ(child->exepath(), "/bin/program");
  EXPECT_EQ(child->cwd(), "/work");
  child = table.on(exec_of(id(11, 200), id(10, 100), 3, "ls", std::string_view("ls\0-l\0", 6)));
  EXPECT_EQ(child->comm(), "ls");
  EXPECT_EQ(child->args(), std::string("ls\0-l\0", 6));
  ASSERT_NE(table.parent_of(*child), nullptr);
  EXPECT_EQ(table.parent_of(*child)->comm(), "bash");
}

TEST(ProcessTable, TheFirstRecordCompletesAScannedKey) {
  ProcessTable table({});
  table.add_scanned(scanned(10, 123, "daemon"));
  const Process* process = table.on(event_of(id(10, 123 * kTick + 4'567), kInit, 1, "daemon"));
  EXPECT_EQ(process->comm(), "daemon");
  EXPECT_TRUE(process->exact_start);
  EXPECT_EQ(process->id.start_ns, 123 * kTick + 4'567);
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.stats().unknown, 0U);
}

TEST(ProcessTable, AScanNeverOverwritesWhatRecordsTold) {
  ProcessTable table({});
  table.on(exec_of(id(10, 123 * kTick + 1), kInit, 1, "new", ""));
  table.add_scanned(scanned(10, 123, "old"));
  EXPECT_EQ(table.find(id(10, 123 * kTick + 1))->comm(), "new");
}

TEST(ProcessTable, AReusedPidIsAnotherProcess) {
  ProcessTable table({});
  table.on(exec_of(id(10, 1 * kSecond), kInit, 1, "first", ""));
  table.on(exit_of(id(10, 1 * kSecond), kInit, 2));
  table.on(exec_of(id(10, 9 * kSecond), kInit, 3, "second", ""));
  EXPECT_EQ(table.find(id(10, 1 * kSecond))->comm(), "first");
  EXPECT_EQ(table.find(id(10, 9 * kSecond))->comm(), "second");
  EXPECT_EQ(table.find_pid(10)->comm(), "second");
}

TEST(ProcessTable, LateEventsOfTheDeadFindThem) {
  ProcessTable table({.dead_kept_ns = 2 * kSecond});
  table.on(exec_of(id(10, 100), kInit, 1, "short", ""));
  table.on(exit_of(id(10, 100), kInit, kSecond));
  table.purge(2 * kSecond);
  ASSERT_NE(table.find(id(10, 100)), nullptr);
  EXPECT_FALSE(table.find(id(10, 100))->alive);
  table.purge(3 * kSecond);
  EXPECT_EQ(table.find(id(10, 100)), nullptr);
}

TEST(ProcessTable, OrphansFollowTheReaper) {
  ProcessTable table({.dead_kept_ns = kSecond});
  table.on(exec_of(kInit, {}, 1, "init", ""));
  table.on(exec_of(id(20, 100), kInit, 1, "subreaper", ""));
  table.on(exec_of(id(21, 200), id(20, 100), 1, "middle", ""));
  table.on(exec_of(id(22, 300), id(21, 200), 1, "orphan", ""));
  table.on(exit_of(id(21, 200), id(20, 100), 2, id(20, 100)));
  table.purge(100 * kSecond);  // the middle one is long dead, but still the orphan's way up
  EXPECT_EQ(table.parent_of(*table.find(id(22, 300)))->comm(), "subreaper");
  table.purge(200 * kSecond);  // now nobody needs it
  EXPECT_EQ(table.find(id(21, 200)), nullptr);
  EXPECT_EQ(table.parent_of(*table.find(id(22, 300)))->comm(), "subreaper");
}

TEST(ProcessTable, TheKernelsWordOnTheParentRepairsTheLink) {
  ProcessTable table({});
  table.on(exec_of(kInit, {}, 1, "init", ""));
  table.on(exec_of(id(10, 100), kInit, 1, "parent", ""));
  table.on(exec_of(id(11, 200), id(10, 100), 1, "child", ""));
  table.on(event_of(id(11, 200), kInit, 5, "child"));  // its fork's and its parent's exit records were lost
  EXPECT_EQ(table.parent_of(*table.find(id(11, 200)))->comm(), "init");
}

TEST(ProcessTable, AnUnknownProcessIsAddedWithWhatIsKnown) {
  ProcessTable table({});
  const Process* process = table.on(event_of(id(10, 100), kInit, 1, "stranger"));
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(process->comm(), "stranger");
  EXPECT_EQ(process->exepath(), "");
  EXPECT_EQ(table.stats().unknown, 1U);
}

TEST(ProcessTable, AFullTableEvictsTheDeadAndRefusesOtherwise) {
  ProcessTable table({.processes_max = 3, .dead_kept_ns = 100 * kSecond});
  for (std::uint32_t pid = 10; pid < 13; ++pid) table.on(exec_of(id(pid, pid * kTick), {}, 1, "p", ""));
  EXPECT_EQ(table.on(exec_of(id(20, 20 * kTick), {}, 2, "late", "")), nullptr);
  EXPECT_EQ(table.stats().refused, 1U);
  table.on(exit_of(id(11, 11 * kTick), {}, 3));
  EXPECT_NE(table.on(exec_of(id(21, 21 * kTick), {}, 4, "later", "")), nullptr);
  EXPECT_EQ(table.stats().evicted, 1U);
  EXPECT_EQ(table.find(id(11, 11 * kTick)), nullptr);
  EXPECT_EQ(table.size(), 3U);
}

TEST(ProcessTable, ALostExitIsMadeGoodWhenThePidIsSeenAnew) {
  ProcessTable table({.dead_kept_ns = kSecond});
  for (std::uint64_t life = 1; life <= 1000; ++life) {
    table.on(exec_of(id(10, life * kSecond), {}, life * kSecond, "p", ""));
    table.purge(life * kSecond);
  }
  EXPECT_LE(table.size(), 3U);
  EXPECT_TRUE(table.find_pid(10)->alive);
  EXPECT_EQ(table.find_pid(10)->id.start_ns, 1000 * kSecond);
}

TEST(ProcessTable, AnEventOfAForgottenLifeDoesNotReviveIt) {
  ProcessTable table({.dead_kept_ns = kSecond});
  table.on(exec_of(id(10, 9 * kSecond), {}, 9 * kSecond, "second", ""));
  const Process* late = table.on(event_of(id(10, kSecond), {}, 9 * kSecond, "first"));
  ASSERT_NE(late, nullptr);
  EXPECT_EQ(late->comm(), "first");
  EXPECT_FALSE(late->alive);
  EXPECT_EQ(table.find_pid(10)->comm(), "second");
  table.purge(10 * kSecond);
  EXPECT_EQ(table.size(), 1U);
}

TEST(ProcessTable, TwoLivesInOneTickAreTwoProcesses) {
  ProcessTable table({.processes_max = 3, .dead_kept_ns = kSecond});
  table.on(exec_of(id(20, 5), {}, 1, "parent", ""));
  table.on(exec_of(id(10, kTick + 1), id(20, 5), 1, "first", ""));
  table.on(exit_of(id(10, kTick + 1), id(20, 5), 2));
  table.on(exec_of(id(10, kTick + 2), id(20, 5), 3, "second", ""));
  EXPECT_EQ(table.find(id(10, kTick + 1)), nullptr);
  EXPECT_EQ(table.find(id(10, kTick + 2))->comm(), "second");
  // What is left of the first makes no room, and holds no parent.
  table.on(exec_of(id(30, 3 * kTick), {}, 4, "third", ""));
  EXPECT_EQ(table.on(exec_of(id(31, 3 * kTick), {}, 5, "fourth", "")), nullptr);
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table.stats().evicted, 0U);
  table.on(exit_of(id(10, kTick + 2), id(20, 5), 6));
  table.on(exit_of(id(20, 5), {}, 6));
  table.purge(10 * kSecond);
  table.purge(20 * kSecond);
  EXPECT_EQ(table.find(id(20, 5)), nullptr);
}

TEST(ProcessTable, AParentLearntAfterItsChildIsHeldByTheOthers) {
  ProcessTable table({.dead_kept_ns = kSecond});
  table.on(exec_of(kInit, {}, 1, "init", ""));
  table.on(exec_of(id(21, 200), id(20, 100), 1, "early", ""));  // before anything is known of 20
  table.on(exec_of(id(20, 100), kInit, 1, "middle", ""));
  table.on(exec_of(id(22, 300), id(20, 100), 1, "orphan", ""));
  table.on(exit_of(id(21, 200), id(20, 100), 2));
  table.purge(10 * kSecond);
  table.on(exit_of(id(20, 100), kInit, 10 * kSecond, kInit));
  table.purge(20 * kSecond);
  ASSERT_NE(table.parent_of(*table.find(id(22, 300))), nullptr);
  EXPECT_EQ(table.parent_of(*table.find(id(22, 300)))->comm(), "init");
}

TEST(ProcessTable, AForkToldAfterTheChildsExecDoesNotUndoIt) {
  ProcessTable table({});
  table.on(exec_of(id(10, 100), kInit, 1, "bash", ""));
  table.on(exec_of(id(11, 200), id(10, 100), 8, "ls", ""));
  EXPECT_EQ(table.on(fork_of(id(11, 200), id(10, 100), 7))->comm(), "ls");
}

// Records lost and out of order, pids reused at once, a table that is too small: the bound holds, and when
// all have ended nothing is held by a count that does not add up.
TEST(ProcessTable, WhateverTheOrderTheTableIsBoundedAndDrains) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    std::minstd_rand random(seed + 1);
    ProcessTable table({.processes_max = 40, .dead_kept_ns = 50});
    const auto any = [&] {
      const auto tgid = static_cast<std::uint32_t>(1 + random() % 30);
      return id(tgid, (1 + random() % 4) * kTick + random() % 2);
    };
    std::uint64_t now = 1;
    for (int i = 0; i < 20'000; ++i, ++now) {
      const event::ProcessId process = any(), parent = any();
      switch (random() % 6) {
        case 0:
          table.on(fork_of(process, parent, now));
          break;
        case 1:
          table.on(exec_of(process, parent, now, "p", ""));
          break;
        case 2:
          table.on(event_of(process, parent, now, "p"));
          break;
        case 3:
          table.add_scanned(scanned(process.tgid, process.start_ns / kTick, "p", parent));
          break;
        case 4:
          table.purge(now);
          break;
        default:
          table.on(exit_of(process, {}, now, parent));
      }
      if (const Process* found = table.find(any())) table.parent_of(*found);
      ASSERT_LE(table.size(), 40U);
    }
    for (std::uint32_t pid = 1; pid <= 30; ++pid) {
      while (const Process* last = table.find_pid(pid)) {
        if (!last->alive) break;
        table.on(exit_of(last->id, {}, ++now));
      }
    }
    for (int i = 0; i < 50; ++i) table.purge(now += 100);
    EXPECT_EQ(table.size(), 0U) << seed;
  }
}

TEST(ProcessTable, AMillionShortLivesLeaveNothing) {
  ProcessTable table({});
  table.on(exec_of(kInit, {}, 1, "init", ""));
  std::size_t largest = 0;
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    const std::uint64_t now = i * 1'000'000;  // one a millisecond
    const event::ProcessId child = id(static_cast<std::uint32_t>(100 + i % 30'000), now + 1);
    table.on(fork_of(child, kInit, now));
    table.on(exec_of(child, kInit, now, "true", std::string_view("true\0", 5)));
    table.on(exit_of(child, kInit, now));
    if (i % 1000 == 0) table.purge(now);
    largest = std::max(largest, table.size());
  }
  EXPECT_LT(largest, 4'000U);  // those of the last two seconds, and a purge's distance
  table.purge(10'000 * kSecond);
  EXPECT_EQ(table.size(), 1U);
}

TEST(ProcessTable, ForksTakeLittle) {
  ProcessTable table({});
  const std::string args(1000, 'a');
  table.on(exec_of(id(10, 100), kInit, 1, "server", args));
  const std::size_t before = table.bytes();
  for (std::uint32_t pid = 11; pid < 1011; ++pid) table.on(fork_of(id(pid, pid * kTick), id(10, 100), 2));
  EXPECT_EQ(table.find_pid(1010)->args(), args);
  EXPECT_LT((table.bytes() - before) / 1000, 200U);
}

// In this order: details of programs, the dead, newcomers.
TEST(ProcessTable, TooManyBytesAreGivenUpInOrder) {
  ProcessTable table({.bytes_max = 100'000, .dead_kept_ns = 1000 * kSecond});
  const auto run = [&](std::uint32_t pid) {
    return table.on(
        exec_of(id(pid, pid * kTick), {}, pid, "p", std::to_string(pid) + std::string(1000, 'a')));
  };
  std::uint32_t pid = 10;
  while (table.stats().shortened == 0) ASSERT_NE(run(pid++), nullptr);
  EXPECT_GT(pid, 70U);
  EXPECT_EQ(table.find_pid(10)->args().size(), Programs::kArgsKept);
  EXPECT_GT(table.find_pid(pid - 1)->args().size(), 1000U);
  table.on(exit_of(id(20, 20 * kTick), {}, pid));
  while (table.stats().evicted == 0) ASSERT_NE(run(pid++), nullptr);
  EXPECT_EQ(table.find_pid(20), nullptr);
  const std::uint64_t alive = table.size();
  EXPECT_GT(alive, 150U);
  EXPECT_EQ(table.stats().refused, 0U);
  while (table.stats().refused == 0) run(pid++);
  EXPECT_LE(table.bytes(), 100'000U);
}

TEST(ProcessTable, NeitherDirectoriesNorEnvironmentsGrowWithoutBound) {
  ProcessTable table({.bytes_max = 150'000});
  for (std::uint32_t pid = 10; pid < 110; ++pid) {
    event::Event event = event_of(id(pid, pid * kTick), {}, 1, "p");
    const std::string path = "/" + std::to_string(pid) + std::string(3000, 'd');
    event::File file;
    file.cwd = {path, true, false};
    event.body = file;
    table.on(event);
    table.set_environment(id(pid, pid * kTick), "A=" + path);
    ASSERT_LE(table.bytes(), 150'000U);
  }
  EXPECT_EQ(table.size(), 100U);
  EXPECT_GT(table.stats().shortened, 100U);
}

}  // namespace
}  // namespace saker::state
