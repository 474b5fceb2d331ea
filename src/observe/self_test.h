// SelfTest: does an event that really happens arrive? The agent acts, and the pipeline must see it.
//
// The act is a system call that hardly anybody makes: semget() for a key that changes each time; it asks for
// a semaphore set that does not exist and makes none. It goes through the kernel's hook, the plan in the
// kernel, a ring, decoding and the rules as any other event does; the pipeline knows it by the agent's own
// process id and the key, and raises no alert for it. want() puts it into every plan that hooks system calls.
// Where the rules hook none, hooking all calls of the machine for this would cost more than it tells; then
// the act is a child that ends at once, whose record the probe always sends.
//
// The act costs some microseconds every 20 seconds. Thread-safe.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "event/event.h"

namespace saker::observe {

class SelfTest {
 public:
  static constexpr std::uint64_t kIntervalNs = 20'000'000'000;
  static constexpr std::uint64_t kAgeMaxNs = 60'000'000'000;  // older, and the agent is not healthy

  struct Stats {
    std::uint64_t acted = 0, passed = 0;
    std::uint64_t last_passed_ns = 0;  // boot time; 0 = never
    std::uint64_t last_delay_ns = 0;   // from the act to the pipeline
  };

  SelfTest();

  // The event type that must be in the plan, from host and containers alike, when calls are hooked at all.
  static event::TypeId event_type();

  // Set by the pipeline with each plan: whether calls are hooked.
  void use_call(bool hooked) { by_call_.store(hooked); }

  // Acts once; from any one thread.
  void act();

  // Asked by the pipeline for each event of event_type() and each exit. True: it is the agent's own, and
  // nobody's rules are meant.
  bool is_own(const event::Event& event);

  Stats stats() const;

 private:
  void act_by_child();

  std::uint32_t pid_ = 0;     // as the agent's own namespace has it
  std::uint32_t pid_ns_ = 0;  // inode number; 0 = unknown
  std::atomic<bool> by_call_ = false;
  std::atomic<std::uint32_t> key_ = 0;
  std::atomic<std::uint64_t> acted_ns_ = 0;  // of the act that is awaited; 0 = none
  std::atomic<std::uint64_t> acted_ = 0, passed_ = 0, last_passed_ns_ = 0, last_delay_ns_ = 0;
};

}  // namespace saker::observe
