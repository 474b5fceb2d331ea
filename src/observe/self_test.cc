#include "observe/self_test.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "base/clock.h"

namespace saker::observe {
namespace {

constexpr int kChildStatus = 113;  // tells it from other children of the agent

}  // namespace

SelfTest::SelfTest() : pid_(static_cast<std::uint32_t>(getpid())), key_(std::random_device{}()) {
  struct stat space{};
  if (stat("/proc/self/ns/pid", &space) == 0) pid_ns_ = static_cast<std::uint32_t>(space.st_ino);
}

event::TypeId SelfTest::event_type() {
  static const event::TypeId type = event::find_type("semget").value_or(0);
  return type;
}

void SelfTest::act() {
  acted_.fetch_add(1);
  if (!by_call_.load()) return act_by_child();
  key_.fetch_add(1);
  if (key_.load() == 0) key_.store(1);  // 0 would make a set: IPC_PRIVATE
  acted_ns_.store(boot_time_ns());
  syscall(SYS_semget, static_cast<long>(static_cast<std::int32_t>(key_.load())), 0, 0);
}

void SelfTest::act_by_child() {
  acted_ns_.store(boot_time_ns());
  // Shares our memory until it ends, so nothing is copied.
  const pid_t child = vfork();
  if (child == 0) _exit(kChildStatus);
  if (child < 0) return;
  int status = 0;
  waitpid(child, &status, 0);
}

bool SelfTest::is_own(const event::Event& event) {
  if (pid_ns_ != 0 && event.task.pid_ns != pid_ns_) return false;
  const auto* call = std::get_if<event::Call>(&event.body);
  if (call != nullptr) {
    if (event.type != event_type() || event.task.vpid != pid_) return false;
    if (static_cast<std::uint32_t>(call->arguments[0]) != key_.load()) return true;  // a late one
  } else {
    const auto* exit = std::get_if<event::Exit>(&event.body);
    if (exit == nullptr || event.task.parent_vpid != pid_ || exit->status != kChildStatus << 8) return false;
  }
  const std::uint64_t acted = acted_ns_.exchange(0);
  if (acted == 0) return true;
  const std::uint64_t now = boot_time_ns();
  passed_.fetch_add(1);
  last_passed_ns_.store(now);
  last_delay_ns_.store(now - acted);
  return true;
}

SelfTest::Stats SelfTest::stats() const {
  return {.acted = acted_.load(),
          .passed = passed_.load(),
          .last_passed_ns = last_passed_ns_.load(),
          .last_delay_ns = last_delay_ns_.load()};
}

}  // namespace saker::observe
