#include "app/held_events.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "wire/records.h"

namespace saker::app {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

class HeldEventsTest : public testing::Test {
 protected:
  HeldEventsTest() {
    for (state::Container* container : {&a_, &b_}) {
      container->info_pending = true;
      container->wait_until_ns = 10 * kSecond;
    }
    add(1, 0, "init");
    add(7, 1, "sh");
  }

  void add(std::uint32_t pid, std::uint32_t parent, const char* comm) {
    state::ScannedProcess process;
    process.id = {pid, pid * kSecond};
    process.parent = {parent, parent * kSecond};
    process.comm = comm;
    processes_.add_scanned(process);
  }

  bool hold(HeldEvents& held, state::Container& container, std::uint64_t number,
            std::uint64_t now_ns = kSecond) {
    event::Event event;
    event.number = number;
    fields::Subject subject;
    subject.event = &event;
    subject.container = &container;
    subject.processes = &processes_;
    subject.process = processes_.find_pid(7);
    const std::byte record[16] = {};
    return held.hold(record, subject, container, now_ns);
  }

  static std::string numbers(const std::deque<HeldEvents::Held>& held) {
    std::string text;
    for (const auto& one : held) text += std::to_string(one.number) + " ";
    return text;
  }

  state::Container a_, b_;
  state::ProcessTable processes_{{}};
};

TEST_F(HeldEventsTest, EachContainerGoesOnByItself) {
  HeldEvents held({});
  EXPECT_TRUE(hold(held, a_, 1));
  EXPECT_TRUE(hold(held, b_, 2));
  EXPECT_TRUE(hold(held, a_, 3));
  EXPECT_EQ(numbers(held.release(kSecond)), "");
  EXPECT_EQ(held.next_end_ns(), 10 * kSecond);
  a_.info_pending = false;
  EXPECT_TRUE(hold(held, a_, 4)) << "behind the others";
  EXPECT_EQ(numbers(held.release(kSecond)), "1 3 4 ");
  EXPECT_FALSE(hold(held, a_, 5)) << "nothing to wait for";
  EXPECT_EQ(held.stats().timed_out, 0U);
  EXPECT_EQ(numbers(held.release(10 * kSecond)), "2 ");
  EXPECT_EQ(held.stats().timed_out, 1U);
  EXPECT_FALSE(hold(held, b_, 6, 10 * kSecond)) << "it has waited long enough";
  EXPECT_TRUE(held.empty());
  EXPECT_EQ(a_.held + b_.held, 0U);
}

TEST_F(HeldEventsTest, Bounded) {
  HeldEvents few({.events_max = 2, .bytes_max = 1 << 20});
  EXPECT_TRUE(hold(few, a_, 1));
  EXPECT_TRUE(hold(few, a_, 2));
  EXPECT_FALSE(hold(few, a_, 3));
  EXPECT_EQ(few.stats().no_room, 1U);
  EXPECT_EQ(numbers(few.release(kSecond, &a_)), "1 2 ") << "what is judged now must not overtake them";
  HeldEvents small({.events_max = 100, .bytes_max = 8});
  EXPECT_FALSE(hold(small, a_, 1));
}

TEST_F(HeldEventsTest, TheProcessIsToldAsItWas) {
  HeldEvents held({});
  ASSERT_TRUE(hold(held, a_, 1));
  ASSERT_TRUE(hold(held, a_, 2));
  event::Event exec;
  exec.task.process = {7, 7 * kSecond};
  exec.task.parent = {1, kSecond};
  exec.task.comm = "later";
  exec.time_ns = 9 * kSecond;
  exec.body = event::Exec{};
  processes_.on(exec);
  ASSERT_TRUE(hold(held, a_, 3));
  auto events = held.release_all();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].lineage, events[1].lineage) << "shared by events that saw the same";
  EXPECT_EQ(events[0].lineage->find(events[0].process)->comm(), "sh");
  EXPECT_EQ(events[2].lineage->find(events[2].process)->comm(), "later");
  const state::Process* parent = events[0].lineage->parent_of(*events[0].lineage->find(events[0].process));
  ASSERT_NE(parent, nullptr);
  EXPECT_EQ(parent->comm(), "init");
  // Others are looked for where they are.
  add(9, 1, "other");
  ASSERT_NE(events[0].lineage->find_pid(9), nullptr);
}

}  // namespace
}  // namespace saker::app
