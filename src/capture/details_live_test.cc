// What the probe tells of tasks when rules ask for it, compared with /proc.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "base/fd.h"
#include "capture/driver_live.h"
#include "event/details.h"
#include "state/closings.h"

namespace saker::capture {
namespace {

// A line of /proc/self/status, as a number.
std::uint64_t status(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1));
  }
  ADD_FAILURE() << name;
  return 0;
}

class DetailsLive : public DriverLive {
 protected:
  std::vector<Kept> open_with(std::uint8_t details, const char* name) {
    driver_->set_details(details);
    return record([&] { close(open(name, O_RDONLY | O_CLOEXEC)); });
  }
};

TEST_P(DetailsLive, NothingIsToldThatNobodyAskedFor) {
  const auto events = open_with(0, "/etc/hostname");
  const event::Event* opened = find_open(events, "/etc/hostname");
  ASSERT_NE(opened, nullptr);
  EXPECT_TRUE(opened->details.empty());
}

TEST_P(DetailsLive, MemoryThreadsAndDescriptors) {
  const std::size_t bytes = 64 << 20;
  std::vector<char> memory(bytes, 'x');
  std::vector<UniqueFd> more;
  for (int i = 0; i < 100; ++i) more.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::atomic<bool> stop = false;
  std::thread other([&] {
    while (!stop) std::this_thread::yield();
  });
  driver_->set_details(SAKER_DETAIL_USAGE);
  std::uint64_t vm = 0, rss = 0, threads = 0;
  const auto events = record([&] {
    close(open("/etc/hostname", O_RDONLY | O_CLOEXEC));
    vm = status("VmSize"), rss = status("VmRSS"), threads = status("Threads");
  });
  stop = true;
  other.join();
  const event::Event* opened = find_open(events, "/etc/hostname");
  ASSERT_NE(opened, nullptr);
  const auto usage = event::usage_of(*opened);
  ASSERT_TRUE(usage);
  // Between the two looks some pages may have come.
  EXPECT_NEAR(static_cast<double>(usage->vm_kb), static_cast<double>(vm), 1024.0);
  EXPECT_NEAR(static_cast<double>(usage->rss_kb), static_cast<double>(rss), 1024.0);
  EXPECT_EQ(usage->threads, threads);
  std::size_t open_files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++open_files;
  // The iterator has one of its own, and the file of the record is closed again.
  EXPECT_EQ(usage->files, open_files - 1 + 1);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(usage->files_max, limit.rlim_cur);
  rusage used{};
  ASSERT_EQ(getrusage(RUSAGE_THREAD, &used), 0);
  EXPECT_LE(usage->minor_faults, static_cast<std::uint64_t>(used.ru_minflt));
  EXPECT_GT(usage->minor_faults, 0U);
  EXPECT_GT(usage->run_ns, 0U);
  EXPECT_LE(usage->slice_ns, usage->run_ns);
  EXPECT_EQ(memory[bytes - 1], 'x');
}

// The kernel adds up what each CPU has counted only now and then; the record has the sum of now.
TEST_P(DetailsLive, MemoryIsCountedOnEachCpu) {
  constexpr std::size_t kPages = 20;  // fewer than a CPU keeps for itself
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  driver_->set_details(SAKER_DETAIL_USAGE);
  std::size_t touched = 0;
  const auto rss_of = [&](const std::vector<Kept>& events) {
    const event::Event* opened = find_open(events, "/etc/hostname");
    return opened == nullptr ? 0 : event::usage_of(*opened).value().rss_kb;
  };
  const auto look = [] { close(open("/etc/hostname", O_RDONLY | O_CLOEXEC)); };
  const std::uint64_t at_first = rss_of(record(look));
  const std::uint64_t at_last = rss_of(record([&] {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &before)) continue;
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      sched_setaffinity(0, sizeof(one), &one);
      auto* pages = static_cast<volatile char*>(
          mmap(nullptr, kPages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
      for (std::size_t i = 0; i < kPages; ++i) pages[i * page] = 1;
      touched += kPages * page / 1024;
    }
    sched_setaffinity(0, sizeof(before), &before);
    look();
  }));
  EXPECT_GT(at_first, 0U);
  const bool typed_reads = !GetParam() && gather_facts().typed_reads;
  EXPECT_GE(at_last,
            at_first + (typed_reads ? touched : 0));  // kernels without them do not count in that way
}

TEST_P(DetailsLive, CgroupsAreThoseOfProc) {
  const auto events = open_with(SAKER_DETAIL_CGROUPS, "/etc/hostname");
  const event::Event* opened = find_open(events, "/etc/hostname");
  ASSERT_NE(opened, nullptr);
  std::map<std::string, std::string> wanted;  // controller → path
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    std::istringstream controllers(line.substr(first + 1, second - first - 1));
    for (std::string name; std::getline(controllers, name, ',');)
      wanted[name == "blkio" ? "io" : name] = line.substr(second + 1);
  }
  const std::vector<std::string>& names = driver_->cgroup_subsystems();
  std::size_t compared = 0;
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    const auto path = wanted.find(names[i]);
    if (path == wanted.end()) continue;
    EXPECT_EQ(event::cgroup_of(*opened, i), path->second) << names[i];
    ++compared;
  }
  if (wanted.size() > 1) {
    EXPECT_GE(compared, 3U);
  }
}

