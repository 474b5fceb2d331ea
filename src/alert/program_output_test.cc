#include "alert/program_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/file.h"

namespace saker::alert {
namespace {

class ProgramOutputTest : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    char name[] = "/tmp/saker-program-XXXXXX";
    directory_ = mkdtemp(name);
    path_ = directory_ / "out";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string into_file(const char* command) const { return std::string(command) + " >>" + path_.string(); }
  std::string content() { return read_file(path_).value_or("<none>"); }

  std::filesystem::path directory_, path_;
};

TEST_F(ProgramOutputTest, OneRunForEachLine) {
  ProgramOutput output({.command = into_file("(echo run; cat)")});
  EXPECT_EQ(output.write({.line = "one"}).problem, "");
  EXPECT_EQ(output.write({.line = "two"}).problem, "");
  EXPECT_EQ(content(), "run\none\nrun\ntwo\n");
}

TEST_F(ProgramOutputTest, OneRunForAllLines) {
  {
    ProgramOutput output({.command = into_file("(echo run; cat)"), .keep_alive = true});
    EXPECT_EQ(output.write({.line = "one"}).delivered, 1U);
    EXPECT_EQ(output.write({.line = "two"}).delivered, 1U);
  }
  EXPECT_EQ(content(), "run\none\ntwo\n");
}

TEST_F(ProgramOutputTest, AFailureOfTheProgramIsALoss) {
  ProgramOutput output({.command = "cat >/dev/null; exit 3"});
  const Delivery done = output.write({.line = "x"});
  EXPECT_EQ(done.lost, 1U);
  EXPECT_EQ(done.problem, "the program ended with status 3");
}

TEST_F(ProgramOutputTest, AKeptProgramThatEndedIsStartedAgain) {
  ProgramOutput output({.command = into_file("head -n 1"), .keep_alive = true});
  EXPECT_EQ(output.write({.line = "one"}).delivered, 1U);
  output.reopen();  // waits for the end of the first
  EXPECT_EQ(output.write({.line = "two"}).delivered, 1U);
  output.reopen();
  EXPECT_EQ(content(), "one\ntwo\n");
}

TEST_F(ProgramOutputTest, AStuckProgramCanBeCancelled) {
  ProgramOutput output({.command = "exec sleep 1000"});
  const std::string long_line(1 << 20, 'x');  // more than a pipe holds
  std::thread canceller([&] {
    // Until it has been started there is nothing to cancel.
    while (!std::filesystem::exists(path_)) {
      output.cancel();
      std::this_thread::yield();
    }
  });
  const Delivery done = output.write({.line = long_line});
  std::filesystem::create_directory(path_);
  canceller.join();
  EXPECT_EQ(done.lost, 1U);
  EXPECT_EQ(done.problem, "the program was ended by signal 15");
}

}  // namespace
}  // namespace saker::alert
