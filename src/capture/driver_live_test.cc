// The probe in the running kernel: loads it, does something, and compares each record with what the doer
// and /proc say. Run by `make test` as root; elsewhere every test says in one line why it was skipped.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "capture/driver_live.h"

namespace saker::capture {
namespace {

std::string cwd() {
  char buffer[4096];
  return getcwd(buffer, sizeof(buffer));
}

TEST_P(DriverLive, OpensCarryTheResolvedPath) {
  char directory[] = "/tmp/saker-live-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string before = cwd();
  ASSERT_EQ(chdir(directory), 0);
  const std::string here = directory;
  ASSERT_EQ(mkdir("sub", 0755), 0);
  std::ofstream("sub/file") << "x";
  ASSERT_EQ(symlink("sub/file", "link"), 0);
  const std::string file = here + "/sub/file";
  const std::string through_root = "/proc/self/root" + file;
  const std::string through_cwd = "/proc/self/cwd/sub/file";
  const std::pair<std::string, std::string> spellings[] = {
      {file, file},   {"sub/file", file},   {"./sub/../sub//file", file},
      {"link", file}, {through_root, file}, {through_cwd, file},
      {here, here},
  };
  for (const auto& [name, resolved] : spellings) {
    SCOPED_TRACE(name);
    struct stat st{};
    const auto events = record([&] {
      const int fd = open(name.c_str(), O_RDONLY | O_CLOEXEC);
      ASSERT_GE(fd, 0);
      fstat(fd, &st);
      close(fd);
    });
    const event::Event* found = find_open(events, name);
    ASSERT_NE(found, nullptr);
    const auto& opened = std::get<event::File>(found->body);
    EXPECT_EQ(opened.resolved.bytes, resolved);
    EXPECT_EQ(opened.cwd.bytes, here);
    EXPECT_GE(opened.result, 0);
    EXPECT_EQ(opened.ino, st.st_ino);
    EXPECT_EQ(opened.dev, st.st_dev);
    EXPECT_EQ(opened.inode_mode, st.st_mode);
  }
  ASSERT_EQ(chdir(before.c_str()), 0);
  std::filesystem::remove_all(here);
}

TEST_P(DriverLive, NamesOfEveryLengthAreTold) {
  char directory[] = "/tmp/saker-live-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  std::vector<std::string> files;
  std::string name;
  for (std::size_t length = 1; length <= NAME_MAX; ++length) {
    name += static_cast<char>('a' + length % 26);
    files.push_back(std::string(directory) + "/" + name);
    std::ofstream(files.back()) << "x";
  }
  const auto events = record([&] {
    for (const std::string& file : files) close(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  });
  for (const std::string& file : files) {
    const event::Event* found = find_open(events, file);
    ASSERT_NE(found, nullptr) << file;
    EXPECT_EQ(std::get<event::File>(found->body).resolved.bytes, file);
  }
  std::filesystem::remove_all(directory);
}

// As deep as a path may be, where the first names no longer fit: never a byte of one in another's place.
TEST_P(DriverLive, APathThatIsTooLongKeepsItsEnd) {
  char directory[] = "/tmp/saker-live-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string before = cwd();
  ASSERT_EQ(chdir(directory), 0);
  std::string whole = directory;
  for (int level = 0; whole.size() < 4200; ++level) {
    const std::string part(static_cast<std::size_t>(level % 7 == 0 ? 255 : 90 + level),
                           static_cast<char>('a' + level % 26));
    ASSERT_EQ(mkdir(part.c_str(), 0755), 0);
    ASSERT_EQ(chdir(part.c_str()), 0);
    whole += "/" + part;
    const auto events = record([&] { close(open("end", O_RDONLY | O_CREAT | O_CLOEXEC, 0644)); });
    const event::Event* found = find_open(events, "end");
    ASSERT_NE(found, nullptr);
    const event::Text& resolved = std::get<event::File>(found->body).resolved;
    EXPECT_TRUE((whole + "/end").ends_with(resolved.bytes)) << resolved.bytes;
    EXPECT_TRUE(resolved.truncated || resolved.bytes.size() == whole.size() + 4);
  }
  ASSERT_EQ(chdir(before.c_str()), 0);
  std::filesystem::remove_all(directory);
}

TEST_P(DriverLive, ABindMountHasItsInnerPath) {
  const std::string directory = "/run/saker-live-bind";
  mkdir(directory.c_str(), 0755);
  std::ofstream("/etc/saker-live-target") << "x";
  std::ofstream(directory + "/mask") << "";
  pid_t child = 0;
  const auto events = record([&] {
    child = in_child([&] {
      if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return;
      if (mount("/etc/saker-live-target", (directory + "/mask").c_str(), nullptr, MS_BIND, nullptr) != 0)
        return;
      close(open((directory + "/mask").c_str(), O_RDONLY));
    });
  });
  const event::File* found = nullptr;
  for (const Kept& kept : events) {
    const auto* file = std::get_if<event::File>(&kept.event.body);
    if (file && kept.event.task.process.tgid == static_cast<std::uint32_t>(child) &&
        file->name.bytes == directory + "/mask") {
      found = file;
    }
  }
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->resolved.bytes, directory + "/mask");
  EXPECT_EQ(found->inner.bytes, "/etc/saker-live-target");
  unlink("/etc/saker-live-target");
  unlink((directory + "/mask").c_str());
  rmdir(directory.c_str());
}

TEST_P(DriverLive, OpenatWithADirectoryTellsItsBase) {
  const auto events = record([] {
    const int directory = open("/etc", O_RDONLY | O_DIRECTORY);
    close(openat(directory, "passwd", O_RDONLY));
    close(directory);
  });
  const event::Event* found = find_open(events, "passwd");
  ASSERT_NE(found, nullptr);
  const auto& file = std::get<event::File>(found->body);
  EXPECT_EQ(file.base.bytes, "/etc");
  EXPECT_EQ(file.resolved.bytes, "/etc/passwd");
}

TEST_P(DriverLive, FailedOpensAreToldWithTheirError) {
  const auto events = record([] { open("/no/such/file", O_RDWR); });
  const event::Event* found = find_open(events, "/no/such/file");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->result(), -ENOENT);
  EXPECT_FALSE(std::get<event::File>(found->body).resolved.present);
}

TEST_P(DriverLive, EveryCallOfTheFamilyHasItsType) {
  struct {
    std::uint64_t flags, mode, resolve;
  } how{O_RDONLY, 0, 0};
  const auto events = record([&] {
#ifdef SYS_open
    close(static_cast<int>(syscall(SYS_open, "/etc/hostname", O_RDONLY)));
    close(static_cast<int>(syscall(SYS_creat, "/tmp/saker-live-creat", 0644)));
#endif
    close(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, "/etc/group", &how, sizeof(how))));
  });
