#include "bench/record_stream.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "event/schema.h"
#include "event/types.h"
#include "wire/records.h"

namespace saker::bench {
namespace {

constexpr std::size_t kContainers = 24;
constexpr std::size_t kProcesses = 400;
constexpr std::size_t kManagers = 40;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kHostCgroup = 1;

constexpr std::array<std::string_view, 12> kPrograms = {
    "/usr/bin/python3.11",  "/usr/bin/node",          "/usr/lib/postgresql/15/bin/postgres",
    "/usr/sbin/nginx",      "/usr/bin/redis-server",  "/usr/lib/jvm/java-17/bin/java",
    "/usr/local/bin/envoy", "/usr/local/bin/coredns", "/usr/bin/containerd",
    "/usr/bin/curl",        "/usr/bin/ffmpeg",        "/usr/bin/gcc"};

// What services write to.
constexpr std::array<std::string_view, 4> kWritten = {"/var/lib/postgresql/data/base/16384/2619",
                                                      "/var/lib/app/data/segment-000042.log",
                                                      "/tmp/cache-entry", "/var/log/app/access.log"};

constexpr std::array<std::string_view, 14> kFiles = {
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
    "/usr/lib/python3.11/site-packages/requests/__pycache__/models.cpython-311.pyc",
    "/usr/share/zoneinfo/UTC",
    "/proc/self/status",
    "/sys/fs/cgroup/memory.stat",
    "/app/node_modules/express/lib/router/index.js",
    "/var/lib/postgresql/data/base/16384/2619",
    "/var/lib/app/data/segment-000042.log",
    "/dev/null",
    "/etc/ld.so.cache",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/tmp/cache-entry"};

}  // namespace

class RecordWriter {
 public:
  RecordWriter(RecordStream& stream, std::uint32_t seed) : stream_(stream), random_(seed) {}

  void write(std::size_t records) {
    cgroup(kHostCgroup, "/system.slice");
    for (std::size_t i = 0; i < kContainers; ++i)
      cgroup(2 + i,
             fmt::format("/kubepods.slice/kubepods-pod{0:032x}.slice/cri-containerd-{0:064x}.scope", i + 1));
    start(1, 0, kHostCgroup, "/usr/lib/systemd/systemd");
    while (processes_.size() < kProcesses) spawn();
    stream_.preamble_ = stream_.size();
    while (stream_.size() < records) next();
  }

 private:
  struct Running {
    std::uint32_t pid = 0;
    std::uint32_t parent = 0;
    std::uint64_t start_ns = 0, parent_start_ns = 0;
    std::uint64_t cgroup = 0;
    std::string comm;
  };

