// workload: loops that are timed with and without the agent. Prints nanoseconds an iteration,
// on the clock and of CPU.
//
//   workload getppid COUNT            a system call that no rule wants
//   workload open COUNT PATH          open and close a file
//   workload exec COUNT               fork, exec /bin/true, wait
//   workload tcp COUNT                connect to itself, accept, close
//   workload floor sys_exit           attaches an empty program to sys_exit and waits for end of input
//   workload floor CALL...            the same with one at the end of each of these calls
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

double cpu_ns() {
  rusage children{};
  getrusage(RUSAGE_CHILDREN, &children);
  timespec own{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  const auto ns = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_usec) * 1e3;
  };
  return ns(children.ru_utime) + ns(children.ru_stime) + static_cast<double>(own.tv_sec) * 1e9 +
         static_cast<double>(own.tv_nsec);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Prints the median of a few stretches: nanoseconds on the clock and of CPU, an iteration. The second does
// not mind who else uses the machine.
template <class Action>
int time_loop(std::uint64_t count, Action action) {
  constexpr std::uint64_t kStretches = 20;
  const std::uint64_t each = count / kStretches + 1;
  for (std::uint64_t i = 0; i < each; ++i) action();  // warm caches
  std::vector<double> wall, cpu;
  for (std::uint64_t stretch = 0; stretch < kStretches; ++stretch) {
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_begin = cpu_ns();
    for (std::uint64_t i = 0; i < each; ++i) action();
    cpu.push_back((cpu_ns() - cpu_begin) / static_cast<double>(each));
    const auto taken = std::chrono::steady_clock::now() - begin;
    wall.push_back(std::chrono::duration<double, std::nano>(taken).count() / static_cast<double>(each));
  }
  std::printf("%.2f %.2f\n", median(wall), median(cpu));
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

// Connects to itself.
int tcp(std::uint64_t count) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, generic, size) != 0 || listen(listener, 16) != 0 ||
      getsockname(listener, generic, &size) != 0)
    return 1;
  return time_loop(count, [&] {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(client, generic, size) != 0) std::abort();
    close(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    close(client);
  });
}

constexpr bpf_insn kEmpty[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};

bool hook_all_calls() {
  btf* types = btf__load_vmlinux_btf();
  if (libbpf_get_error(types) != 0) return false;
  bpf_prog_load_opts options{};
  options.sz = sizeof(options);
  options.expected_attach_type = BPF_TRACE_RAW_TP;
  options.attach_btf_id =
      static_cast<__u32>(btf__find_by_name_kind(types, "btf_trace_sys_exit", BTF_KIND_TYPEDEF));
  const int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "floor", "GPL", kEmpty, std::size(kEmpty), &options);
  return fd >= 0 && bpf_raw_tracepoint_open(nullptr, fd) >= 0;
}

// Needs the tracing file system where it is as a rule.
bool hook_call(const std::string& call) {
  const std::string path = "/sys/kernel/tracing/events/syscalls/sys_exit_" + call + "/id";
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) return false;
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_TRACEPOINT;
  const bool read = std::fscanf(file, "%llu", &attributes.config) == 1;
  std::fclose(file);
  if (!read) return false;
  const int program =
      bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "floor", "GPL", kEmpty, std::size(kEmpty), nullptr);
  const auto event =
      static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC));
  return program >= 0 && event >= 0 && bpf_link_create(program, event, BPF_PERF_EVENT, nullptr) >= 0;
}

// What any program at these hooks costs at least.
int floor_until_eof(std::span<char*> hooks) {
  for (const std::string hook : hooks) {
    if (!(hook == "sys_exit" ? hook_all_calls() : hook_call(hook))) return 1;
  }
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
  if (what == "tcp" && count > 0) return tcp(count);
  if (what == "exec" && count > 0) return time_loop(count, fork_exec);
  if (what == "floor") return floor_until_eof({argv + 2, argv + argc});
  std::fprintf(stderr,
               "usage: workload getppid COUNT | open COUNT PATH | exec COUNT | tcp COUNT | floor HOOK...\n");
  return 2;
}