#ifdef SYS_open
  ASSERT_NE(find_open(events, "/etc/hostname"), nullptr);
  EXPECT_EQ(find_open(events, "/etc/hostname")->type, event::kOpen);
  ASSERT_NE(find_open(events, "/tmp/saker-live-creat"), nullptr);
  EXPECT_EQ(find_open(events, "/tmp/saker-live-creat")->type, event::kCreat);
#endif
  ASSERT_NE(find_open(events, "/etc/group"), nullptr);
  EXPECT_EQ(find_open(events, "/etc/group")->type, event::kOpenat2);
  unlink("/tmp/saker-live-creat");
}

TEST_P(DriverLive, TheTaskIsWhoItSaysItIs) {
  const auto events = record([] { close(open("/etc/passwd", O_RDONLY)); });
  const event::Event* found = find_open(events, "/etc/passwd");
  ASSERT_NE(found, nullptr);
  const event::Task& task = found->task;
  EXPECT_EQ(task.tid, static_cast<std::uint32_t>(gettid()));
  EXPECT_EQ(task.parent.tgid, static_cast<std::uint32_t>(getppid()));
  EXPECT_EQ(task.vpid, static_cast<std::uint32_t>(getpid()));
  EXPECT_EQ(task.session, static_cast<std::uint32_t>(getsid(0)));
  EXPECT_EQ(task.group, static_cast<std::uint32_t>(getpgrp()));
  EXPECT_EQ(task.euid, geteuid());
  EXPECT_TRUE(task.main_thread);
  EXPECT_FALSE(task.compat);
  char comm[17] = {};
  prctl(PR_GET_NAME, comm);
  EXPECT_EQ(task.comm, comm);
  struct stat st{};
  ASSERT_EQ(stat("/proc/self/ns/mnt", &st), 0);
  EXPECT_EQ(task.mnt_ns, st.st_ino);
  ASSERT_EQ(stat("/proc/self/ns/pid", &st), 0);
  EXPECT_EQ(task.pid_ns, st.st_ino);
  ASSERT_EQ(stat("/proc/self/ns/net", &st), 0);
  EXPECT_EQ(task.net_ns, st.st_ino);
  const auto status = read_file("/proc/self/status");
  ASSERT_TRUE(status);
  const auto at = status->find("CapEff:");
  EXPECT_EQ(task.cap_effective, std::strtoull(status->c_str() + at + 7, nullptr, 16));
  // Field 22 of stat is the start time in 1/100 s: what a scanned process is recognised by.
  const auto text = read_file("/proc/self/stat");
  ASSERT_TRUE(text);
  std::istringstream fields(text->substr(text->rfind(')') + 2));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  EXPECT_EQ(task.process.start_ns / 10'000'000, std::stoull(field));
}

