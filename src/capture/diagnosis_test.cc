#include "capture/diagnosis.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace saker::capture {
namespace {

KernelFacts good_kernel() {
  KernelFacts facts;
  facts.release = "6.17.0";
  facts.btf = true;
  facts.capability_bpf = facts.capability_perfmon = true;
  facts.ring_buffer = facts.tracing_programs = true;
  facts.typed_reads = true;
  facts.ring_requests = true;
  facts.cgroup_layout = "v2";
  return facts;
}

struct Row {
  const char* what;
  void (*spoil)(KernelFacts&);
  const char* check;
  const char* says;  // a part of the sentence: what is missing or what would help
};

const Row kRows[] = {
    {"no bpf()", [](KernelFacts& f) { f.bpf_syscall = false; }, "bpf", "CONFIG_BPF_SYSCALL"},
    {"no CAP_BPF", [](KernelFacts& f) { f.capability_bpf = false; }, "capabilities", "CAP_BPF is missing"},
    {"no CAP_PERFMON", [](KernelFacts& f) { f.capability_perfmon = false; }, "capabilities",
     "CAP_PERFMON is missing"},
    {"neither", [](KernelFacts& f) { f.capability_bpf = f.capability_perfmon = false; }, "capabilities",
     "CAP_BPF and CAP_PERFMON are missing: run saker as root"},
    {"lockdown", [](KernelFacts& f) { f.lockdown = "confidentiality"; }, "lockdown", "lockdown=integrity"},
    {"no BTF", [](KernelFacts& f) { f.btf = false; }, "type information", "CONFIG_DEBUG_INFO_BTF"},
    {"no ring buffer", [](KernelFacts& f) { f.ring_buffer = false; }, "ring buffer", "5.8 or newer"},
    {"no tracing programs", [](KernelFacts& f) { f.tracing_programs = false; }, "tracepoints",
     "5.5 or newer"},
    {"a tracepoint is missing", [](KernelFacts& f) { f.missing_tracepoints = {"cgroup_mkdir"}; },
     "tracepoints", "cgroup_mkdir"},
};

TEST(Diagnosis, AGoodKernelCanRun) {
  const Diagnosis diagnosis = judge(good_kernel());
  EXPECT_TRUE(diagnosis.can_run());
  for (const Check& check : diagnosis.checks) {
    EXPECT_EQ(check.verdict, Check::Verdict::kOk) << check.name << ": " << check.sentence;
  }
}

TEST(Diagnosis, WhatIsMissingIsSaidInOneSentence) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.what);
    KernelFacts facts = good_kernel();
    row.spoil(facts);
    const Diagnosis diagnosis = judge(facts);
    ASSERT_FALSE(diagnosis.can_run());
    EXPECT_EQ(diagnosis.first_failure()->name, row.check);
    EXPECT_NE(diagnosis.first_failure()->sentence.find(row.says), std::string::npos)
        << diagnosis.first_failure()->sentence;
    EXPECT_EQ(diagnosis.first_failure()->sentence.find('\n'), std::string::npos);
  }
}

TEST(Diagnosis, WhatIsOnlyOptionalWarns) {
  KernelFacts facts = good_kernel();
  facts.typed_reads = false;
  facts.ring_requests = false;
  facts.cgroup_layout = "none";
  facts.lockdown = "integrity";
  const Diagnosis diagnosis = judge(facts);
  EXPECT_TRUE(diagnosis.can_run());
  const auto rings = std::ranges::find(diagnosis.checks, "io_uring", &Check::name);
  ASSERT_NE(rings, diagnosis.checks.end());
  EXPECT_EQ(rings->verdict, Check::Verdict::kWarning);
}

TEST(Diagnosis, FactsOfThisMachineAreGatheredWithoutPrivilegeOrCrash) {
  const KernelFacts facts = gather_facts();
  EXPECT_FALSE(facts.release.empty());
  EXPECT_FALSE(judge(facts).checks.empty());
}

}  // namespace
}  // namespace saker::capture