  std::uint32_t below(std::size_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  void begin(const void* fixed, std::size_t size) {
    stream_.starts_.push_back(stream_.bytes_.size());
    append(fixed, size);
  }
  void append(const void* data, std::size_t size) {
    const auto* from = static_cast<const std::byte*>(data);
    stream_.bytes_.insert(stream_.bytes_.end(), from, from + size);
  }
  void part(std::uint8_t kind, std::string_view text, std::uint8_t argument = 0) {
    const saker_part head{kind, argument, 0, static_cast<std::uint32_t>(text.size())};
    append(&head, sizeof(head));
    append(text.data(), text.size());
  }
  void end() {
    const std::size_t start = stream_.starts_.back();
    const auto size = static_cast<std::uint32_t>(stream_.bytes_.size() - start);
    std::memcpy(stream_.bytes_.data() + start, &size, sizeof(size));
  }

  template <class Record>
  Record make(saker_record_type type, event::TypeId event, const Running& process) {
    Record record{};
    now_ns_ += 20'000;
    record.header.type = static_cast<__u16>(type);
    record.header.event = event;
    record.header.time_ns = now_ns_;
    record.header.cpu = below(2);
    record.header.tid = process.pid;
    saker_task& task = record.task;
    task.tgid = process.pid;
    task.start_ns = process.start_ns;
    task.parent_tgid = process.parent;
    task.parent_start_ns = process.parent_start_ns;
    task.vtid = task.vtgid = process.cgroup == kHostCgroup ? process.pid : 2 + process.pid % 97;
    task.cgroup_v2 = process.cgroup;
    task.session = task.group = task.vsession = task.vgroup = process.pid;
    task.loginuid = UINT32_MAX;
    task.flags = SAKER_TASK_MAIN_THREAD;
    process.comm.copy(task.comm, sizeof(task.comm) - 1);
    return record;
  }

  void cgroup(std::uint64_t key, std::string_view path) {
    saker_cgroup_record record{};
    record.header.type = SAKER_RECORD_CGROUP;
    record.key = key;
    record.op = SAKER_CGROUP_SEEN;
    begin(&record, sizeof(record));
    part(SAKER_PART_CGROUP, path);
    end();
  }

  void fork(const Running& child) {
    auto record = make<saker_fork_record>(SAKER_RECORD_FORK, SAKER_EVENT_CLONE, child);
    record.creator_tgid = child.parent;
    record.creator_start_ns = child.parent_start_ns;
    begin(&record, sizeof(record));
    end();
  }

  void exec(const Running& process, std::string_view program) {
    auto record = make<saker_exec_record>(SAKER_RECORD_EXEC, SAKER_EVENT_EXECVE, process);
    const std::string args =
        fmt::format("{}{}--config{}/etc/app/config-{}.yaml{}", program, '\0', '\0', process.pid % 50, '\0');
    record.argc = 3;
    record.args_bytes = static_cast<__u32>(args.size());
    record.exe_ino = 1000 + process.pid % 100;
    begin(&record, sizeof(record));
    part(SAKER_PART_NAME, program);
    part(SAKER_PART_EXE, program);
    part(SAKER_PART_CWD, "/app");
    part(SAKER_PART_ARGS, args);
    end();
  }

  void start(std::uint32_t pid, std::size_t parent, std::uint64_t cgroup, std::string_view program) {
    Running process;
    process.pid = pid;
    if (!processes_.empty()) {
      process.parent = processes_[parent].pid;
      process.parent_start_ns = processes_[parent].start_ns;
    }
    process.start_ns = now_ns_ += 11'000'000;
    process.cgroup = cgroup;
    process.comm = std::string(program.substr(program.rfind('/') + 1).substr(0, 15));
    processes_.push_back(process);
    fork(process);
    exec(process, program);
  }

  void spawn() {
    const std::uint64_t cgroup = below(2) == 0 ? kHostCgroup : 2 + below(kContainers);
    // All are children of service managers: what a database starts is another matter to some rules.
    start(next_pid_++, below(std::min<std::size_t>(processes_.size(), kManagers)), cgroup,
          processes_.size() < kManagers ? "/usr/bin/containerd-shim" : kPrograms[below(kPrograms.size())]);
  }

  void stop(std::size_t which) {
    auto record = make<saker_exit_record>(SAKER_RECORD_EXIT, SAKER_EVENT_PROCEXIT, processes_[which]);
    begin(&record, sizeof(record));
    end();
    processes_.erase(processes_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void open(const Running& process, bool fails) {
    auto record = make<saker_file_record>(SAKER_RECORD_FILE, SAKER_EVENT_OPENAT, process);
    const bool writes = below(12) == 0;
    std::string path(writes ? kWritten[below(kWritten.size())] : kFiles[below(kFiles.size())]);
    if (below(3) == 0) path += fmt::format("-{}", below(5000));
    record.result = fails ? -ENOENT : 3 + below(60);
    record.dirfd = -100;
    record.flags = O_CLOEXEC | (writes ? O_WRONLY | O_CREAT : O_RDONLY);
    record.ino = fails ? 0 : 10'000 + below(50'000);
    record.dev = 0x801;
    record.inode_mode = fails ? 0 : 0100644;
    begin(&record, sizeof(record));
    part(SAKER_PART_NAME, path);
    if (!fails) part(SAKER_PART_RESOLVED, path);
    part(SAKER_PART_CWD, "/app");
    end();
  }

  saker_call_record call(std::string_view name, const Running& process, std::int64_t result) {
    auto record = make<saker_call_record>(SAKER_RECORD_CALL, event::find_type(name).value(), process);
    record.result = result;
    return record;
  }

  void connection(std::string_view name, const Running& process, std::uint8_t place) {
    saker_call_record record = call(name, process, name == "connect" ? 0 : 120);
    saker_descriptor socket{};
    socket.fd = static_cast<__s32>(5 + below(40));
    record.arguments[0] = static_cast<__u64>(socket.fd);
    socket.kind = SAKER_DESCRIPTOR_SOCKET;
    socket.family = AF_INET;
    socket.ino = 1'000'000 + below(2000);
    socket.inode_mode = 0140777;
    socket.type = SOCK_STREAM;
    socket.protocol = IPPROTO_TCP;
    socket.state = TCP_ESTABLISHED;
    socket.local_port = static_cast<__u16>(32768 + below(20000));
    socket.remote_port = 5432;
    const std::array<__u8, 4> local = {10, 42, 0, 5}, remote = {10, 43, 0, static_cast<__u8>(below(250))};
    std::ranges::copy(local, socket.local);
    std::ranges::copy(remote, socket.remote);
    begin(&record, sizeof(record));
    part(SAKER_PART_DESCRIPTOR, {reinterpret_cast<const char*>(&socket), sizeof(socket)}, place);
    if (name != "connect") part(SAKER_PART_ARGUMENT, "SELECT * FROM accounts WHERE id = $1", 1);
    end();
  }

  void path_call(std::string_view name, const Running& process) {
    saker_call_record record = call(name, process, 0);
    const std::string path = fmt::format("/var/lib/app/data/segment-{:06}.log", below(9000));
    begin(&record, sizeof(record));
    part(SAKER_PART_ARGUMENT, path, 0);
    if (name == "rename") part(SAKER_PART_ARGUMENT, path + ".old", 1);
    part(SAKER_PART_CWD, "/app");
    end();
  }

  void duplicate(const Running& process) {
    saker_call_record record = call("dup2", process, 7);
    saker_descriptor pipe{};
    pipe.fd = 7;
    pipe.kind = SAKER_DESCRIPTOR_PIPE;
    begin(&record, sizeof(record));
    part(SAKER_PART_DESCRIPTOR, {reinterpret_cast<const char*>(&pipe), sizeof(pipe)}, SAKER_RESULT);
    end();
  }

  // Of a hundred records: 60 opens (8 fail), 22 on sockets, 9 of processes, 9 of the rest.
  void next() {
    // The first is the init of the machine, which some rules watch more closely.
    const std::size_t which = 1 + below(processes_.size() - 1);
    const Running process = processes_[which];
    const std::uint32_t dice = below(100);
    if (dice < 60) return open(process, dice < 8);
    if (dice < 72) return connection("recvfrom", process, 0);
    if (dice < 80) return connection("sendto", process, 0);
    if (dice < 82) return connection("connect", process, 0);
    if (dice < 85) return spawn();
    if (dice < 91) return processes_.size() > kProcesses / 2 && which > kManagers ? stop(which) : spawn();
    if (dice < 94) return path_call("unlink", process);
    if (dice < 96) return path_call("rename", process);
    return duplicate(process);
  }

  RecordStream& stream_;
  std::mt19937 random_;
  std::vector<Running> processes_;
  std::uint32_t next_pid_ = 100;
  std::uint64_t now_ns_ = 1000 * kSecond;
};

RecordStream::RecordStream(std::size_t records, std::uint32_t seed) {
  RecordWriter(*this, seed).write(records);
}

}  // namespace saker::bench