TEST_P(DriverLive, AProcessIsToldFromForkToExit) {
  pid_t child = 0;
  const auto events = record([&] {
    child = in_child([] {
      prctl(PR_SET_NAME, "renamed");
      execl("/bin/sh", "-sh", "-c", "exit 3", nullptr);
    });
  });
  const event::Event* forked = find_of<event::Fork>(events, child);
  ASSERT_NE(forked, nullptr);
  EXPECT_EQ(std::get<event::Fork>(forked->body).creator.tgid, static_cast<std::uint32_t>(getpid()));
  EXPECT_EQ(forked->task.parent.tgid, static_cast<std::uint32_t>(getpid()));

  const event::Event* executed = find_of<event::Exec>(events, child);
  ASSERT_NE(executed, nullptr);
  const auto& exec = std::get<event::Exec>(executed->body);
  EXPECT_EQ(exec.filename.bytes, "/bin/sh");
  char real[4096];
  ASSERT_NE(realpath("/bin/sh", real), nullptr);
  EXPECT_EQ(exec.exe.bytes, real);
  EXPECT_EQ(exec.args.bytes, std::string_view("-sh\0-c\0exit 3\0", 14));
  EXPECT_EQ(exec.argc, 3U);
  EXPECT_EQ(exec.cwd.bytes, cwd());
  EXPECT_EQ(executed->task.comm, "sh");
  EXPECT_EQ(executed->task.process, forked->task.process);
  struct stat st{};
  ASSERT_EQ(stat(real, &st), 0);
  EXPECT_EQ(exec.file.ino, st.st_ino);
  EXPECT_EQ(exec.file.dev, st.st_dev);
  EXPECT_EQ(exec.file.mtime_ns, static_cast<std::uint64_t>(st.st_mtim.tv_sec) * 1'000'000'000U +
                                    static_cast<std::uint64_t>(st.st_mtim.tv_nsec));

  const event::Event* exited = find_of<event::Exit>(events, child);
  ASSERT_NE(exited, nullptr);
  EXPECT_EQ(std::get<event::Exit>(exited->body).status, 3 << 8);
  EXPECT_LT(forked->time_ns, executed->time_ns);
  EXPECT_LT(executed->time_ns, exited->time_ns);
}

