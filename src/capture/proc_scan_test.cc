#include "capture/proc_scan.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/fd.h"

namespace saker::capture {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::ElementsAre;

// A folder that looks like /proc.
class FakeProc {
 public:
  FakeProc() {
    std::string name = testing::TempDir() + "procXXXXXX";
    root_ = mkdtemp(name.data());
  }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;
  ~FakeProc() { fs::remove_all(root_); }

  std::string path(const std::string& name = "") const { return root_ / name; }

  void write(const std::string& name, const std::string& content) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << content;
  }
  void link(const std::string& name, const std::string& target) const {
    fs::create_symlink(target, root_ / name);
  }

  // The two files without which there is no process.
  void add(std::uint32_t pid, std::uint32_t parent, const std::string& comm, std::uint64_t start = 100,
           char state = 'S', std::uint32_t threads = 1, const std::string& status = "") const {
    const std::string folder = std::to_string(pid);
    write(folder + "/stat", folder + " (" + comm + ") " + state + " " + std::to_string(parent) +
                                " 31 32 34816 77 4194560 1 2 3 4 5 6 7 8 20 0 " + std::to_string(threads) +
                                " 0 " + std::to_string(start) + " 1000 200 18446744073709551615 1 1 0\n");
    write(folder + "/status", status);
  }

 private:
  fs::path root_;
};

struct Scan {
  state::ProcessTable table{{}};
  std::size_t count = 0;
  std::vector<std::string> cgroups;

  explicit Scan(const std::string& root) {
    const auto found =
        scan_processes(root, table, [this](const state::ScannedProcess& process, const ProcCgroup& cgroup) {
          cgroups.push_back(std::to_string(process.id.tgid) + " " + std::to_string(cgroup.hierarchy) + " " +
                            std::string(cgroup.controllers) + " " + std::string(cgroup.path));
        });
    EXPECT_TRUE(found);
    count = found.value_or(0);
  }
  const state::Process* operator[](std::uint32_t pid) const { return table.find_pid(pid); }
};

TEST(ProcScan, AProcessIsReadWhole) {
  const FakeProc proc;
  proc.add(40, 1, "web server) (x", 123456, 'S', 3,
           "Name:\tweb\nUmask:\t0022\nUid:\t1000\t1001\t1002\t1003\nGid:\t50\t51\t52\t53\nNStgid:"
           "\t40\t7\nNSpid:\t40\t7\n"
           "NSpgid:\t31\t5\nNSsid:\t32\t1\nCapInh:\t0000000000000001\nCapPrm:\t000001ffffffffff\n"
           "CapEff:\t00000000a80425fb\n");
  proc.write("40/cmdline",
             "/usr/bin/web\0--port\0"
             "80\0"s);
  proc.write("40/loginuid", "1000");
  proc.write("40/cgroup", "12:cpu,cpuacct:/a:b\nbroken\n0::/kubepods/x\n");
  proc.write("program", "text");
  proc.link("40/exe", proc.path("program"));
  proc.link("40/cwd", "/srv");
  for (const auto& [name, number] :
       {std::pair("mnt", "11"), {"pid", "12"}, {"net", "13"}, {"user", "4026531837"}}) {
    fs::create_directories(proc.path("40/ns"));
    proc.link("40/ns/"s + name, name + ":["s + number + "]");
  }

  const Scan scan(proc.path());
  EXPECT_EQ(scan.count, 1U);
  const state::Process* process = scan[40];
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(process->id, (event::ProcessId{40, 1'234'560'000'000}));
  EXPECT_FALSE(process->exact_start);
  EXPECT_TRUE(process->alive);
  EXPECT_EQ(process->comm(), "web server) (x");
  EXPECT_EQ(process->args(),
            "/usr/bin/web\0--port\0"
            "80\0"s);
  EXPECT_EQ(process->program->args_bytes(), 23U);
  EXPECT_FALSE(process->program->args_truncated());
  EXPECT_EQ(process->exepath(), proc.path("program"));
  EXPECT_EQ(process->cwd(), "/srv");
  EXPECT_EQ(process->group, 31U);
  EXPECT_EQ(process->session, 32U);
  EXPECT_EQ(process->pid_ns, 12U);
  EXPECT_THAT(scan.cgroups, ElementsAre("40 12 cpu,cpuacct /a:b", "40 0  /kubepods/x"));
}

TEST(ProcScan, NamesOfEveryKind) {
  struct Row {
    std::string comm, want;
  };
  const Row kRows[] = {
      {"sh", "sh"},
      {"", ""},
      {"two words", "two words"},
      {"a) S 1 (b", "a) S 1 (b"},
      {"))((", "))(("},
      {"new\nline", "new\nline"},
      {"kworker/u8:1-kvfree_rcu_reclaim", "kworker/u8:1-kv"},
  };
  for (const Row& row : kRows) {
    const FakeProc proc;
    proc.add(2, 0, row.comm);
    const Scan scan(proc.path());
    ASSERT_NE(scan[2], nullptr) << row.comm;
    EXPECT_EQ(scan[2]->comm(), row.want);
  }
}

