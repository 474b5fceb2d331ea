// Each in a process of its own: there is no way back.
#include "app/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <string>

#include "base/lacking_for_tests.h"

namespace saker::app {
namespace {

// The errno that `act` ends with after the sandbox has been entered; 255: it could not be.
int inside(const SandboxOptions& options, const std::function<bool()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    if (!enter_sandbox(options)) _exit(255);
    errno = 0;
    _exit(act() ? 0 : errno);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

class SandboxTest : public ::testing::Test {
 protected:
  SandboxTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "saker-sandbox-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    file_ = folder_ + "/file";
    close(::open(file_.c_str(), O_CREAT | O_WRONLY, 0600));
    if (inside({.filter_calls = false}, [] { return true; }) != 0) skip_ = true;
  }
  ~SandboxTest() override { std::filesystem::remove_all(folder_); }

  bool opens(int flags) const { return ::open(file_.c_str(), flags, 0600) >= 0; }

  std::string folder_, file_;
  bool skip_ = false;
};

TEST_F(SandboxTest, WithoutOutputsThatWriteFilesCanOnlyBeRead) {
  if (skip_) GTEST_SKIP() << "capabilities cannot be dropped here";
  SAKER_SKIP_WITHOUT(seccomp);
  const SandboxOptions reading{.writes_files = false};
  EXPECT_EQ(inside(reading, [&] { return opens(O_RDONLY | O_CLOEXEC); }), 0);
  EXPECT_EQ(inside(reading, [&] { return ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY) >= 0; }), 0);
  for (const int flags : {O_WRONLY, O_RDWR, O_WRONLY | O_APPEND, O_RDONLY | O_CREAT, O_RDONLY | O_TRUNC,
                          O_WRONLY | O_CREAT | O_TRUNC, O_RDWR | O_CREAT})
    EXPECT_EQ(inside(reading, [&] { return opens(flags); }), EROFS) << flags;
  EXPECT_EQ(inside(reading, [&] { return ::unlink(file_.c_str()) == 0; }), ENOSYS);
  EXPECT_EQ(inside(reading, [&] { return ::mkdir((folder_ + "/x").c_str(), 0700) == 0; }), ENOSYS);
  EXPECT_EQ(inside(reading, [&] { return ::rename(file_.c_str(), (folder_ + "/x").c_str()) == 0; }), ENOSYS);
  EXPECT_EQ(inside(reading, [&] { return ::truncate(file_.c_str(), 0) == 0; }), ENOSYS);
  EXPECT_EQ(inside(reading, [&] { return ::chmod(file_.c_str(), 0777) == 0; }), ENOSYS);
  // Descriptors that are there go on.
  const int before = ::open(file_.c_str(), O_WRONLY);
  EXPECT_EQ(inside(reading, [&] { return ::write(before, "x", 1) == 1; }), 0);
  close(before);
}

TEST_F(SandboxTest, OutputsThatWriteFilesCan) {
  if (skip_) GTEST_SKIP() << "capabilities cannot be dropped here";
  SAKER_SKIP_WITHOUT(seccomp);
  const SandboxOptions writing{.writes_files = true};
  EXPECT_EQ(inside(writing, [&] { return opens(O_WRONLY | O_APPEND); }), 0);
  EXPECT_EQ(inside(writing, [&] { return ::mkdir((folder_ + "/x").c_str(), 0700) == 0; }), 0);
  EXPECT_EQ(inside(writing, [&] { return ::unlink(file_.c_str()) == 0; }), 0);
}

TEST_F(SandboxTest, NothingElseIsRun) {
  if (skip_) GTEST_SKIP() << "capabilities cannot be dropped here";
  SAKER_SKIP_WITHOUT(seccomp);
  const auto run = [] { return ::execl("/bin/true", "true", static_cast<char*>(nullptr)) == 0; };
  EXPECT_EQ(inside({}, run), ENOSYS);
  EXPECT_EQ(inside({.runs_programs = true}, run), 0);
}

}  // namespace
}  // namespace saker::app
