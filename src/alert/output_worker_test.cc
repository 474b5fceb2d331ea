#include "alert/outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace saker::alert {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

// What a fake receiver is told to do, and what it got. Shared between the test and the worker's thread.
struct Receiver {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> got;
  bool stuck = false;      // write() does not come back
  bool entered = false;    // a write() has begun
  std::uint32_t fail = 0;  // so many tries fail first
  bool cancelled = false;
  std::uint32_t reopened = 0;

  void set_stuck(bool value) {
    const std::lock_guard lock(mutex);
    stuck = value;
    changed.notify_all();
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), condition);
  }
};

class FakeOutput final : public Output {
 public:
  explicit FakeOutput(std::shared_ptr<Receiver> receiver) : receiver_(std::move(receiver)) {}
  Delivery write(const Message& message) override {
    std::unique_lock lock(receiver_->mutex);
    receiver_->entered = true;
    receiver_->changed.notify_all();
    receiver_->changed.wait(lock, [this] { return !receiver_->stuck || receiver_->cancelled; });
    if (receiver_->cancelled) return Delivery::retry("cancelled");
    if (receiver_->fail > 0) {
      --receiver_->fail;
      return Delivery::retry("busy");
    }
    receiver_->got.push_back(message.line);
    receiver_->changed.notify_all();
    return Delivery::done();
  }
  void reopen() override {
    const std::lock_guard lock(receiver_->mutex);
    ++receiver_->reopened;
    receiver_->changed.notify_all();
  }
  void cancel() override {
    const std::lock_guard lock(receiver_->mutex);
    receiver_->cancelled = true;
    receiver_->changed.notify_all();
  }

 private:
  std::shared_ptr<Receiver> receiver_;
};

Channel channel(std::string name, std::shared_ptr<Receiver> receiver, QueueLimits limits = {}) {
  return {.name = std::move(name),
          .settings = "same",
          .limits = limits,
          .retry = {.first_ns = 1000, .max_ns = 1'000'000},
          .make = [receiver]() -> Result<std::unique_ptr<Output>> {
            return std::make_unique<FakeOutput>(receiver);
          }};
}

MessagePtr message(std::string line) { return std::make_shared<Message>(Message{.line = std::move(line)}); }

TEST(OutputWorker, EverythingArrivesInOrderBeforeItStops) {
  const auto receiver = std::make_shared<Receiver>();
  const auto outputs = Outputs::make({channel("a", receiver)}, nullptr);
  ASSERT_TRUE(outputs);
  std::vector<std::string> sent;
  for (int i = 0; i < 1000; ++i) {
    sent.push_back(std::to_string(i));
    (*outputs)->publish(message(sent.back()));
  }
  EXPECT_TRUE((*outputs)->stop(20 * kSecond));
  EXPECT_EQ(receiver->got, sent);
  const OutputStats stats = (*outputs)->workers()[0]->stats();
  EXPECT_EQ(stats.delivered, 1000U);
  EXPECT_EQ(stats.queued, 0U);
  EXPECT_EQ(stats.queued_bytes, 0U);
}

TEST(OutputWorker, AStuckOutputHoldsUpNeitherThePublisherNorAnother) {
  const auto stuck = std::make_shared<Receiver>(), free = std::make_shared<Receiver>();
  stuck->set_stuck(true);
  const auto outputs =
      Outputs::make({channel("stuck", stuck, {.messages_max = 3}), channel("free", free)}, nullptr);
  ASSERT_TRUE(outputs);
  for (int i = 0; i < 10; ++i) (*outputs)->publish(message(std::to_string(i)));
  EXPECT_TRUE(free->wait([&] { return free->got.size() == 10; }));
  EXPECT_TRUE(stuck->wait([&] { return stuck->entered; }));
  const OutputStats stats = (*outputs)->workers()[0]->stats();
  EXPECT_EQ(stats.queued, 3U);
  EXPECT_EQ(stats.dropped, 7U);
  stuck->set_stuck(false);
  EXPECT_TRUE((*outputs)->stop(20 * kSecond));
  EXPECT_EQ(stuck->got, (std::vector<std::string>{"0", "1", "2"}));
}

