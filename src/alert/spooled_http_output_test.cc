// A real spool, a real receiver.
#include "alert/spooled_http_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "alert/receiver_for_tests.h"

namespace saker::alert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SpooledHttpOutputTest : public ::testing::Test {
 protected:
  SpooledHttpOutputTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "saker-spool-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SpooledHttpOutputTest() override { std::filesystem::remove_all(folder_); }

  SpooledHttpOutput::Settings to(const std::string& url) const {
    return {.http = {.url = url}, .folder = folder_};
  }

  static void write(SpooledHttpOutput& output, const std::string& line) {
    EXPECT_EQ(output.write({.line = line}).delivered, 0U) << "buffered";
    EXPECT_EQ(output.flush().delivered, 1U);
  }

  // Waits for what will come, however long that takes here.
  static void wait(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  std::string folder_;
};

TEST_F(SpooledHttpOutputTest, WhatIsOnDiskIsDeliveredInOrder) {
  Receiver receiver;
  SpooledHttpOutput output(to(receiver.url()));
  EXPECT_FALSE(output.begin().again);
  for (const char* line : {"{\"n\":1}", "text", "text"}) write(output, line);  // equal ones are two
  wait([&] { return output.spool()->delivered == 3; });
  EXPECT_THAT(receiver.bodies(), ElementsAre("{\"n\":1}", "text", "text"));
  EXPECT_EQ(receiver.got()[0].content_type, "application/json");
  EXPECT_EQ(receiver.got()[1].content_type, "text/plain");
  wait([&] { return output.spool()->waiting == 0; });
  EXPECT_FALSE(output.spool()->failing);
}

TEST_F(SpooledHttpOutputTest, TheNextAgentDeliversWhatThisOneCannot) {
  std::uint16_t port = 0;
  {
    Receiver first;
    port = first.port();
  }
  const std::string url = fmt::format("http://127.0.0.1:{}/hook", port);
  {
    SpooledHttpOutput output(to(url));
    write(output, "one");
    write(output, "two");
    wait([&] { return output.spool()->failing; });
    EXPECT_EQ(output.spool()->waiting, 2U);
    EXPECT_GT(output.spool()->bytes, 0U);
  }
  Receiver receiver(std::nullopt, port);
  SpooledHttpOutput output(to(url));
  write(output, "three");
  wait([&] { return output.spool()->delivered == 3; });
  EXPECT_THAT(receiver.bodies(), ElementsAre("one", "two", "three"));
}

TEST_F(SpooledHttpOutputTest, WhatIsRefusedForGoodHoldsNothingUp) {
  Receiver receiver;
  receiver.answer({{.status = 503}, {.status = 400, .body = "no"}});
  SpooledHttpOutput output(to(receiver.url()));
  write(output, "one");  // later, then never
  write(output, "two");
  wait([&] { return output.spool()->delivered == 1; });
  EXPECT_THAT(receiver.bodies(), ElementsAre("one", "one", "two"));
  EXPECT_EQ(output.spool()->refused, 1U);
  EXPECT_EQ(output.spool()->retries, 1U);
}

TEST_F(SpooledHttpOutputTest, ItIsBounded) {
  SpooledHttpOutput::Settings settings = to("http://127.0.0.1:1/");
  settings.bytes_max = 1 << 20;
  SpooledHttpOutput output(settings);
  const std::string line(8000, 'x');
  for (int i = 0; i < 1000; ++i) {
    Delivery done = output.write({.line = line, .priority = rules::Priority::kNotice});
    if (!done.again) done = output.flush();
    if (!done.again) continue;
    EXPECT_THAT(done.problem, HasSubstr("is full"));
    EXPECT_EQ(output.spool()->evicted, 0U);
    // What waits outside now is less than a batch: it goes in when a more severe one would.
    break;
  }
  EXPECT_LE(output.spool()->bytes, settings.bytes_max);
  EXPECT_GT(output.spool()->waiting, 50U);
}

TEST_F(SpooledHttpOutputTest, AFolderThatCannotBeMadeIsTriedAgain) {
  SpooledHttpOutput::Settings settings = to("http://127.0.0.1:1/");
  settings.folder = "/proc/no/such";
  SpooledHttpOutput output(settings);
  EXPECT_TRUE(output.begin().again);
  EXPECT_TRUE(output.write({.line = "x"}).again);
  EXPECT_TRUE(output.spool());
}

}  // namespace
}  // namespace saker::alert
