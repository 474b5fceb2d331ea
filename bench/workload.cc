// workload: loops that are timed with and without the agent. Prints nanoseconds an iteration.
//
//   workload getppid COUNT            a system call that no rule wants
//   workload open COUNT PATH          open and close a file
//   workload exec COUNT               fork, exec /bin/true, wait
//   workload floor                    attaches an empty program to sys_exit and waits for end of input
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>

namespace {

template <class Action>
int time_loop(std::uint64_t count, Action action) {
  for (std::uint64_t i = 0; i < count / 10; ++i) action();  // warm caches
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < count; ++i) action();
  const auto taken = std::chrono::steady_clock::now() - begin;
  std::printf("%.2f\n", std::chrono::duration<double, std::nano>(taken).count() / static_cast<double>(count));
  return 0;
}

void fork_exec() {
  char name[] = "true";
  char* argv[] = {name, nullptr};
  char* envp[] = {nullptr};
  pid_t pid = 0;
  // vfork-like; the same with and without the agent, which is all that counts here
  if (posix_spawn(&pid, "/bin/true", nullptr, nullptr, argv, envp) == 0) waitpid(pid, nullptr, 0);
}

// What any program on sys_exit costs at least.
int floor_until_eof() {
  btf* types = btf__load_vmlinux_btf();
  if (libbpf_get_error(types) != 0) return 1;
  const bpf_insn program[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  bpf_prog_load_opts options{};
  options.sz = sizeof(options);
  options.expected_attach_type = BPF_TRACE_RAW_TP;
  options.attach_btf_id =
      static_cast<__u32>(btf__find_by_name_kind(types, "btf_trace_sys_exit", BTF_KIND_TYPEDEF));
  const int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "floor", "GPL", program, std::size(program), &options);
  if (fd < 0 || bpf_raw_tracepoint_open(nullptr, fd) < 0) return 1;
  std::printf("ready\n");
  std::fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  if (what == "getppid" && count > 0) return time_loop(count, [] { syscall(SYS_getppid); });
  if (what == "open" && count > 0 && argc > 3) {
    return time_loop(count, [path = argv[3]] { close(open(path, O_RDONLY | O_CLOEXEC)); });
  }
  if (what == "exec" && count > 0) return time_loop(count, fork_exec);
  if (what == "floor") return floor_until_eof();
  std::fprintf(stderr, "usage: workload getppid COUNT | open COUNT PATH | exec COUNT | floor\n");
  return 2;
}