TEST(ProcScan, BrokenRowsAreLeftOut) {
  constexpr const char* kStats[] = {
      "",
      "5",
      "5 (a",
      "5 a) S 1",
      "5 (a)",
      "5 (a) S",
      "5 (a) S 1 2 3 0 5 6 7 8 9 10 11 12 13 14 15 16 1 0",  // ends before the start time
      "5 (a) S 1 2 3 0 5 6 7 8 9 10 11 12 13 14 15 16 1 0 x",
      "5 (a) S -1 2 3 0 5 6 7 8 9 10 11 12 13 14 15 16 1 0 100",
      "5 (a) S 1 2 3 0 5 6 7 8 9 10 11 12 13 14 15 16 1 0 99999999999999999999",
  };
  for (const char* stat : kStats) {
    const FakeProc proc;
    proc.add(7, 1, "whole");
    proc.write("5/stat", stat);
    proc.write("5/status", "");
    const Scan scan(proc.path());
    EXPECT_EQ(scan.count, 1U) << stat;
    EXPECT_EQ(scan[5], nullptr) << stat;
  }
}

TEST(ProcScan, WhatVanishesMeanwhileIsLeftOut) {
  const FakeProc proc;
  proc.add(7, 1, "whole");
  fs::create_directories(proc.path("8"));                                    // gone before its stat
  proc.write("9/stat", "9 (half) S 1 2 3 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 5");  // gone after it
  proc.write("self/stat", "1 (a) S 1");
  proc.write("00x/stat", "");
  proc.write("uptime", "1 1");
  EXPECT_EQ(Scan(proc.path()).count, 1U);
}

TEST(ProcScan, TheDeadAreLeftOut) {
  const FakeProc proc;
  proc.add(5, 1, "zombie", 100, 'Z');
  proc.add(6, 1, "dead", 100, 'X');
  proc.add(7, 1, "threads", 100, 'Z', 2);  // only its first thread has ended
  const Scan scan(proc.path());
  EXPECT_EQ(scan.count, 1U);
  EXPECT_NE(scan[7], nullptr);
}

TEST(ProcScan, ParentsAreLinkedWhateverTheOrder) {
  const FakeProc proc;
  proc.add(900, 0, "init", 1, 'S', 1, "NStgid:\t900\t1\n");
  proc.add(30, 900, "shell", 50);
  proc.add(4, 30, "child", 50);  // in the same tick as its parent
  proc.add(3, 12, "orphan", 60);
  proc.add(2, 30, "older", 40);  // than the one that has its parent's number now
  proc.add(101, 102, "loop", 70);
  proc.add(102, 101, "loop", 70);
  const Scan scan(proc.path());
  EXPECT_EQ(scan.count, 7U);
  struct Row {
    std::uint32_t pid, parent;
  };
  for (const Row& row : {Row{4, 30}, {30, 900}, {900, 0}, {3, 0}, {2, 0}}) {
    const state::Process* parent = scan.table.parent_of(*scan[row.pid]);
    EXPECT_EQ(parent == nullptr ? 0 : parent->id.tgid, row.parent) << row.pid;
  }
  EXPECT_EQ(scan[30]->parent, scan[900]->id);
}

TEST(ProcScan, ArgumentsAreBounded) {
  struct Row {
    std::string cmdline;
    std::size_t kept, whole;
    bool truncated;
  };
  const Row kRows[] = {
      {"", 0, 0, false},
      {"a\0"s, 2, 2, false},
      {"nginx: master process", 22, 22, false},  // a title, ended here
      {std::string(4096, 'x'), 4097, 4097, false},
      {std::string(4097, 'x'), 4096, 4097, true},
      {std::string(100'000, 'x'), 4096, 100'000, true},
  };
  for (const Row& row : kRows) {
    const FakeProc proc;
    proc.add(5, 1, "a");
    proc.write("5/cmdline", row.cmdline);
    const Scan scan(proc.path());
    SCOPED_TRACE(row.cmdline.size());
    EXPECT_EQ(scan[5]->args().size(), row.kept);
    EXPECT_EQ(scan[5]->program->args_bytes(), row.whole);
    EXPECT_EQ(scan[5]->program->args_truncated(), row.truncated);
  }
}

TEST(ProcScan, TheProgramFile) {
  struct Row {
    mode_t mode;
    std::string status;
    bool writable;
  };
  const std::string mine =
      "Uid:\t0\t" + std::to_string(getuid()) + "\nGid:\t0\t" + std::to_string(getgid()) + "\n";
  const std::string other = "Uid:\t0\t12345\nGid:\t0\t12345\n";
  const Row kRows[] = {
      {0555, mine, false}, {0755, mine, true},   {0575, mine, true},
      {0757, other, true}, {0775, other, false}, {0555, other + "CapEff:\t0000000000000002\n", true},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.status + std::to_string(row.mode));
    const FakeProc proc;
    proc.add(5, 1, "a", 100, 'S', 1, row.status);
    proc.write("program", "text");
    proc.link("5/exe", proc.path("program"));
    chmod(proc.path("program").c_str(), row.mode);
    struct stat file{};
    ASSERT_EQ(stat(proc.path("program").c_str(), &file), 0);
    const Scan scan(proc.path());
    if (scan[5]->program->exe_file() == nullptr) GTEST_SKIP() << "the temporary directory is on an overlay";
    EXPECT_EQ(scan[5]->program->exe_file()->ino, file.st_ino);
    EXPECT_EQ(scan[5]->program->exe_file()->dev, file.st_dev);
    EXPECT_EQ(scan[5]->program->exe_file()->mtime_ns / 1'000'000'000,
              static_cast<std::uint64_t>(file.st_mtim.tv_sec));
    EXPECT_GE(scan[5]->program->exe_file()->ctime_ns, scan[5]->program->exe_file()->mtime_ns);
    EXPECT_EQ(scan[5]->program->exe_file()->writable, row.writable);
    EXPECT_FALSE(scan[5]->program->exe_file()->from_memfd);
  }
}