TEST_P(DriverLive, AnEndThatNoRuleWantsIsToldInBrief) {
  ScopePlan plan{};
  for (const bool wanted : {false, true}) {
    SCOPED_TRACE(wanted);
    plan[event::kProcexit] = wanted ? SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER : 0;
    ASSERT_TRUE(driver_->set_plan(plan));
    pid_t child = 0;
    const auto events = record([&] {
      child = in_child([] {
        setsid();
        _exit(setuid(12345));
      });
    });
    const event::Event* exited = find_of<event::Exit>(events, child);
    ASSERT_NE(exited, nullptr);
    const event::Task& task = exited->task;
    EXPECT_EQ(task.brief, !wanted);
    EXPECT_EQ(task.parent.tgid, static_cast<std::uint32_t>(getpid()));
    EXPECT_EQ(task.session, static_cast<std::uint32_t>(child));
    EXPECT_EQ(task.group, static_cast<std::uint32_t>(child));
    EXPECT_NE(task.pid_ns, 0U);
    EXPECT_EQ(task.comm, "driver_live_tes");
    EXPECT_EQ(task.uid, wanted ? 12345U : 0U);
    const event::Event* forked = find_of<event::Fork>(events, child);
    ASSERT_NE(forked, nullptr);
    EXPECT_TRUE(forked->task.brief);
    EXPECT_EQ(forked->task.process, task.process);
  }
}

TEST_P(DriverLive, LongArgumentsAreCutAndMarked) {
  pid_t child = 0;
  const std::string large(100'000, 'x');
  const auto events =
      record([&] { child = in_child([&] { execl("/bin/true", "true", large.c_str(), nullptr); }); });
  const event::Event* executed = find_of<event::Exec>(events, child);
  ASSERT_NE(executed, nullptr);
  const auto& exec = std::get<event::Exec>(executed->body);
  EXPECT_TRUE(exec.args.truncated);
  EXPECT_EQ(exec.args.bytes.size(), 4096U);
  EXPECT_EQ(exec.args_bytes, large.size() + 6);
}

TEST_P(DriverLive, AProgramFromMemoryIsMarked) {
  pid_t child = 0;
  const auto events = record([&] {
    child = in_child([] {
      const int fd = memfd_create("hidden", MFD_CLOEXEC);
      const auto program = read_file("/bin/true");
      if (!program || write(fd, program->data(), program->size()) < 0) return;
      char empty[] = "", name[] = "innocent";
      char* argv[] = {name, nullptr};
      char* envp[] = {nullptr};
      syscall(SYS_execveat, fd, empty, argv, envp, AT_EMPTY_PATH);
    });
  });
  const event::Event* executed = find_of<event::Exec>(events, child);
  if (const event::Event* ended = find_of<event::Exit>(events, child);
      executed == nullptr && ended != nullptr &&
      std::get<event::Exit>(ended->body).status == kExecFailed << 8)
    GTEST_SKIP() << "this kernel refuses to execute a file without a name";
  ASSERT_NE(executed, nullptr);
  EXPECT_TRUE(std::get<event::Exec>(executed->body).file.from_memfd);
  EXPECT_EQ(std::get<event::Exec>(executed->body).exe.bytes, "memfd:hidden");
}

TEST_P(DriverLive, FailedExecsAreTold) {
  pid_t child = 0;
  const auto events = record([&] { child = in_child([] { execl("/no/such/program", "x", nullptr); }); });
  const event::Event* failed = find_of<event::File>(events, child);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->type, event::kExecve);
  EXPECT_EQ(failed->result(), -ENOENT);
  EXPECT_EQ(std::get<event::File>(failed->body).name.bytes, "/no/such/program");
}

