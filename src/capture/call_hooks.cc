#include "capture/call_hooks.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "capture/tracepoint.h"
#include "probe/probe.skel.h"

namespace saker::capture {
namespace {

// The kernel is some 40 ms at each hook that is let go of, however many ask it to.
constexpr std::size_t kThreadsMax = 2;

bool try_compat_calls() {
#if defined(__x86_64__)
  // getpid() of the 32-bit table, in a child that ends by the signal that comes where there is none.
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    long result = 20;
    asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    _exit(result > 0 ? 0 : 1);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return true;
  return !WIFSIGNALED(status) && WEXITSTATUS(status) == 0;
#elif defined(__aarch64__)
  // Refused where no processor can run 32-bit programs.
  const int before = personality(0xffffffff);
  if (before < 0 || personality(PER_LINUX32) < 0) return before < 0;
  personality(static_cast<unsigned long>(before));
  return true;
#else
  return true;
#endif
}

}  // namespace

struct CallHooks::Link {
  event::TypeId type = 0;
  bpf_link* link = nullptr;

  Link(event::TypeId of_type, bpf_link* attached) : type(of_type), link(attached) {}
  ~Link() { bpf_link__destroy(link); }
  Link(const Link&) = delete;
};

bool has_compat_calls() {
  static const bool has = try_compat_calls();
  return has;
}

std::string exit_tracepoint(std::string_view call) {
  // Where the kernel's function has another name than its call.
  struct Alias {
    std::string_view call, function;
  };
  constexpr Alias kAliases[] = {{"stat", "newstat"},     {"fstat", "newfstat"},  {"lstat", "newlstat"},
                                {"uname", "newuname"},   {"umount2", "umount"},  {"sendfile", "sendfile64"},
                                {"pread", "pread64"},    {"pwrite", "pwrite64"}, {"fstatat", "newfstatat"},
                                {"umount", "oldumount"}, {"_sysctl", "sysctl"},  {"prlimit", "prlimit64"}};
  const auto found = std::ranges::find(kAliases, call, &Alias::call);
  return fmt::format("sys_exit_{}", found == std::end(kAliases) ? call : found->function);
}

CallHooksChoice choose_call_hooks(CallHooksKind asked, const event::CallCosts& costs, bool compat_calls,
                                  bool kernel_has_each) {
  using enum CallHooksKind;
  if (asked != kAuto) return {asked, "as configured"};
  if (!costs.each_is_cheaper()) return {kOne, "which is cheaper"};
  if (compat_calls)
    return {kOne,
            "for programs can make 32-bit calls on this machine, which hooks for single calls do not see"};
  if (!kernel_has_each)
    return {kOne, "for hooks for single calls need Linux 5.15, and tracefs mounted at /sys/kernel/tracing"};
  return {kEach, "which is cheaper"};
}

CallHooks::CallHooks(saker_probe& skeleton, CallHooksKind kind) : skeleton_(skeleton), asked_(kind) {}
CallHooks::~CallHooks() { let_go(std::move(each_)); }

std::size_t CallHooks::hooked() const { return now_ == CallHooksKind::kOne ? (one_ ? 1 : 0) : each_.size(); }

// The kernel waits at each until no program runs that could use it.
void CallHooks::let_go(std::vector<std::unique_ptr<Link>> links) {
  if (links.empty()) return;
  if (threads_busy_ == 0) wait_until_gone();
  std::vector<std::vector<std::unique_ptr<Link>>> shares(std::min(links.size(), kThreadsMax));
  for (std::size_t i = 0; i < links.size(); ++i) {
    going_.push_back(links[i]->type);
    shares[i % shares.size()].push_back(std::move(links[i]));
  }
  threads_busy_ += shares.size();
  for (auto& share : shares) {
    threads_.emplace_back([this, mine = std::move(share)]() mutable {
      mine.clear();
      --threads_busy_;
    });
  }
}

void CallHooks::wait_until_gone() {
  threads_.clear();
  going_.clear();
}

Result<> CallHooks::want(std::span<const SyscallNumber> wanted, bool compat, const event::CallCosts& costs) {
  if (wanted.empty() && !compat) {
    one_.reset();
    let_go(std::exchange(each_, {}));
    return {};
  }
  const CallHooksChoice choice =
      choose_call_hooks(asked_, costs, asked_ == CallHooksKind::kAuto && has_compat_calls(),
                        bpf_program__autoload(skeleton_.progs.syscall_exit_one));
  const bool each = choice.kind == CallHooksKind::kEach;
  if (std::string said = fmt::format(
          "{}, {}", each ? "each wanted call has its hook" : "all calls have one hook", choice.reason);
      said != said_) {
    log(LogLevel::kInfo, "{}", said);
    said_ = std::move(said);
  }
  if (each) {
    auto done = use_each(wanted);
    if (done || asked_ == CallHooksKind::kEach) return done;
    log(LogLevel::kInfo, "{}; all calls are hooked at once", done.error().message);
  }
  return use_one();
}

// While both kinds are there, `calls_by_each` says which one tells of calls; so a change of the kind needs no
// moment without hooks. A call that ends while that word changes may be told by neither or by both.
Result<> CallHooks::use_one() {
  if (!one_) {
    bpf_link* link = bpf_program__attach(skeleton_.progs.syscall_exit);
    if (link == nullptr)
      return fail(ErrorCode::kUnsupported,
                  fmt::format("cannot attach to system calls: {}", std::strerror(errno)));
    one_ = std::make_unique<Link>(event::TypeId{0}, link);
  }
  __atomic_store_n(&skeleton_.bss->calls_by_each, 0, __ATOMIC_SEQ_CST);
  let_go(std::exchange(each_, {}));
  now_ = CallHooksKind::kOne;
  return {};
}

Result<> CallHooks::use_each(std::span<const SyscallNumber> wanted) {
  if (!bpf_program__autoload(skeleton_.progs.syscall_exit_one))
    return fail(ErrorCode::kUnsupported, "this kernel has no hook for a single call (5.15 has)");
  // A call cannot be hooked anew while it is still let go of.
  if (std::ranges::any_of(wanted, [&](const SyscallNumber& call) {
        return std::ranges::find(going_, call.type) != going_.end();
      }))
    wait_until_gone();
  std::vector<std::unique_ptr<Link>> added;
  std::string missing;
  for (const SyscallNumber& call : wanted) {
    const auto same = [&](const auto& link) { return link->type == call.type; };  // x32 has some calls twice
    if (std::ranges::any_of(each_, same) || std::ranges::any_of(added, same) || missing_.contains(call.type))
      continue;
    const std::string name = exit_tracepoint(event::type_name(call.type));
    bpf_link* link = attach_tracepoint(skeleton_.progs.syscall_exit_one, "syscalls", name.c_str());
    if (link == nullptr && errno == ENOENT && (!added.empty() || !each_.empty())) {
      missing += (missing.empty() ? "" : ", ") + name;
      missing_.insert(call.type);
      continue;
    }
    if (link == nullptr) {
      return fail(ErrorCode::kUnsupported, fmt::format("cannot attach to the tracepoint syscalls/{}: {}",
                                                       name, why_not_attached(errno)));
    }
    added.push_back(std::make_unique<Link>(call.type, link));
  }
  // A call without a tracepoint is one that this kernel was built without: it can only fail.
  if (!missing.empty()) log(LogLevel::kInfo, "this kernel has no {}", missing);
  __atomic_store_n(&skeleton_.bss->calls_by_each, 1, __ATOMIC_SEQ_CST);
  one_.reset();
  for (auto& link : added) each_.push_back(std::move(link));
  std::vector<std::unique_ptr<Link>> kept, unwanted;
  for (auto& link : each_) {
    const bool wants =
        std::ranges::any_of(wanted, [&](const SyscallNumber& call) { return call.type == link->type; });
    (wants ? kept : unwanted).push_back(std::move(link));
  }
  each_ = std::move(kept);
  let_go(std::move(unwanted));
  now_ = CallHooksKind::kEach;
  return {};
}

}  // namespace saker::capture