TEST(OutputWorker, TheQueueIsBoundedInBytes) {
  const auto stuck = std::make_shared<Receiver>();
  stuck->set_stuck(true);
  const auto outputs = Outputs::make({channel("stuck", stuck, {.bytes_max = 100'000})}, nullptr);
  ASSERT_TRUE(outputs);
  for (int i = 0; i < 100; ++i) (*outputs)->publish(message(std::string(10'000, 'x')));
  const OutputStats stats = (*outputs)->workers()[0]->stats();
  EXPECT_LE(stats.queued_bytes, 100'000U);
  EXPECT_EQ(stats.queued + stats.dropped, 100U);
  EXPECT_GE(stats.queued, 9U);
  stuck->set_stuck(false);
  EXPECT_TRUE((*outputs)->stop(20 * kSecond));
}

TEST(OutputWorker, AFailedMessageIsTriedAgainBeforeTheNext) {
  const auto receiver = std::make_shared<Receiver>();
  receiver->fail = 5;
  const auto outputs = Outputs::make({channel("a", receiver)}, nullptr);
  ASSERT_TRUE(outputs);
  (*outputs)->publish(message("one"));
  (*outputs)->publish(message("two"));
  EXPECT_TRUE(receiver->wait([&] { return receiver->got.size() == 2; }));
  EXPECT_TRUE((*outputs)->stop(20 * kSecond));
  EXPECT_EQ(receiver->got, (std::vector<std::string>{"one", "two"}));
  const OutputStats stats = (*outputs)->workers()[0]->stats();
  EXPECT_EQ(stats.retries, 5U);
  EXPECT_EQ(stats.lost, 0U);
  EXPECT_FALSE(stats.failing);
  EXPECT_EQ(stats.problem, "busy");
}

TEST(OutputWorker, AStuckOutputIsCancelledWhenItsTimeIsOver) {
  const auto receiver = std::make_shared<Receiver>();
  receiver->set_stuck(true);
  const auto outputs = Outputs::make({channel("a", receiver)}, nullptr);
  ASSERT_TRUE(outputs);
  (*outputs)->publish(message("one"));
  (*outputs)->publish(message("two"));
  EXPECT_TRUE(receiver->wait([&] { return receiver->entered; }));
  EXPECT_TRUE((*outputs)->stop(0));
  EXPECT_TRUE(receiver->cancelled);
  EXPECT_EQ((*outputs)->workers()[0]->stats().lost, 2U);
}

// Keeps lines until it is flushed, which fails so many times first.
class BufferingOutput final : public Output {
 public:
  BufferingOutput(std::uint32_t fail, bool idle) : fail_(fail), idle_(idle) {}
  Delivery write(const Message&) override {
    ++pending_;
    return {};
  }
  Delivery flush() override {
    if (fail_ > 0) {
      --fail_;
      return Delivery::retry("full");
    }
    return Delivery::done(std::exchange(pending_, 0));
  }
  bool flushes_when_idle() const override { return idle_; }

 private:
  std::uint32_t fail_;
  bool idle_;
  std::uint64_t pending_ = 0;
};

std::shared_ptr<const Outputs> buffering(std::uint32_t fail, bool idle) {
  const auto outputs = Outputs::make({{.name = "b",
                                       .settings = "",
                                       .make = [=]() -> Result<std::unique_ptr<Output>> {
                                         return std::make_unique<BufferingOutput>(fail, idle);
                                       }}},
                                     nullptr);
  return *outputs;
}

TEST(OutputWorker, WhatIsBufferedIsFlushedInTimeAndAFailedFlushIsTriedAgain) {
  for (const bool idle : {false, true}) {
    const auto outputs = buffering(2, idle);
    for (int i = 0; i < 3; ++i) outputs->publish(message("x"));
    const auto& worker = *outputs->workers()[0];
    for (int i = 0; i < 2000 && worker.stats().delivered < 3; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(worker.stats().delivered, 3U);
    EXPECT_FALSE(worker.stats().failing);
    EXPECT_TRUE(outputs->stop(20 * kSecond));
    EXPECT_EQ(worker.stats().lost, 0U);
  }
}

TEST(OutputWorker, WhatCannotBeFlushedAtTheEndIsCountedAsLost) {
  const auto outputs = buffering(1'000'000, true);
  for (int i = 0; i < 3; ++i) outputs->publish(message("x"));
  EXPECT_TRUE(outputs->stop(20 * kSecond));
  const OutputStats stats = outputs->workers()[0]->stats();
  EXPECT_EQ(stats.lost, 3U);
  EXPECT_EQ(stats.delivered, 0U);
}

TEST(Outputs, AReloadKeepsTheWorkersOfChannelsThatStay) {
  const auto kept = std::make_shared<Receiver>(), gone = std::make_shared<Receiver>(),
             fresh = std::make_shared<Receiver>();
  const auto before = Outputs::make({channel("kept", kept), channel("gone", gone)}, nullptr);
  ASSERT_TRUE(before);
  (*before)->publish(message("before"));
  const auto after = Outputs::make({channel("kept", kept), channel("fresh", fresh)}, before->get());
  ASSERT_TRUE(after);
  EXPECT_EQ((*after)->workers()[0], (*before)->workers()[0]);
  EXPECT_TRUE((*before)->stop(20 * kSecond, after->get()));
  EXPECT_EQ(gone->got, (std::vector<std::string>{"before"}));
  (*after)->publish(message("after"));
  EXPECT_TRUE((*after)->stop(20 * kSecond));
  EXPECT_EQ(kept->got, (std::vector<std::string>{"before", "after"}));
  EXPECT_EQ(fresh->got, (std::vector<std::string>{"after"}));
}

TEST(Outputs, OneThatCannotBeMadeIsNamed) {
  const auto fine = std::make_shared<Receiver>();
  Channel broken{.name = "file", .settings = "", .make = []() -> Result<std::unique_ptr<Output>> {
                   return fail(ErrorCode::kIo, "no such folder");
                 }};
  const auto outputs = Outputs::make({channel("fine", fine), std::move(broken)}, nullptr);
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().message, "output file: no such folder");
}

TEST(Outputs, ReopenReachesEveryWorker) {
  const auto receiver = std::make_shared<Receiver>();
  const auto outputs = Outputs::make({channel("a", receiver)}, nullptr);
  ASSERT_TRUE(outputs);
  (*outputs)->reopen();
  EXPECT_TRUE(receiver->wait([&] { return receiver->reopened == 1; }));
}

}  // namespace
}  // namespace saker::alert