TEST_P(DetailsLive, TheEnvironmentOfAnExec) {
  driver_->set_details(SAKER_DETAIL_ENV);
  const auto events = record([&] {
    in_child([] {
      const char* const arguments[] = {"true", nullptr};
      const char* const environment[] = {"A=1", "EMPTY=", "B=two words", nullptr};
      execve("/bin/true", const_cast<char* const*>(arguments), const_cast<char* const*>(environment));
    });
  });
  const event::Exec* found = nullptr;
  for (const Kept& kept : events) {
    const auto* exec = std::get_if<event::Exec>(&kept.event.body);
    if (exec != nullptr && exec->env.bytes.starts_with("A=1")) found = exec;
  }
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->env.bytes, std::string_view("A=1\0EMPTY=\0B=two words\0", 23));
  EXPECT_EQ(found->args.bytes, std::string_view("true\0", 5));
}

TEST_P(DetailsLive, StandardDescriptorsAndAllOthers) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]), writing(ends[1]);
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd kept(dup(STDIN_FILENO));
  ASSERT_EQ(dup2(reading.get(), STDIN_FILENO), STDIN_FILENO);
  const auto events = open_with(SAKER_DETAIL_STANDARD | SAKER_DETAIL_FILES, "/etc/hostname");
  dup2(kept.get(), STDIN_FILENO);
  const event::Event* opened = find_open(events, "/etc/hostname");
  ASSERT_NE(opened, nullptr);
  const auto input = event::standard_descriptor(*opened, 0);
  ASSERT_TRUE(input);
  EXPECT_EQ(input->kind, SAKER_DESCRIPTOR_PIPE);
  const auto open = event::open_descriptors(*opened);
  ASSERT_TRUE(open);
  if (socket.get() >= SAKER_FILES_MAX)
    GTEST_SKIP() << "the probe lists the first descriptors, which the hooks of single calls have taken";
  const auto of = [&](int fd) {
    for (const event::Descriptor& descriptor : *open) {
      if (descriptor.fd == fd) return descriptor;
    }
    return event::Descriptor{};
  };
  EXPECT_EQ(of(writing.get()).kind, SAKER_DESCRIPTOR_PIPE);
  EXPECT_EQ(of(socket.get()).kind, SAKER_DESCRIPTOR_SOCKET);
  EXPECT_EQ(of(socket.get()).family, AF_INET);
  EXPECT_EQ(of(1000).fd, -1);
}

TEST_P(DetailsLive, WhatAPollWaitsFor) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]), writing(ends[1]);
  const auto events = record([&] {
    pollfd polled[] = {{reading.get(), POLLIN, 0}, {writing.get(), POLLOUT, 0}, {-1, POLLIN, 0}};
    ASSERT_EQ(poll(polled, 3, 0), 1);
  });
  std::vector<event::Descriptor> found;
  for (const Kept& kept : events) {
    if (kept.event.task.tid != static_cast<std::uint32_t>(gettid())) continue;
    if (const auto polled = event::polled_descriptors(kept.event); polled.size() == 2) found = polled;
  }
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].fd, reading.get());
  EXPECT_EQ(found[1].fd, writing.get());
  EXPECT_EQ(found[1].kind, SAKER_DESCRIPTOR_PIPE);
}

TEST_P(DetailsLive, ACloseBeginsWithWhatIsClosed) {
  drain_all([](auto) {});
  const int fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
  drain_all([](auto) {});
  close(fd);
  state::Closings closings;
  std::string closed;
  drain_all([&](std::span<const std::byte> bytes) {
    saker_header header;
    std::memcpy(&header, bytes.data(), sizeof(header));
    if (header.type == SAKER_RECORD_CLOSING) return closings.begin(header.tid, bytes);
    auto event = event::decode(bytes);
    auto* call = event ? std::get_if<event::Call>(&event->body) : nullptr;
    if (call == nullptr || event->task.tid != static_cast<std::uint32_t>(gettid())) return;
    if (event->type != event::find_type("close").value()) return;
    closings.end(event->task.tid, *call);
    if (const event::Descriptor* descriptor = call->descriptor(0);
        descriptor != nullptr && descriptor->fd == fd)
      closed = descriptor->name.bytes;
  });
  EXPECT_EQ(closed, "/etc/hostname");
}

// The numbers that the probe has for a file of ours are those that its records have.
TEST_P(DetailsLive, ADescriptorIsIdentifiedAsRecordsDo) {
  const Identify identify = driver_->identifier();
  for (const char* path : {"/etc/hostname", "/proc/version", "/dev/null", "/"}) {
    const UniqueFd fd(open(path, O_PATH | O_CLOEXEC));
    const auto id = identify(fd.get());
    ASSERT_TRUE(id) << path;
    const auto events = open_with(0, path);
    const event::Event* opened = find_open(events, path);
    ASSERT_NE(opened, nullptr);
    EXPECT_EQ(std::get<event::File>(opened->body).ino, id->ino) << path;
    EXPECT_EQ(std::get<event::File>(opened->body).dev, id->dev) << path;
  }
  EXPECT_FALSE(identify(1 << 20));  // the hooks of single calls take a thousand
}

INSTANTIATE_TEST_SUITE_P(Reads, DetailsLive, testing::Bool(),
                         [](const auto& mode) { return mode.param ? "ProbeRead" : "Typed"; });

}  // namespace
}  // namespace saker::capture