TEST(ProcScan, EnvironmentsAreReadAFewAtATime) {
  const FakeProc proc;
  for (const std::uint32_t pid : {5U, 6U, 7U}) {
    proc.add(pid, 1, "a");
    proc.write(std::to_string(pid) + "/environ", "PID=" + std::to_string(pid) + "\0"s);
  }
  Scan scan(proc.path());
  std::vector<event::ProcessId> of = scan.table.living();
  EXPECT_EQ(of.size(), 3U);
  read_environments(proc.path(), 2, of, scan.table);
  ASSERT_EQ(of.size(), 1U);
  const std::uint32_t last = of[0].tgid;
  for (const std::uint32_t pid : {5U, 6U, 7U})
    EXPECT_EQ(scan[pid]->environment().has_value(), pid != last) << pid;
  // Gone meanwhile, its number given to another.
  proc.add(last, 1, "b", 200);
  read_environments(proc.path(), 100, of, scan.table);
  EXPECT_TRUE(of.empty());
  EXPECT_FALSE(scan[last]->environment());
  // What is known is not read again.
  of = scan.table.living();
  proc.write("5/environ", "PID=other\0"s);
  read_environments(proc.path(), 100, of, scan.table);
  if (last != 5) {
    EXPECT_EQ(scan[5]->environment(), "PID=5\0"s);
  }
}

TEST(ProcScan, AFolderThatIsNotThereIsAnError) {
  state::ProcessTable table({});
  const auto found = scan_processes("/nonexistent/proc", table);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, testing::HasSubstr("/nonexistent/proc"));
}

// A living child in the real /proc, run from an unlinked memfd so that its links carry the kernel's marks.
class RealChild {
 public:
  RealChild() {
    const UniqueFd memory(memfd_create("hidden", MFD_CLOEXEC));
    std::ifstream program("/bin/sleep", std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(program)), {});
    EXPECT_EQ(::write(memory.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    const std::string path = "/proc/self/fd/" + std::to_string(memory.get());
    // Returns in the parent once the child has executed: vfork shares memory until then.
    pid_ = vfork();
    if (pid_ == 0) {
      execl(path.c_str(), "a name", "60", static_cast<char*>(nullptr));
      _exit(127);
    }
  }
  RealChild(const RealChild&) = delete;
  RealChild& operator=(const RealChild&) = delete;
  ~RealChild() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }

 private:
  pid_t pid_ = -1;
};

TEST(ProcScan, TheRealProc) {
  const RealChild child;
  const Scan scan("/proc");
  const state::Process* self = scan[static_cast<std::uint32_t>(getpid())];
  ASSERT_NE(self, nullptr);
  EXPECT_EQ(self->exepath(), fs::read_symlink("/proc/self/exe").string());
  EXPECT_EQ(self->cwd(), fs::current_path().string());
  EXPECT_NE(self->pid_ns, 0U);
  EXPECT_GT(self->id.start_ns, 0U);
  EXPECT_FALSE(scan.cgroups.empty());

  const state::Process* process = scan[child.pid()];
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(scan.table.parent_of(*process), self);
  EXPECT_EQ(process->args(),
            "a name\0"
            "60\0"s);
  EXPECT_EQ(process->exepath(), "memfd:hidden");
  ASSERT_NE(process->program->exe_file(), nullptr);
  EXPECT_TRUE(process->program->exe_file()->from_memfd);
}

}  // namespace
}  // namespace saker::capture
