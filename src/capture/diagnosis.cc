#include "capture/diagnosis.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "capture/capabilities.h"
#include "capture/cgroup_layout.h"
#include "capture/function_hooks.h"
#include "capture/kernel_types.h"
#include "capture/ring_programs.h"

namespace saker::capture {
namespace {

constexpr const char* kTracepoints[] = {"sched_process_fork", "sched_process_exec", "sched_process_exit",
                                        "cgroup_mkdir",       "cgroup_rmdir",       "sys_exit"};

int quiet(enum libbpf_print_level, const char*, va_list) { return 0; }

// The kernel lists the levels and brackets the one in force.
std::string lockdown_level() {
  const auto text = read_file("/sys/kernel/security/lockdown");
  if (!text) return "";
  const auto open = text->find('['), close = text->find(']');
  if (open == std::string::npos || close == std::string::npos) return "";
  return text->substr(open + 1, close - open - 1);
}

std::optional<bool> as_answer(int probe_result) {
  if (probe_result < 0) return std::nullopt;
  return probe_result > 0;
}

void gather_from_btf(KernelFacts& facts) {
  const KernelTypes types = read_kernel_types();
  facts.btf = types != nullptr;
  if (!facts.btf) return;
  for (const char* name : kTracepoints) {
    if (!tracepoint_arguments(types.get(), name)) facts.missing_tracepoints.emplace_back(name);
  }
  facts.ring_requests = RingPrograms::support(types.get()).any;
  facts.typed_reads = has_typed_reads(types.get());
  facts.no_functions = why_no_function_hooks(types.get());
  if (!facts.capability_bpf || !facts.capability_perfmon) return;
  const int refused = try_tracing_program(types.get(), 0);
  if (refused != EPERM && refused != EACCES) facts.tracing_programs = refused == 0;
}

Check ok(std::string name, std::string sentence) {
  return {std::move(name), Check::Verdict::kOk, std::move(sentence)};
}
Check warning(std::string name, std::string sentence) {
  return {std::move(name), Check::Verdict::kWarning, std::move(sentence)};
}
Check failed(std::string name, std::string sentence) {
  return {std::move(name), Check::Verdict::kFailed, std::move(sentence)};
}

Check judge_capabilities(const KernelFacts& facts) {
  if (facts.capability_bpf && facts.capability_perfmon)
    return ok("capabilities", "CAP_BPF and CAP_PERFMON are there");
  std::string missing;
  if (!facts.capability_bpf) missing = "CAP_BPF";
  if (!facts.capability_perfmon) missing += missing.empty() ? "CAP_PERFMON" : " and CAP_PERFMON";
  return failed("capabilities",
                fmt::format("{} missing: run saker as root, or give the container these capabilities "
                            "(SYS_ADMIN covers both)",
                            missing + (missing.size() > 12 ? " are" : " is")));
}

Check judge_lockdown(const KernelFacts& facts) {
  if (facts.lockdown == "confidentiality") {
    return failed(
        "lockdown",
        "kernel lockdown is at 'confidentiality', which forbids programs to read kernel memory: boot "
        "with lockdown=integrity or none");
  }
  return ok("lockdown", facts.lockdown.empty() ? "not in use" : fmt::format("'{}'", facts.lockdown));
}

Check judge_ring_buffer(const KernelFacts& facts) {
  if (!facts.ring_buffer) return warning("ring buffer", "could not be tried without the capabilities above");
  if (*facts.ring_buffer) return ok("ring buffer", "supported");
  return failed("ring buffer", "this kernel has no BPF ring buffer: Linux 5.8 or newer is needed");
}

Check judge_tracing(const KernelFacts& facts) {
  if (!facts.missing_tracepoints.empty()) {
    return failed("tracepoints",
                  fmt::format("this kernel lacks the tracepoint {}: it needs CONFIG_FTRACE_SYSCALLS and "
                              "CONFIG_CGROUPS",
                              fmt::join(facts.missing_tracepoints, ", ")));
  }
  if (!facts.tracing_programs)
    return warning("tracepoints", "could not be tried without the capabilities above");
  if (!*facts.tracing_programs) {
    return failed("tracepoints",
                  "this kernel has no typed tracepoint programs: Linux 5.5 or newer with "
                  "CONFIG_DEBUG_INFO_BTF is needed");
  }
  return ok("tracepoints", "all required ones are there");
}

Check judge_cgroups(const KernelFacts& facts) {
  if (facts.cgroup_layout == "none") {
    return warning("cgroups", "no cgroup hierarchy is mounted: every process counts as running on the host");
  }
  return ok("cgroups", facts.cgroup_layout);
}

}  // namespace

const Check* Diagnosis::first_failure() const {
  for (const Check& check : checks) {
    if (check.verdict == Check::Verdict::kFailed) return &check;
  }
  return nullptr;
}

KernelFacts gather_facts() {
  libbpf_set_print(quiet);
  KernelFacts facts;
  utsname name{};
  if (uname(&name) == 0) facts.release = name.release;
  facts.capability_bpf = has_capability(kCapBpf) || has_capability(kCapSysAdmin);
  facts.capability_perfmon = has_capability(kCapPerfmon) || has_capability(kCapSysAdmin);
  facts.lockdown = lockdown_level();
  facts.bpf_syscall = !(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, nullptr, 0) < 0 && errno == ENOSYS);
  gather_from_btf(facts);
  if (facts.capability_bpf && facts.capability_perfmon) {
    facts.ring_buffer = as_answer(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, nullptr));
  }
  facts.cgroup_layout = cgroup_layout_name(read_cgroup_layout());
  return facts;
}

Diagnosis judge(const KernelFacts& facts) {
  Diagnosis diagnosis;
  auto& checks = diagnosis.checks;
  checks.push_back(ok("kernel", facts.release));
  checks.push_back(
      facts.bpf_syscall
          ? ok("bpf", "the system call is there")
          : failed("bpf", "the bpf() system call does not exist: the kernel needs CONFIG_BPF_SYSCALL"));
  checks.push_back(judge_capabilities(facts));
  checks.push_back(judge_lockdown(facts));
  checks.push_back(facts.btf
                       ? ok("type information", "the kernel brings BTF")
                       : failed("type information",
                                "the kernel brings no BTF (/sys/kernel/btf/vmlinux is missing): it needs "
                                "CONFIG_DEBUG_INFO_BTF=y, as every current distribution kernel has"));
  checks.push_back(judge_ring_buffer(facts));
  if (facts.btf) checks.push_back(judge_tracing(facts));
  checks.push_back(
      facts.typed_reads
          ? ok("typed reads", "bpf_rdonly_cast is there")
          : warning("typed reads", "no bpf_rdonly_cast before Linux 6.2: records cost more to make"));
  checks.push_back(
      facts.ring_requests
          ? ok("io_uring", "its requests are seen as the calls that they stand for")
          : warning("io_uring", "no tracepoints that tell of its requests (Linux 6.0): they go unseen"));
  // No warning: what takes their place sees the same.
  checks.push_back(
      ok("call hooks", facts.no_functions.empty()
                           ? "functions can be hooked, so that calls that no rule wants cost nothing"
                           : fmt::format("tracepoints, which all calls pay for: {}", facts.no_functions)));
  checks.push_back(judge_cgroups(facts));
  return diagnosis;
}

}  // namespace saker::capture
