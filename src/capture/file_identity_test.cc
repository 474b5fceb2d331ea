#include "capture/file_identity.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>

#include "base/lacking_for_tests.h"
#include "capture/proc_scan.h"

namespace saker::capture {
namespace {

std::optional<FileId> by_stat(int fd) {
  struct stat file{};
  if (fstat(fd, &file) != 0) return std::nullopt;
  return FileId{file.st_ino, static_cast<std::uint32_t>(file.st_dev)};
}

FileId id_of(const std::string& path) {
  struct stat file{};
  EXPECT_EQ(stat(path.c_str(), &file), 0) << path;
  return {file.st_ino, static_cast<std::uint32_t>(file.st_dev)};
}

event::ProcessId self() {
  state::ProcessTable processes({});
  EXPECT_TRUE(scan_processes("/proc", processes));
  const state::Process* found = processes.find_pid(static_cast<std::uint32_t>(getpid()));
  return found == nullptr ? event::ProcessId{} : found->id;
}

class FileIdentitiesTest : public testing::Test {
 protected:
  FileIdentitiesTest() {
    char name[] = "/tmp/saker-identity-XXXXXX";
    root_ = mkdtemp(name);
    std::filesystem::create_directory(root_ + "/etc");
    write("/etc/shadow", "a");
  }
  ~FileIdentitiesTest() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const { std::ofstream(root_ + path) << text; }
  FileIdentities::Options options() const { return {.host_root = root_, .wait = std::chrono::seconds(60)}; }

  std::string root_;
};

TEST_F(FileIdentitiesTest, AHardLinkIsTheFileThatARuleNames) {
  SAKER_SKIP_WITHOUT(openat2);
  std::filesystem::create_hard_link(root_ + "/etc/shadow", root_ + "/innocent");
  write("/other", "b");
  FileIdentities files({"/etc/absent", "/etc/shadow"}, by_stat, options());
  EXPECT_EQ(files.find_on_host(id_of(root_ + "/innocent"), 1), "/etc/shadow");
  EXPECT_EQ(files.find_on_host(id_of(root_ + "/other"), 1), "");
  EXPECT_EQ(files.stats().asked, 2U);
  EXPECT_EQ(files.stats().found, 1U);
}

TEST_F(FileIdentitiesTest, LinksOfARootStayInIt) {
  SAKER_SKIP_WITHOUT(openat2);
  std::filesystem::create_symlink("/etc/shadow", root_ + "/etc/link");
  std::filesystem::create_symlink("../../../../etc/shadow", root_ + "/etc/climber");
  FileIdentities files({"/etc/link"}, by_stat, options());
  EXPECT_EQ(files.find_on_host(id_of(root_ + "/etc/shadow"), 1), "/etc/link");
  EXPECT_EQ(files.find_on_host(id_of("/etc/passwd"), 1), "");
  FileIdentities climbing({"/etc/climber"}, by_stat, options());
  EXPECT_EQ(climbing.find_on_host(id_of(root_ + "/etc/shadow"), 1), "/etc/climber");
}

TEST_F(FileIdentitiesTest, AReplacedFileIsKnownAsSoonAsItMayBeAskedAgain) {
  SAKER_SKIP_WITHOUT(openat2);
  FileIdentities::Options twice = options();
  twice.burst = 2;
  FileIdentities files({"/etc/shadow"}, by_stat, twice);
  const FileId before = id_of(root_ + "/etc/shadow");
  EXPECT_EQ(files.find_on_host(before, 1), "/etc/shadow");
  const auto replace = [&] {
    write("/etc/new", "c");
    std::filesystem::rename(root_ + "/etc/new", root_ + "/etc/shadow");
    return id_of(root_ + "/etc/shadow");
  };
  std::filesystem::create_hard_link(root_ + "/etc/shadow", root_ + "/first");  // keeps its inode in use
  const FileId after = replace();
  EXPECT_EQ(files.find_on_host(after, 2), "/etc/shadow");
  EXPECT_EQ(files.find_on_host(before, 2), "");
  std::filesystem::create_hard_link(root_ + "/etc/shadow", root_ + "/second");
  const FileId last = replace();
  EXPECT_EQ(files.find_on_host(last, 3), "") << "two look-ups at once are all";
  EXPECT_EQ(files.find_on_host(last, 2 + twice.interval_ns), "/etc/shadow");
}

TEST_F(FileIdentitiesTest, AContainersRootIsReachedThroughAProcessThatIsStillThere) {
  SAKER_SKIP_WITHOUT(openat2);
  FileIdentities::Options here = options();
  here.host_root = "";
  const event::ProcessId alive = self();
  const event::ProcessId reused{alive.tgid, alive.start_ns + 1'000'000'000};
  FileIdentities files({root_ + "/etc/shadow"}, by_stat, here);
  const FileId wanted = id_of(root_ + "/etc/shadow");
  EXPECT_EQ(files.find_in_container(wanted, "gone", std::array{reused}, 1), "");
  EXPECT_EQ(files.stats().unanswered, 1U);
  EXPECT_EQ(files.find_in_container(wanted, "here", std::array{reused, alive}, 1), root_ + "/etc/shadow");
  // Learned once, it is known after its processes are gone.
  files.learn("short", std::array{alive}, 1);
  EXPECT_EQ(files.find_in_container(wanted, "short", std::array{reused}, std::uint64_t{1} << 40),
            root_ + "/etc/shadow");
}

TEST_F(FileIdentitiesTest, ARootThatNeverAnswersHoldsUpNobody) {
  SAKER_SKIP_WITHOUT(openat2);
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  FileIdentities::Options short_wait = options();
  short_wait.wait = std::chrono::milliseconds(1);
  FileIdentities files(
      {"/etc/shadow"},
      [released](int fd) {
        released.wait();
        return by_stat(fd);
      },
      short_wait);
  const FileId wanted = id_of(root_ + "/etc/shadow");
  EXPECT_EQ(files.find_on_host(wanted, 1), "");
  EXPECT_EQ(files.find_on_host(wanted, 2), "");
  EXPECT_EQ(files.stats().unanswered, 2U);
  release.set_value();
  while (files.find_on_host(wanted, 1).empty()) std::this_thread::yield();
}

TEST_F(FileIdentitiesTest, WithoutPathsNothingIsAsked) {
  FileIdentities files({}, by_stat, options());
  EXPECT_TRUE(files.empty());
  EXPECT_EQ(files.find_on_host(id_of(root_ + "/etc/shadow"), 1), "");
  EXPECT_EQ(files.stats().asked, 0U);
}

TEST_F(FileIdentitiesTest, TablesAreBounded) {
  SAKER_SKIP_WITHOUT(openat2);
  FileIdentities::Options few = options();
  few.host_root = "";
  few.roots_max = 2;
  const event::ProcessId alive = self();
  FileIdentities files({root_ + "/etc/shadow"}, by_stat, few);
  const FileId wanted = id_of(root_ + "/etc/shadow");
  for (std::uint64_t i = 1; i <= 5; ++i)
    EXPECT_EQ(files.find_in_container(wanted, std::to_string(i), std::array{alive}, i),
              root_ + "/etc/shadow");
  // The first has lost its table and its process.
  EXPECT_EQ(files.find_in_container(wanted, "1", {}, 6), "");
}

}  // namespace
}  // namespace saker::capture
