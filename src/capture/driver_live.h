// What the live tests of the probe share: a loaded probe, and the events of an action.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "capture/diagnosis.h"
#include "capture/driver.h"
#include "event/decode.h"

namespace saker::capture {

// An event whose record is kept with it, because views point into the record.
struct Kept {
  std::vector<std::byte> bytes;
  event::Event event;
};

class DriverLive : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const Diagnosis diagnosis = diagnose();
    if (const Check* failure = diagnosis.first_failure())
      GTEST_SKIP() << "no probe here: " << failure->sentence;
    driver_ = shared_driver(GetParam());
    ASSERT_NE(driver_, nullptr) << load_error_;
    driver_->set_details(0);
    ASSERT_TRUE(set_every_scope(SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER));
  }

  // To verify the probe takes longer than all tests, so it is loaded once for each way to read; each test
  // begins with every call wanted, no detail, and empty rings.
  static Driver* shared_driver(bool force_probe_read) {
    static std::unique_ptr<Driver> loaded[2];
    std::unique_ptr<Driver>& driver = loaded[force_probe_read ? 1 : 0];
    if (driver) return driver.get();
    auto made = Driver::load(
        {.ring_bytes = kRingBytes, .call_hooks = hooks(), .without = reads_without(force_probe_read)});
    if (made) {
      if (const auto attached = (*made)->attach(); !attached) made = std::unexpected(attached.error());
    }
    if (made)
      driver = std::move(*made);
    else
      load_error_ = made.error().message;
    return driver.get();
  }

  // As tests/live/run wants it (`make live HOOKS=each`).
  static CallHooksKind hooks() {
    const char* wanted = std::getenv("SAKER_HOOKS");
    for (const auto kind : {CallHooksKind::kOne, CallHooksKind::kEach, CallHooksKind::kFunctions}) {
      if (wanted != nullptr && wanted == call_hooks_name(kind)) return kind;
    }
    return CallHooksKind::kAuto;
  }

  static FeatureSet reads_without(bool typed_pointers) {
    FeatureSet without;
    without.set(static_cast<std::size_t>(Feature::kTypedReads), typed_pointers);
    return without;
  }

  bool set_every_scope(std::uint8_t scope) {
    ScopePlan plan;
    plan.fill(scope);
    return driver_->set_plan(plan).has_value();
  }

  // Everything recorded while `action` ran, decoded.
  std::vector<Kept> record(const std::function<void()>& action) {
    drain_all([](auto) {});
    action();
    std::vector<Kept> events;
    drain_all([&](std::span<const std::byte> bytes) {
      saker_header header;
      std::memcpy(&header, bytes.data(), sizeof(header));
      if (header.type == SAKER_RECORD_BELL || header.type == SAKER_RECORD_CLOSING) return;
      Kept kept{{bytes.begin(), bytes.end()}, {}};
      auto event = event::decode(kept.bytes);
      ASSERT_TRUE(event) << event.error().message;
      kept.event = *event;
      events.push_back(std::move(kept));
    });
    return events;
  }

  // All that was recorded until now. A single look may end early, at a record that another CPU has yet to
  // finish.
  void drain_all(const RingReader::Handler& handler) {
    constexpr std::uint64_t kMarginNs = 20'000'000;
    const std::uint64_t until = boot_time_ns() + kMarginNs;
    std::uint64_t seen = 0;
    while (seen < until) {
      driver_->drain([&](std::span<const std::byte> bytes) {
        saker_header header;
        std::memcpy(&header, bytes.data(), sizeof(header));
        seen = std::max<std::uint64_t>(seen, header.time_ns);
        handler(bytes);
      });
      if (!driver_->pending()) break;
      usleep(1000);
    }
  }

  // The open of this process that asked for `name`.
  static const event::Event* find_open(const std::vector<Kept>& events, std::string_view name) {
    for (const Kept& kept : events) {
      const auto* file = std::get_if<event::File>(&kept.event.body);
      if (file && kept.event.task.process.tgid == static_cast<std::uint32_t>(getpid()) &&
          file->name.bytes == name) {
        return &kept.event;
      }
    }
    return nullptr;
  }

  static constexpr int kExecFailed = 42;
  // Every call of the machine is told; on a busy one that is some 100 MB a second.
  static constexpr std::uint32_t kRingBytes = 64 << 20;

  // Runs `child` in a new process, which ends with kExecFailed when that returns, and waits for it.
  static pid_t in_child(const std::function<void()>& child) {
    const pid_t pid = fork();
    if (pid == 0) {
      child();
      _exit(kExecFailed);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return pid;
  }

  // This process's call of that name; the last one when there are several.
  static const event::Event* find_call(const std::vector<Kept>& events, std::string_view name) {
    const event::TypeId type = event::find_type(name).value();
    const event::Event* found = nullptr;
    for (const Kept& kept : events) {
      if (kept.event.type == type && std::holds_alternative<event::Call>(kept.event.body) &&
          kept.event.task.process.tgid == static_cast<std::uint32_t>(getpid()))
        found = &kept.event;
    }
    return found;
  }

  template <class Body>
  static const event::Event* find_of(const std::vector<Kept>& events, pid_t pid) {
    for (const Kept& kept : events) {
      if (std::holds_alternative<Body>(kept.event.body) &&
          kept.event.task.process.tgid == static_cast<std::uint32_t>(pid)) {
        return &kept.event;
      }
    }
    return nullptr;
  }

  Driver* driver_ = nullptr;
  static inline std::string load_error_;
};

}  // namespace saker::capture
