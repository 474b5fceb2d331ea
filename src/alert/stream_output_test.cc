#include "alert/stream_output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "base/fd.h"

namespace saker::alert {
namespace {

struct Pipe {
  UniqueFd reader, writer;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
      reader.reset(ends[0]);
      writer.reset(ends[1]);
    }
  }
  std::string content() const {
    std::string text(200'000, '\0');
    const ssize_t got = read(reader.get(), text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
};

Message message(std::string line) { return {.line = std::move(line)}; }

constexpr StreamOutput::Options kUnbuffered{};
constexpr StreamOutput::Options kBuffered{.buffered = true};

TEST(StreamOutput, ATerminalGetsTheLineForPeople) {
  const Pipe pipe;
  StreamOutput output(pipe.writer.get(), {.terminal = true});
  EXPECT_EQ(output.write({.line = "{}", .for_terminal = "colours"}).delivered, 1U);
  EXPECT_EQ(output.write(message("{}")).delivered, 1U);
  EXPECT_EQ(pipe.content(), "colours\n{}\n");
}

TEST(StreamOutput, UnbufferedLinesGoAtOnce) {
  const Pipe pipe;
  StreamOutput output(pipe.writer.get(), kUnbuffered);
  EXPECT_EQ(output.write(message("one")).delivered, 1U);
  EXPECT_EQ(pipe.content(), "one\n");
}

TEST(StreamOutput, BufferedLinesWaitForTheFlush) {
  const Pipe pipe;
  StreamOutput output(pipe.writer.get(), kBuffered);
  EXPECT_EQ(output.write(message("one")).delivered, 0U);
  EXPECT_EQ(pipe.content(), "");
  output.write(message("two"));
  EXPECT_EQ(output.flush().delivered, 2U);
  EXPECT_EQ(pipe.content(), "one\ntwo\n");
}

TEST(StreamOutput, TheBufferIsBounded) {
  const Pipe pipe;
  StreamOutput output(pipe.writer.get(), kBuffered);
  const std::string line(30'000, 'x');
  output.write(message(line));
  output.write(message(line));
  EXPECT_EQ(pipe.content(), "");
  // The third line passes the limit; a pipe holds 64 KiB, so somebody must read meanwhile.
  fcntl(pipe.writer.get(), F_SETPIPE_SZ, 1 << 20);
  output.write(message(line));
  EXPECT_EQ(pipe.content().size(), 3 * (line.size() + 1));
}

TEST(StreamOutput, AClosedReaderIsAnErrorNotAnEnd) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.reader.reset();
  StreamOutput output(pipe.writer.get(), kUnbuffered);
  const Delivery written = output.write(message("lost"));
  EXPECT_EQ(written.delivered, 0U);
  EXPECT_EQ(written.lost, 1U);
  EXPECT_THAT(written.problem, testing::HasSubstr("Broken pipe"));
}

TEST(StreamOutput, EveryLineThatWasBufferedIsCountedWhenLost) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.reader.reset();
  StreamOutput output(pipe.writer.get(), kBuffered);
  EXPECT_EQ(output.write(message("one")).lost, 0U);
  EXPECT_EQ(output.write(message("two")).lost, 0U);
  EXPECT_EQ(output.flush().lost, 2U);
  EXPECT_EQ(output.flush().lost, 0U);
}

TEST(StreamOutput, ATornLineDoesNotSpoilTheNext) {
  std::signal(SIGXFSZ, SIG_IGN);
  const UniqueFd file(memfd_create("alerts", MFD_CLOEXEC));
  ASSERT_GE(file.get(), 0);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{.rlim_cur = 10, .rlim_max = limit.rlim_max};
  StreamOutput output(file.get(), kUnbuffered);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Delivery written = output.write(message("0123456789abc"));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  EXPECT_EQ(written.lost, 1U);
  EXPECT_EQ(output.write(message("two")).delivered, 1U);
  EXPECT_EQ(output.write(message("three")).delivered, 1U);
  char content[64] = {};
  const ssize_t got = pread(file.get(), content, sizeof(content), 0);
  EXPECT_EQ(std::string(content, static_cast<std::size_t>(got)), "0123456789\ntwo\nthree\n");
}

}  // namespace
}  // namespace saker::alert
