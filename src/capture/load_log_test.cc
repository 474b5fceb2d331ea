#include "capture/load_log.h"

#include <gtest/gtest.h>

namespace saker::capture {
namespace {

// As libbpf 1.1 says it, of Linux 6.1.
TEST(LoadLog, ARefusalNamesProgramVerdictInstructionAndLine) {
  LoadLog log;
  log.add("libbpf: prog 'cgroup_mkdir': BPF program load failed: Permission denied\n");
  log.add(
      "libbpf: prog 'cgroup_mkdir': -- BEGIN PROG LOAD LOG --\n"
      "func#0 @0\n"
      "; size = s->used;\n"
      "403: (79) r2 = *(u64 *)(r10 -64)      ; R2_w=map_value(off=0,ks=4,vs=54728,imm=0) R10=fp0\n"
      "; if (bpf_ringbuf_output(ring, s->record, size, flags)) {\n"
      "404: (bf) r3 = r6                     ; R3_w=scalar(id=81,umax=4294967295)\n"
      "; \n"
      "405: (85) call bpf_ringbuf_output#130\n"
      "R3 unbounded memory access, use 'var &= const' or 'if (var < const)'\n"
      "processed 2061 insns (limit 1000000) max_states_per_insn 4 total_states 53 peak_states 53 mark_read "
      "39\n"
      "-- END PROG LOAD LOG --\n");
  log.add("libbpf: prog 'cgroup_mkdir': failed to load: -13\n");
  log.add("libbpf: failed to load object 'saker_probe'\n");
  EXPECT_EQ(log.reason(),
            "program cgroup_mkdir: R3 unbounded memory access, use 'var &= const' or 'if (var < const)', at "
            "405: (85) call "
            "bpf_ringbuf_output#130, of `if (bpf_ringbuf_output(ring, s->record, size, flags)) {`");
  EXPECT_TRUE(log.counts().empty());
}

TEST(LoadLog, CountsOfWhatWasTaken) {
  LoadLog log;
  log.add(
      "libbpf: prog 'process_exit': -- BEGIN PROG LOAD LOG --\n"
      "verification time 1834 usec\nstack depth 176+0\n"
      "processed 3213 insns (limit 1000000) max_states_per_insn 4 total_states 199 peak_states 199 mark_read "
      "21\n"
      "-- END PROG LOAD LOG --\n");
  log.add(
      "libbpf: prog 'identify': -- BEGIN PROG LOAD LOG --\nprocessed 77 insns (limit 1000000)\n-- END PROG "
      "LOAD LOG --\n");
  ASSERT_EQ(log.counts().size(), 2U);
  EXPECT_EQ(log.counts()[0].program, "process_exit");
  EXPECT_EQ(log.counts()[0].instructions, 3213U);
  EXPECT_EQ(log.counts()[0].time_us, 1834U);
  EXPECT_EQ(log.counts()[1].program, "identify");
  EXPECT_EQ(log.counts()[1].instructions, 77U);
  EXPECT_EQ(log.counts()[1].time_us, 0U);
  EXPECT_EQ(log.reason(), "");
}

TEST(LoadLog, WithoutAVerifiersWordTheFirstWarningSaysWhy) {
  LoadLog log;
  log.add("libbpf: extern (var ksym) '__per_cpu_offset': not found in kallsyms\n");
  log.add("libbpf: failed to load object 'saker_probe'\n");
  EXPECT_EQ(log.reason(), "extern (var ksym) '__per_cpu_offset': not found in kallsyms");
}

TEST(LoadLog, OddMessagesAreTakenAsTheyAre) {
  for (const char* odd : {"", "libbpf: ", "libbpf: prog '", "libbpf: prog 'x': -- BEGIN PROG LOAD LOG --\n",
                          "-- BEGIN PROG LOAD LOG --\n\n\n-- END PROG LOAD LOG --",
                          "libbpf: prog 'x': BPF program load failed"}) {
    LoadLog log;
    log.add(odd);
    log.add(odd);
    EXPECT_TRUE(log.counts().empty()) << odd;
  }
}

}  // namespace
}  // namespace saker::capture
