#include "capture/driver.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "capture/cgroup_layout.h"
#include "capture/function_hooks.h"
#include "capture/kernel_types.h"
#include "capture/load_log.h"
#include "capture/mapped_ring.h"
#include "capture/probe_log.h"
#include "capture/probe_maps.h"
#include "capture/probe_object.h"
#include "capture/programs_apart.h"
#include "capture/ring_layout.h"
#include "capture/ring_programs.h"
#include "capture/syscalls.h"
#include "capture/tracepoint.h"
#include "event/schema.h"
#include "probe/probe.skel.h"

namespace saker::capture {
namespace {

// To be rung for a record costs the watched program some microseconds, and to get up costs the reader as
// many. So while records come faster than this, the reader naps by the clock instead, and no record waits
// longer than the nap; while they come more slowly it is rung for each, and none waits.
constexpr std::uint64_t kBusyRecordsPerSecond = 2'000;
constexpr int kNapMs = 4;
constexpr std::uint64_t kMillisecondNs = 1'000'000, kSecondNs = 1'000'000'000;
constexpr std::uint32_t kWaker = UINT32_MAX;  // among the numbers of rings

struct LinkDestroyer {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

event::TypeId close_type() {
  static const event::TypeId kClose = event::find_type("close").value();
  return kClose;
}

std::optional<FileId> ask_probe(int program, int fd) {
  saker_identity question{.fd = fd, .dev = 0, .ino = 0};
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.ctx_in = &question;
  options.ctx_size_in = sizeof(question);
  if (bpf_prog_test_run_opts(program, &options) != 0 || question.ino == 0) return std::nullopt;
  return FileId{question.ino, question.dev};
}

// As new_encode_dev(), which records have.
std::optional<FileId> ask_stat(int fd) {
  struct stat file{};
  if (fstat(fd, &file) != 0) return std::nullopt;
  const unsigned minor = ::minor(file.st_dev), major = ::major(file.st_dev);
  return FileId{file.st_ino, (minor & 0xff) | (major << 8) | ((minor & ~0xffU) << 12)};
}

bool may_use(const DriverOptions& options, CallHooksKind kind) {
  return options.every_program || options.call_hooks == kind || options.call_hooks == CallHooksKind::kAuto;
}

// All zero when it is not loaded.
bpf_prog_info info_of(int program) {
  bpf_prog_info info{};
  __u32 size = sizeof(info);
  if (program < 0 || bpf_obj_get_info_by_fd(program, &info, &size) != 0) return {};
  return info;
}

}  // namespace

struct Driver::Impl {
  ProbeObject skeleton;
  std::vector<UniqueFd> ring_fds;
  std::vector<MappedRing> mapped;
  std::unique_ptr<RingReader> reader;
  UniqueFd run_counting;  // while it is open, the kernel counts
  std::unique_ptr<bpf_link, LinkDestroyer> close_link;
  UniqueFd close_functions;  // instead of it, where functions are hooked
  std::vector<std::string> cgroup_subsystems;
  UniqueFd epoll;
  UniqueFd waker;  // an eventfd among the rings
  FeatureSet without;
  RingLayout layout;
  std::vector<VerifierCounts> counted;
  std::uint64_t drained = 0;  // records, since
  std::uint64_t counted_since_ns = 0;
  bool busy = false;

  std::optional<PlanMaps> plan;
  std::optional<CallHooks> hooks;
  std::vector<SyscallNumber> calls, compat_calls;  // that some rule wants
  bool any_ring_call = false;
  std::string no_functions;                      // why functions cannot be hooked; or is not to
  std::vector<LoadedProgram> function_programs;  // unless there is such a reason
  std::optional<RingPrograms> ring_programs;     // where the kernel tells of io_uring's requests

  Result<> open(const DriverOptions& options);
  void set_constants(const btf* types, std::uint32_t cpus, const DriverOptions& options);
  void choose_programs(const btf* types, const DriverOptions& options);
  Result<> load(const ProbeVariant& variant, const RingPrograms::Support& support, bool rings_later);
  Result<> take_ring_programs();
  void ring_bell() const;
  void route(const event::FilterPlan& wanted, bool widen);
  Result<> attach_calls(const event::CallCosts& costs);
  Result<> make_rings();
  void attach_close(bool wanted);

  struct Loaded {
    int fd = -1;
    std::size_t instructions = 0;
  };
  // In whichever object it was loaded.
  Loaded find(const bpf_program* program) const;

