// What the live tests of the probe share: a loaded probe, and the events of an action.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

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
    auto driver = Driver::load({.ring_bytes = 4 << 20, .force_probe_read = GetParam()});
    ASSERT_TRUE(driver) << driver.error().message;
    driver_ = std::move(*driver);
    ASSERT_TRUE(driver_->attach());
    ScopePlan plan;
    plan.fill(SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER);
    ASSERT_TRUE(driver_->set_plan(plan));
  }

  // Everything recorded while `action` ran, decoded.
  std::vector<Kept> record(const std::function<void()>& action) {
    driver_->drain([](auto) {});
    action();
    std::vector<Kept> events;
    driver_->drain([&](std::span<const std::byte> bytes) {
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

  // Runs `child` in a new process and waits for it.
  static pid_t in_child(const std::function<void()>& child) {
    const pid_t pid = fork();
    if (pid == 0) {
      child();
      _exit(42);
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

  std::unique_ptr<Driver> driver_;
};

}  // namespace saker::capture
