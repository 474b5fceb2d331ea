#include "alert/stream_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
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
}

}  // namespace
}  // namespace saker::alert