  // Last: they use the rest, and their end is waited for.
  std::future<Result<std::vector<LoadedProgram>>> loading_functions;
  std::future<Result<RingPrograms>> loading_rings;
};

Driver::Impl::Loaded Driver::Impl::find(const bpf_program* program) const {
  if (const int fd = bpf_program__fd(program); fd >= 0) return {fd, bpf_program__insn_cnt(program)};
  const auto among = [&](const std::vector<LoadedProgram>& loaded) {
    const auto found = std::ranges::find(loaded, bpf_program__name(program), &LoadedProgram::name);
    return found == loaded.end() ? Loaded{} : Loaded{found->fd.get(), found->instructions};
  };
  const Loaded found = among(function_programs);
  return found.fd >= 0 || !ring_programs ? found : among(ring_programs->programs());
}

Result<> Driver::Impl::open(const DriverOptions& options) {
  begin_probe_log();
  without = options.without;
  KernelTypes types = read_kernel_types();
  if (!types) return probe_error("read the kernel's types", errno);
  const ProbeVariant variant{
      .typed_reads = !contains(without, Feature::kTypedReads) && has_typed_reads(types.get()),
      .count_verification = options.count_verification};
  skeleton = open_probe(variant);
  if (!skeleton) return probe_error("open the probe", errno);
  const int cpus = libbpf_num_possible_cpus();
  if (cpus <= 0) return probe_error("count the CPUs", -cpus);
  layout = ring_layout(static_cast<__u32>(cpus), options.cpus_per_ring, options.ring_bytes,
                       static_cast<__u32>(sysconf(_SC_PAGESIZE)));
  cgroup_subsystems = cgroup_subsystems_of(types.get());
  auto support = RingPrograms::support(types.get());
  support.any = support.any && !contains(without, Feature::kRingRequests);
  skeleton->rodata->ring_complete_has_entry = support.complete_has_entry;
  set_constants(types.get(), static_cast<std::uint32_t>(cpus), options);
  choose_programs(types.get(), options);
  types.reset();  // libbpf reads its own
  waker.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!waker) return probe_error("create an event descriptor", errno);
  TRY(load(variant, support, options.rings_later));
  counted = probe_counts();
  plan.emplace(*skeleton);
  hooks.emplace(*skeleton, options.call_hooks, find(skeleton->progs.call_returns).fd, no_functions);
  return make_rings();
}

void Driver::Impl::set_constants(const btf* types, std::uint32_t cpus, const DriverOptions& options) {
  const CgroupLayout cgroups = read_cgroup_layout();
  auto& constants = *skeleton->rodata;
  constants.ring_bytes = layout.bytes;
  constants.cpus_per_ring = layout.cpus_per_ring;
  constants.args_bytes_max = options.args_bytes_max;
  constants.data_bytes_max = options.data_bytes_max;
  constants.agent_tgid = static_cast<__u32>(getpid());
  constants.v1_subsystem = cgroups.v1_controller.empty() ? -1 : subsystem_index(types, cgroups.v1_controller);
  constants.v1_hierarchy = cgroups.v1_hierarchy;
  constants.cgroup_subsystems = static_cast<__u32>(cgroup_subsystems.size());
  constants.close_event = close_type();
  constants.exact_memory = !contains(without, Feature::kExactMemory);
  constants.preempted = programs_are_preempted(types);
  constants.possible_cpus = cpus;
  constants.page_kb = static_cast<__u32>(sysconf(_SC_PAGESIZE) / 1024);
  bpf_map__set_max_entries(skeleton->maps.scratches, cpus);
}

// Verifying a program takes time at each start: not where it will not be used.
void Driver::Impl::choose_programs(const btf* types, const DriverOptions& options) {
  const auto& programs = skeleton->progs;
  for (bpf_program* program : {programs.syscall_exit, programs.syscall_exit_one, programs.call_returns,
                               programs.close_enter, programs.close_begins, programs.identify})
    bpf_program__set_autoattach(program, false);
  for (bpf_program* program : {programs.ring_submit, programs.ring_submit_old, programs.ring_complete,
                               programs.call_returns, programs.close_begins})
    bpf_program__set_autoload(program, false);
  if (contains(without, Feature::kFunctions))
    no_functions = "it is not to (saker.without)";
  else if (!may_use(options, CallHooksKind::kFunctions))
    no_functions = "it is not to (saker.call_hooks)";
  else
    no_functions = why_no_function_hooks(types);
  const bool one_by_one = options.call_hooks == CallHooksKind::kAuto && !options.every_program
                              ? !has_compat_calls() && tracing_is_mounted()
                              : may_use(options, CallHooksKind::kEach);
  bpf_program__set_autoload(
      programs.syscall_exit_one,
      one_by_one && !contains(without, Feature::kEachCall) &&
          libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, BPF_FUNC_task_pt_regs, nullptr) == 1);
  bpf_program__set_autoload(programs.identify,
                            !contains(without, Feature::kIdentify) &&
                                enumerator(types, "bpf_prog_type", "BPF_PROG_TYPE_SYSCALL").has_value());
}

