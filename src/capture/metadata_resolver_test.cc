#include "capture/metadata_resolver.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "base/fd.h"
#include "base/lacking_for_tests.h"

namespace saker::capture {
namespace {

namespace fs = std::filesystem;

const std::string kId = "a1b2c3d4e5f6" + std::string(52, '0');

class Resolver : public testing::Test {
 protected:
  Resolver() {
    std::string name = testing::TempDir() + "resolverXXXXXX";
    root_ = mkdtemp(name.data());
    engines_.docker.sockets = {"/docker.sock"};
    engines_.podman.sockets = engines_.cri.sockets = engines_.containerd.sockets = {};
  }
  ~Resolver() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& content) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << content;
  }

  // Answers taken until `enough` is content with one, or none comes for a long time.
  static bool wait_for(MetadataResolver& resolver, const std::function<bool(const MetadataAnswer&)>& enough) {
    bool done = false;
    while (!done) {
      pollfd ready{.fd = resolver.ready_fd(), .events = POLLIN, .revents = 0};
      if (poll(&ready, 1, 30'000) != 1) return false;
      resolver.take([&](MetadataAnswer& answer) { done |= enough(answer); });
    }
    return true;
  }

  fs::path root_;
  ContainerEngines engines_;
};

TEST_F(Resolver, ABundleThatComesLaterAndTheAccountsInIt) {
  SAKER_SKIP_WITHOUT(openat2);
  write("srv/bundle/rootfs/etc/passwd", "web:x:7:7::/srv:/bin/sh\n");
  write("srv/bundle/config.json", R"({"annotations":{"nerdctl/name":"web"},"root":{"path":"rootfs"}})");
  MetadataResolver resolver(root_, engines_);
  ASSERT_TRUE(resolver.ask(kId, "docker"));
  write("run/runc/" + kId + "/state.json", R"({"config":{"labels":["bundle=/srv/bundle"]}})");
  bool complete = false;
  std::string user;
  EXPECT_TRUE(wait_for(resolver, [&](const MetadataAnswer& answer) {
    EXPECT_EQ(answer.full_id, kId);
    if (answer.info) {
      EXPECT_EQ(answer.info->name, "web");
    }
    complete |= answer.info_complete;
    if (answer.users) user = answer.users->find_user(7)->name;
    return complete && !user.empty();
  }));
  EXPECT_EQ(user, "web");
  EXPECT_EQ(resolver.stats().found_on_disk, 1U);
}

// A daemon of a few lines: accepts, reads, says `answer`, closes.
class Daemon {
 public:
  Daemon(const fs::path& path, std::string answer) : answer_(std::move(answer)) {
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    thread_ = std::thread([this] {
      while (true) {
        const UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
        if (!peer) return;
        char buffer[4096];
        if (::read(peer.get(), buffer, sizeof(buffer)) < 0) continue;
        (void)!::write(peer.get(), answer_.data(), answer_.size());
      }
    });
  }
  ~Daemon() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

 private:
  std::string answer_;
  UniqueFd listener_;
  std::thread thread_;
};

std::string http(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

TEST_F(Resolver, TheApiWhenTheDiskSaysNothing) {
  const Daemon daemon(root_ / "docker.sock",
                      http("200 OK", R"({"Name":"/web","Config":{"Image":"nginx:1","Labels":{"a":"b"}}})"));
  MetadataResolver resolver(root_, engines_);
  ASSERT_TRUE(resolver.ask(kId, "docker"));
  EXPECT_TRUE(wait_for(resolver, [](const MetadataAnswer& answer) {
    return answer.info_complete && answer.info->name == "web" && answer.info->engine == "docker" &&
           answer.info->labels->at("a") == "b";
  }));
  EXPECT_EQ(resolver.stats().found_by_api, 1U);
}

TEST_F(Resolver, WhatIsNoAnswerIsCounted) {
  for (const std::string& answer :
       {std::string("nonsense\r\n\r\n"), http("200 OK", "[1"), http("500 No", "")}) {
    const Daemon daemon(root_ / "docker.sock", answer);
    MetadataResolver resolver(root_, engines_);
    ASSERT_TRUE(resolver.ask(kId, "docker"));
    while (resolver.stats().api_failed == 0) std::this_thread::yield();
    fs::remove(root_ / "docker.sock");
  }
}

TEST_F(Resolver, EnginesThatNobodyDescribesAreNotAskedFor) {
  MetadataResolver resolver(root_, engines_);
  for (const char* engine : {"lxc", "libvirt_lxc", "bpm"}) EXPECT_FALSE(resolver.ask("c1", engine));
}

TEST_F(Resolver, TheHostsAccounts) {
  SAKER_SKIP_WITHOUT(openat2);
  write("etc/passwd", "ann:x:1000:1000::/home/ann:/bin/sh\n");
  MetadataResolver resolver(root_, engines_);
  ASSERT_TRUE(resolver.ask_accounts("", 0, true));
  EXPECT_TRUE(wait_for(resolver, [](const MetadataAnswer& answer) {
    return answer.full_id.empty() && answer.users && answer.users->find_user(1000)->name == "ann";
  }));
}

}  // namespace
}  // namespace saker::capture
