#include "alert/stream_output.h"

#include <fcntl.h>
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

TEST(StreamOutput, UnbufferedLinesGoAtOnce) {
  const Pipe pipe;
  StreamOutput output(pipe.writer.get(), false);
  ASSERT_TRUE(output.write("one"));
  EXPECT_EQ(pipe.content(), "one\n");
}

TEST(StreamOutput, BufferedLinesWaitForTheFlush) {
  const Pipe pipe;
  StreamOutput output(pipe.writer.get(), true);
  ASSERT_TRUE(output.write("one"));
  EXPECT_EQ(pipe.content(), "");
  ASSERT_TRUE(output.write("two"));
  ASSERT_TRUE(output.flush());
  EXPECT_EQ(pipe.content(), "one\ntwo\n");
}

TEST(StreamOutput, TheBufferIsBounded) {
  const Pipe pipe;
  StreamOutput output(pipe.writer.get(), true);
  const std::string line(30'000, 'x');
  ASSERT_TRUE(output.write(line));
  ASSERT_TRUE(output.write(line));
  EXPECT_EQ(pipe.content(), "");
  // The third line passes the limit; a pipe holds 64 KiB, so somebody must read meanwhile.
  fcntl(pipe.writer.get(), F_SETPIPE_SZ, 1 << 20);
  ASSERT_TRUE(output.write(line));
  EXPECT_EQ(pipe.content().size(), 3 * (line.size() + 1));
}

TEST(StreamOutput, AClosedReaderIsAnErrorNotAnEnd) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.reader.reset();
  StreamOutput output(pipe.writer.get(), false);
  const auto written = output.write("lost");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
  EXPECT_EQ(output.lost(), 1U);
}

TEST(StreamOutput, EveryLineThatWasBufferedIsCountedWhenLost) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.reader.reset();
  StreamOutput output(pipe.writer.get(), true);
  ASSERT_TRUE(output.write("one"));
  ASSERT_TRUE(output.write("two"));
  EXPECT_EQ(output.lost(), 0U);
  EXPECT_FALSE(output.flush());
  EXPECT_EQ(output.lost(), 2U);
}

TEST(StreamOutput, ATornLineDoesNotSpoilTheNext) {
  std::signal(SIGXFSZ, SIG_IGN);
  const UniqueFd file(memfd_create("alerts", MFD_CLOEXEC));
  ASSERT_GE(file.get(), 0);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{.rlim_cur = 10, .rlim_max = limit.rlim_max};
  StreamOutput output(file.get(), false);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const bool written = output.write("0123456789abc").has_value();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  EXPECT_FALSE(written);
  EXPECT_EQ(output.lost(), 1U);
  ASSERT_TRUE(output.write("two"));
  ASSERT_TRUE(output.write("three"));
  char content[64] = {};
  const ssize_t got = pread(file.get(), content, sizeof(content), 0);
  EXPECT_EQ(std::string(content, static_cast<std::size_t>(got)), "0123456789\ntwo\nthree\n");
}

}  // namespace
}  // namespace saker::alert