Result<> Driver::Impl::load(const ProbeVariant& variant, const RingPrograms::Support& support,
                            bool rings_later) {
  TRY(make_maps(*skeleton->obj, layout.bytes));
  if (!support.any)
    log(LogLevel::kInfo, "io_uring's requests go unseen: this kernel does not tell, or it is not to");
  if (support.any) {
    loading_rings = std::async(std::launch::async, [this, variant, support, maps = map_fds(*skeleton->obj)] {
      auto loaded = RingPrograms::load(variant, support, maps);
      ring_bell();
      return loaded;
    });
  }
  if (no_functions.empty()) {
    loading_functions = std::async(std::launch::async, [variant, maps = map_fds(*skeleton->obj)] {
      constexpr std::string_view kNames[] = {"call_returns", "close_begins"};
      return load_apart(variant, kNames, maps);
    });
  }
  if (const int error = saker_probe__load(skeleton.get()); error != 0)
    return probe_error("load the probe into the kernel", -error);
  if (loading_functions.valid()) {
    auto loaded = loading_functions.get();
    if (loaded)
      function_programs = *std::move(loaded);
    else
      no_functions = loaded.error().message;
  }
  return rings_later ? Result<>{} : take_ring_programs();
}

// When they are loaded, which is waited for.
Result<> Driver::Impl::take_ring_programs() {
  if (!loading_rings.valid()) return {};
  TRY_ASSIGN(ring_programs, loading_rings.get());
  if (any_ring_call) TRY(ring_programs->attach());
  log(LogLevel::kInfo, "io_uring's requests are watched as well{}",
      any_ring_call ? "" : ", once a rule wants them");
  return {};
}

void Driver::Impl::ring_bell() const {
  const std::uint64_t one = 1;
  // It can only fail when it is rung already.
  [[maybe_unused]] const ssize_t written = ::write(waker.get(), &one, sizeof(one));
}

// Any tracepoint of a call makes all others pay, so where functions are hooked it is done there.
void Driver::Impl::attach_close(bool wanted) {
  if (contains(without, Feature::kCloseNames)) return;
  FunctionHooks* functions = wanted ? hooks->functions() : nullptr;
  std::string refused;
  if (functions == nullptr) {
    close_functions.reset();
  } else if (!close_functions) {
    auto made = functions->at_beginning(find(skeleton->progs.close_begins).fd, close_type());
    if (made)
      close_functions = *std::move(made);
    else
      refused = made.error().message;
  }
  if (!wanted || functions != nullptr) {
    close_link.reset();
  } else if (!close_link) {
    close_link.reset(attach_tracepoint(skeleton->progs.close_enter, "syscalls", "sys_enter_close"));
    if (!close_link) refused = why_not_attached(errno);
  }
  if (!refused.empty())
    log(LogLevel::kWarning, "closes are told without what was closed: cannot attach to their beginning: {}",
        refused);
}

Result<> Driver::Impl::make_rings() {
  epoll.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return probe_error("create an epoll instance", errno);
  epoll_event rung{};
  rung.events = EPOLLIN;
  rung.data.u32 = kWaker;
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, waker.get(), &rung) != 0)
    return probe_error("wait for an event descriptor", errno);
  std::vector<RingView> views;
  for (std::uint32_t i = 0; i < layout.rings; ++i) {
    UniqueFd fd(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "saker_ring", 0, 0, layout.bytes, nullptr));
    if (!fd) return probe_error("create a ring buffer", errno);
    const int value = fd.get();
    if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.rings), &i, &value, BPF_ANY) != 0) {
      return probe_error("hand a ring buffer to the probe", errno);
    }
    TRY_ASSIGN(MappedRing ring, MappedRing::map(fd.get(), layout.bytes));
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.u32 = i;
    if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd.get(), &interest) != 0) {
      return probe_error("wait for a ring buffer", errno);
    }
    views.push_back(ring.view());
    mapped.push_back(std::move(ring));
    ring_fds.push_back(std::move(fd));
  }
  reader = std::make_unique<RingReader>(std::move(views));
  return {};
}

Driver::Driver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Driver::~Driver() = default;

Result<std::unique_ptr<Driver>> Driver::load(const DriverOptions& options) {
  auto impl = std::make_unique<Impl>();
  TRY(impl->open(options));
  return std::unique_ptr<Driver>(new Driver(std::move(impl)));
}

