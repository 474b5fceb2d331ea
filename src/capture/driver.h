// Driver: the probe in the kernel, loaded, attached and steered.
//
// Owns the BPF object and the mapped rings. The object is embedded in the program; nothing is compiled or
// fetched at run time. Not thread-safe: the pipeline thread owns it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/call_hooks.h"
#include "capture/features.h"
#include "capture/file_identity.h"
#include "capture/plan_maps.h"
#include "capture/probe_counters.h"
#include "capture/ring_reader.h"
#include "event/types.h"

namespace saker::capture {

struct DriverOptions {
  std::uint32_t ring_bytes = 1 << 20;   // of one ring, and
  std::uint32_t cpus_per_ring = 2;      // 0 = one ring for all; see ring_layout.h
  std::uint32_t args_bytes_max = 4096;  // 256 to SAKER_ARGS_BYTES_MAX
  std::uint32_t data_bytes_max = 80;    // of what a call reads or writes; to SAKER_DATA_BYTES_MAX
  CallHooksKind call_hooks = CallHooksKind::kAuto;
  bool every_program = false;       // load also what those hooks have no use for
  FeatureSet without;               // not used although the kernel may have them
  bool count_verification = false;  // for programs()
  // Do not wait until the kernel has verified the programs for io_uring's requests, which takes it a third of
  // the whole time: wait() takes them in when they are there, and says so.
  bool rings_later = false;
};

// A program of the probe, as the kernel took it.
struct ProgramFacts {
  std::string name;
  bool loaded = false;             // false: this kernel or the options have no use for it
  std::uint64_t instructions = 0;  // given to the kernel
  std::uint64_t verified = 0;      // followed by the verifier over all paths; with count_verification
  std::uint64_t verify_us = 0;     // the time that this took; with count_verification
  std::uint64_t machine_bytes = 0;
};

// Where events of a type may come from and still matter: SAKER_SCOPE_* bits, by event type.
using ScopePlan = std::array<std::uint8_t, SAKER_EVENTS_MAX>;

class Driver {
 public:
  // Loads the object into the kernel; nothing is attached yet. Errors say what is missing.
  static Result<std::unique_ptr<Driver>> load(const DriverOptions& options);
  ~Driver();
  Driver(const Driver&) = delete;

  // Starts records of processes and cgroups; then the calls that the plan wants. apply() may be called
  // again at any time, and no event is judged by half a plan (plan_maps.h). Calls that nothing wants are not
  // hooked.
  Result<> attach();
  Result<> apply(const event::FilterPlan& plan);
  // The plan that lets through what comes from the right place.
  Result<> set_plan(const ScopePlan& plan) { return apply(event::scope_plan(plan)); }

  // Sends also what the plan rules out, marked (event::Task::ruled_out), to see that no rule matches it.
  void compare_plan(bool on);

  // Has the kernel count how often and how long BPF programs run, all of the machine's, until this driver
  // goes; costs each run some 20 ns.
  void count_runs();

  std::vector<ProgramFacts> programs() const;

  // How system calls are hooked.
  const CallHooks& call_hooks() const;

  // Classes of processes, and what the plan has ruled out.
  PlanMaps& plan();
  const PlanMaps& plan() const;

  // What records are to tell of their tasks beyond the usual: enum saker_detail bits, from now on.
  void set_details(std::uint8_t details);
  // The kernel's cgroup controllers, by the number that records have for them.
  const std::vector<std::string>& cgroup_subsystems() const;

  // Answers the probe's question about a cgroup that it has named.
  void set_cgroup_class(std::uint64_t key, saker_cgroup_class decided);

  // Asks the probe; where the kernel runs no such programs (before 5.14), stat(). Works as long as it is
  // kept, also without the driver.
  Identify identifier() const;

  // Records in time order; see RingReader.
  std::size_t drain(const RingReader::Handler& handler);

  // Whether records, finished or not, are left in the rings.
  bool pending() const;

  // wait() also ends when `fd`, which must outlive the driver's use, is readable.
  Result<> watch(int fd);

  // Sleeps until a record that matters is there, wake() is called, or the time is over.
  void wait(int timeout_ms);

  // Ends a wait() under way, or the next one. From any thread.
  void wake();

  ProbeCounters counters() const;
  const RingReader::Stats& reader_stats() const;
  std::size_t ring_count() const;

 private:
  struct Impl;
  explicit Driver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace saker::capture
