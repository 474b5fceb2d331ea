// Can this kernel run the probe? Asked by `saker doctor`, and by the agent before it judges anything.
//
// Facts are gathered (gather_facts, touches the host) and then judged (judge, pure), so that every sentence
// can be tested without the kernel that deserves it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace saker::capture {

struct KernelFacts {
  std::string release;              // uname -r
  bool btf = false;                 // the kernel tells its types
  bool capability_bpf = false;      // CAP_BPF or CAP_SYS_ADMIN
  bool capability_perfmon = false;  // CAP_PERFMON or CAP_SYS_ADMIN
  std::string lockdown;             // "", "none", "integrity", "confidentiality"
  bool bpf_syscall = true;          // false: refused for everybody (no CONFIG_BPF_SYSCALL, seccomp)
  std::optional<bool> ring_buffer;  // unset: could not be asked (no permission)
  std::optional<bool> tracing_programs;
  std::vector<std::string> missing_tracepoints;  // required ones
  bool typed_reads = false;                      // bpf_rdonly_cast, 6.2: the fast way to follow pointers
  bool ring_requests = false;                    // io_uring tells of its requests
  std::string no_functions;                      // why functions cannot be hooked; empty where they can
  std::string cgroup_layout;                     // "v2", "v1", "hybrid", "none"
};

struct Check {
  enum class Verdict { kOk, kWarning, kFailed };
  std::string name;
  Verdict verdict = Verdict::kOk;
  std::string sentence;  // what is there, or what is missing and what would help
};

struct Diagnosis {
  std::vector<Check> checks;

  bool can_run() const { return first_failure() == nullptr; }
  const Check* first_failure() const;
};

// Reads /proc and /sys and asks the kernel for trial maps and programs; needs no privilege to answer.
KernelFacts gather_facts();
Diagnosis judge(const KernelFacts& facts);

inline Diagnosis diagnose() { return judge(gather_facts()); }

}  // namespace saker::capture