Result<> Driver::attach() {
  if (const int error = saker_probe__attach(impl_->skeleton.get()); error != 0) {
    return probe_error("attach the probe", -error);
  }
  return {};
}

// What the probe does with calls of each type. First all that the old plan or the new one wants, so that
// neither misses any while they change places; then what the new one wants alone.
void Driver::Impl::route(const event::FilterPlan& wanted, bool widen) {
  auto& memory = *skeleton->bss;
  const auto is_wanted = [&](event::TypeId type, std::uint16_t now) {
    return wanted.scope[type] != 0 || (widen && now != 0);
  };
  for (std::size_t type = 0; type < wanted.scope.size(); ++type) {
    memory.event_shape[type] = event::shape_of(static_cast<event::TypeId>(type));
    memory.event_scope[type] = static_cast<__u8>(wanted.scope[type] | (widen ? memory.event_scope[type] : 0));
  }
  calls.clear();
  compat_calls.clear();
  any_ring_call = false;
  const auto fill = [&](std::span<const SyscallNumber> table, auto& row, auto note) {
    for (const SyscallNumber& syscall : table) {
      const bool want = is_wanted(syscall.type, row[syscall.number]);
      row[syscall.number] = want ? syscall.type : event::TypeId{0};
      if (want) note(syscall);
    }
  };
  fill(native_syscalls(), memory.syscall_event[0], [&](const SyscallNumber& call) { calls.push_back(call); });
  fill(compat_syscalls(), memory.syscall_event[1],
       [&](const SyscallNumber& call) { compat_calls.push_back(call); });
  for (std::size_t number = 0; number < std::size(memory.syscall_wanted); ++number)
    memory.syscall_wanted[number] =
        memory.syscall_event[0][number] != 0 || memory.syscall_event[1][number] != 0;
  const auto socketcalls = std::span(memory.syscall_event[1]).subspan(SAKER_SOCKETCALL_BASE);
  if (std::ranges::any_of(socketcalls, [](auto type) { return type != 0; }))
    memory.syscall_wanted[SAKER_SOCKETCALL] = 1;
  fill(ring_operations(), memory.ring_event, [&](const SyscallNumber&) { any_ring_call = true; });
}

Result<> Driver::Impl::attach_calls(const event::CallCosts& costs) {
  return hooks->want({.native = calls, .compat = compat_calls, .failed = costs.failed}, costs);
}

Result<> Driver::apply(const event::FilterPlan& plan) {
  impl_->route(plan, true);
  if (impl_->any_ring_call && impl_->ring_programs) TRY(impl_->ring_programs->attach());
  TRY(impl_->attach_calls(plan.call_costs));
  TRY(impl_->plan->apply(plan));
  impl_->route(plan, false);
  impl_->attach_close(plan.scope[close_type()] != 0);
  if (!impl_->any_ring_call && impl_->ring_programs) impl_->ring_programs->detach();
  // What nothing wants pays nothing.
  return impl_->attach_calls(plan.call_costs);
}

void Driver::count_runs() { impl_->run_counting.reset(bpf_enable_stats(BPF_STATS_RUN_TIME)); }
void Driver::compare_plan(bool on) { impl_->skeleton->bss->plan_compare = on ? 1 : 0; }

std::vector<ProgramFacts> Driver::programs() const {
  std::vector<ProgramFacts> all;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, impl_->skeleton->obj) {
    ProgramFacts& facts = all.emplace_back();
    facts.name = bpf_program__name(program);
    const auto loaded = impl_->find(program);
    facts.loaded = loaded.fd >= 0;
    if (!facts.loaded) continue;
    facts.instructions = loaded.instructions;
    facts.machine_bytes = info_of(loaded.fd).jited_prog_len;
    const auto counts = std::ranges::find(impl_->counted, facts.name, &VerifierCounts::program);
    if (counts == impl_->counted.end()) continue;
    facts.verified = counts->instructions;
    facts.verify_us = counts->time_us;
  }
  return all;
}

const CallHooks& Driver::call_hooks() const { return *impl_->hooks; }
PlanMaps& Driver::plan() { return *impl_->plan; }
const PlanMaps& Driver::plan() const { return *impl_->plan; }

void Driver::set_cgroup_class(std::uint64_t key, saker_cgroup_class decided) {
  const auto value = static_cast<std::uint8_t>(decided);
  // BPF_EXIST: a cgroup that is gone again must not come back into the map.
  bpf_map_update_elem(bpf_map__fd(impl_->skeleton->maps.cgroup_class), &key, &value, BPF_EXIST);
  __atomic_fetch_add(&impl_->skeleton->data->cgroup_version, 1, __ATOMIC_SEQ_CST);
}

