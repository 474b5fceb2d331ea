#include "alert/syslog_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace saker::alert {
namespace {

// A system log: a datagram socket at a path.
class Log {
 public:
  explicit Log(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    bound_ = bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  bool bound() const { return bound_; }
  std::string next() const {
    char text[4096];
    const ssize_t got = recv(socket_.get(), text, sizeof(text), MSG_DONTWAIT);
    return got < 0 ? "<none>" : std::string(text, static_cast<std::size_t>(got));
  }

 private:
  UniqueFd socket_;
  bool bound_ = false;
};

TEST(SyslogOutput, FacilityDaemonAndTheAlertsSeverity) {
  char name[] = "/tmp/saker-syslog-XXXXXX";
  const std::filesystem::path directory = mkdtemp(name);
  const std::string path = directory / "log";
  SyslogOutput output(path);
  const Delivery without = output.write({.line = "early"});
  EXPECT_EQ(without.lost, 1U);
  EXPECT_THAT(without.problem, testing::HasSubstr("No such file or directory"));
  {
    const Log log(path);
    ASSERT_TRUE(log.bound());
    EXPECT_EQ(output.write({.line = "hello", .priority = rules::Priority::kCritical}).delivered, 1U);
    EXPECT_THAT(log.next(), testing::MatchesRegex("<26>[A-Z][a-z][a-z] .* saker\\[[0-9]+\\]: hello"));
    EXPECT_EQ(output.write({.line = "low", .priority = rules::Priority::kDebug}).delivered, 1U);
    EXPECT_THAT(log.next(), testing::StartsWith("<31>"));
  }
  std::filesystem::remove(path);
  const Log again(path);
  EXPECT_EQ(output.write({.line = "restarted"}).delivered, 1U);
  EXPECT_THAT(again.next(), testing::EndsWith(": restarted"));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace saker::alert