TEST_P(DriverLive, OrphansAreHandedToTheSubreaper) {
  pid_t middle = 0;
  const auto events = record([&] {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int gate[2];
    ASSERT_EQ(pipe(gate), 0);
    middle = in_child([&] {
      if (fork() == 0) {
        char byte;
        close(gate[1]);
        if (read(gate[0], &byte, 1) == 0) _exit(0);
      }
    });
    close(gate[1]);
    close(gate[0]);
    while (waitpid(-1, nullptr, 0) > 0) {
    }
    prctl(PR_SET_CHILD_SUBREAPER, 0);
  });
  const event::Event* exited = find_of<event::Exit>(events, middle);
  ASSERT_NE(exited, nullptr);
  EXPECT_EQ(std::get<event::Exit>(exited->body).reaper.tgid, static_cast<std::uint32_t>(getpid()));
}

TEST_P(DriverLive, ACgroupIsNamedWhenItIsMade) {
  std::string root = "/sys/fs/cgroup";
  if (access("/sys/fs/cgroup/unified", F_OK) == 0) root += "/unified";
  const std::string path = root + "/saker-live/inner";
  const auto events = record([&] {
    ASSERT_EQ(mkdir((root + "/saker-live").c_str(), 0755), 0) << std::strerror(errno);
    ASSERT_EQ(mkdir(path.c_str(), 0755), 0);
  });
  struct stat st{};
  ASSERT_EQ(stat(path.c_str(), &st), 0);
  rmdir(path.c_str());
  rmdir((root + "/saker-live").c_str());
  bool named = false;
  for (const Kept& kept : events) {
    const auto* cgroup = std::get_if<event::Cgroup>(&kept.event.body);
    named |= cgroup && cgroup->key == st.st_ino && cgroup->path.bytes == "/saker-live/inner";
  }
  EXPECT_TRUE(named);
}

TEST_P(DriverLive, WhatNoRuleWantsIsNotSent) {
  ScopePlan nothing{};
  ASSERT_TRUE(driver_->set_plan(nothing));
  const auto events = record([] { close(open("/etc/passwd", O_RDONLY)); });
  EXPECT_EQ(find_open(events, "/etc/passwd"), nullptr);
}

TEST_P(DriverLive, HostOpensAreFilteredOnceTheCgroupIsKnown) {
  ScopePlan containers{};
  containers[event::kOpenat] = SAKER_SCOPE_CONTAINER;
  ASSERT_TRUE(driver_->set_plan(containers));
  // The first open names the cgroup; answer as the agent does, host for all.
  const auto first = record([] { close(open("/etc/passwd", O_RDONLY)); });
  for (const Kept& kept : first) {
    if (const auto* cgroup = std::get_if<event::Cgroup>(&kept.event.body)) {
      driver_->set_cgroup_class(cgroup->key, SAKER_CGROUP_HOST);
    }
    driver_->set_cgroup_class(kept.event.task.cgroup_v2, SAKER_CGROUP_HOST);
    driver_->set_cgroup_class(kept.event.task.cgroup_v1, SAKER_CGROUP_HOST);
  }
  const std::uint64_t before = driver_->counters().filtered[event::kOpenat];
  const auto second = record([] { close(open("/etc/passwd", O_RDONLY)); });
  EXPECT_EQ(find_open(second, "/etc/passwd"), nullptr);
  EXPECT_GT(driver_->counters().filtered[event::kOpenat], before);
}

TEST_P(DriverLive, AFullRingIsCounted) {
  const auto loaded = Driver::load({.ring_bytes = 64 << 10, .without = reads_without(GetParam())});
  ASSERT_TRUE(loaded) << loaded.error().message;
  Driver& driver = **loaded;
  ScopePlan plan;
  plan.fill(SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER);
  ASSERT_TRUE(driver.attach() && driver.set_plan(plan));
  for (int i = 0; i < 1'000; ++i) close(open("/etc/passwd", O_RDONLY));
  const ProbeCounters counters = driver.counters();
  EXPECT_GT(counters.cause[SAKER_COUNT_DROP_RING_FULL], 0U);
  EXPECT_GT(counters.dropped[event::kOpenat], 0U);
  EXPECT_EQ(counters.missed_runs, 0U);
}

INSTANTIATE_TEST_SUITE_P(Reads, DriverLive, testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "ProbeRead" : "Typed"; });

}  // namespace
}  // namespace saker::capture