void Driver::set_details(std::uint8_t details) { impl_->skeleton->bss->task_details = details; }

const std::vector<std::string>& Driver::cgroup_subsystems() const { return impl_->cgroup_subsystems; }

Identify Driver::identifier() const {
  const bpf_program* program = impl_->skeleton->progs.identify;
  const auto kept = std::make_shared<const UniqueFd>(
      bpf_program__fd(program) < 0 ? -1 : fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0));
  return *kept ? Identify([kept](int fd) { return ask_probe(kept->get(), fd); }) : Identify(ask_stat);
}

std::size_t Driver::drain(const RingReader::Handler& handler) {
  const std::size_t taken = impl_->reader->drain(boot_time_ns(), handler);
  impl_->drained += taken;
  return taken;
}

bool Driver::pending() const { return impl_->reader->any_pending(); }

Result<> Driver::watch(int fd) {
  epoll_event interest{};
  interest.events = EPOLLIN;
  if (epoll_ctl(impl_->epoll.get(), EPOLL_CTL_ADD, fd, &interest) != 0)
    return probe_error("wait for a descriptor", errno);
  return {};
}

void Driver::wait(int timeout_ms) {
  if (impl_->loading_rings.valid() &&
      impl_->loading_rings.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    if (const auto taken = impl_->take_ring_programs(); !taken)
      log(LogLevel::kError, "io_uring's requests go unseen: {}", taken.error().message);
  }
  std::uint32_t* state = &impl_->skeleton->bss->reader_state;
  const std::uint64_t now = boot_time_ns();
  // Over some time: a few at once are no sign of many.
  if (const std::uint64_t elapsed = now - impl_->counted_since_ns; elapsed >= kNapMs * kMillisecondNs) {
    impl_->busy = impl_->drained * kSecondNs > elapsed * kBusyRecordsPerSecond;
    impl_->drained = 0;
    impl_->counted_since_ns = now;
  }
  const bool busy = impl_->busy;
  __atomic_store_n(state, busy ? SAKER_READER_NAPPING : SAKER_READER_ASLEEP, __ATOMIC_SEQ_CST);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  // The probe looks at the state after submitting; we look at the rings after setting it. One of us sees.
  if (busy || !impl_->reader->any_pending()) {
    epoll_event event;
    const int got =
        epoll_wait(impl_->epoll.get(), &event, 1, busy ? std::min(kNapMs, timeout_ms) : timeout_ms);
    if (got > 0 && event.data.u32 == kWaker) {
      std::uint64_t rung = 0;
      while (::read(impl_->waker.get(), &rung, sizeof(rung)) < 0 && errno == EINTR) {
      }
    }
  }
  __atomic_store_n(state, SAKER_READER_AWAKE, __ATOMIC_RELAXED);
}

void Driver::wake() { impl_->ring_bell(); }

ProbeCounters Driver::counters() const {
  ProbeCounters sum;
  const int cpus = libbpf_num_possible_cpus();
  struct PerCpu {
    std::uint64_t cause[SAKER_COUNTERS];
    std::uint64_t sent[SAKER_EVENTS_MAX];
    std::uint64_t filtered[SAKER_EVENTS_MAX];
    std::uint64_t dropped[SAKER_EVENTS_MAX];
    PlanCounts ruled_out;
  };
  static_assert(sizeof(PerCpu) % 8 == 0);
  std::vector<PerCpu> rows(static_cast<std::size_t>(cpus));
  const std::uint32_t zero = 0;
  if (bpf_map_lookup_elem(bpf_map__fd(impl_->skeleton->maps.counters), &zero, rows.data()) != 0) return sum;
  for (const PerCpu& row : rows) {
    for (std::size_t i = 0; i < SAKER_COUNTERS; ++i) sum.cause[i] += row.cause[i];
    for (std::size_t i = 0; i < SAKER_EVENTS_MAX; ++i) {
      sum.sent[i] += row.sent[i];
      sum.filtered[i] += row.filtered[i];
      sum.dropped[i] += row.dropped[i];
    }
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, impl_->skeleton->obj) {
    const bpf_prog_info info = info_of(impl_->find(program).fd);
    sum.missed_runs += info.recursion_misses;
    sum.runs += info.run_cnt;
    sum.run_ns += info.run_time_ns;
  }
  return sum;
}

const RingReader::Stats& Driver::reader_stats() const { return impl_->reader->stats(); }

std::size_t Driver::ring_count() const { return impl_->mapped.size(); }

}  // namespace saker::capture
