#include "state/sockets.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cerrno>

namespace saker::state {
namespace {

event::Event call(std::string_view name, std::int64_t result = 0) {
  event::Event event;
  event.type = event::find_type(name).value();
  event::Call body;
  body.result = result;
  event.body = body;
  return event;
}

event::Descriptor socket(std::uint64_t ino, std::uint16_t type = SOCK_STREAM) {
  event::Descriptor descriptor;
  descriptor.kind = SAKER_DESCRIPTOR_SOCKET;
  descriptor.family = AF_INET;
  descriptor.type = type;
  descriptor.ino = ino;
  return descriptor;
}

Role role_after(std::string_view name, std::int64_t result = 0) {
  Sockets sockets;
  const Socket* known = sockets.on(call(name, result), socket(1), {});
  return known->role;
}

TEST(Sockets, TheCallThatBeginsDecidesTheRole) {
  EXPECT_EQ(role_after("connect"), Role::kClient);
  EXPECT_EQ(role_after("connect", -EINPROGRESS), Role::kClient);
  EXPECT_EQ(role_after("connect", -ECONNREFUSED), Role::kClient);
  EXPECT_EQ(role_after("accept4", 5), Role::kServer);
  EXPECT_EQ(role_after("listen"), Role::kServer);
  EXPECT_EQ(role_after("bind"), Role::kServer);
  EXPECT_EQ(role_after("bind", -EACCES), Role::kUnknown);
  EXPECT_EQ(role_after("read", 1), Role::kUnknown);
}

TEST(Sockets, TheRoleStaysUntilTheInodeIsASocketAnew) {
  Sockets sockets;
  sockets.on(call("connect"), socket(1), {});
  EXPECT_EQ(sockets.on(call("write", 3), socket(1), {})->role, Role::kClient);
  EXPECT_EQ(sockets.on(call("write", 3), socket(2), {})->role, Role::kUnknown);
  EXPECT_EQ(sockets.on(call("socket", 3), socket(1), {})->role, Role::kUnknown);
}

TEST(Sockets, ARefusedConnectIsNotRemembered) {
  Sockets sockets;
  EXPECT_FALSE(sockets.on(call("connect", -ECONNREFUSED), socket(1), {})->changed);
  EXPECT_EQ(sockets.on(call("write", -EPIPE), socket(1), {})->role, Role::kUnknown);
}

TEST(Sockets, AConnectChangesTheName) {
  Sockets sockets;
  EXPECT_TRUE(sockets.on(call("connect"), socket(1), {})->changed);
  EXPECT_FALSE(sockets.on(call("write", 1), socket(1), {})->changed);
}

TEST(Sockets, DatagramsChangeTheNameWithEachNewPeer) {
  Sockets sockets;
  const auto send = [&](std::string_view peer) {
    return sockets.on(call("sendto", 1), socket(1, SOCK_DGRAM), peer)->changed;
  };
  EXPECT_TRUE(send("a"));
  EXPECT_FALSE(send("a"));
  EXPECT_TRUE(send("b"));
  EXPECT_TRUE(send("a"));
}

TEST(Sockets, WhoSendsFirstAsks) {
  Sockets sockets;
  EXPECT_EQ(sockets.on(call("sendto", 1), socket(1, SOCK_DGRAM), {})->role, Role::kClient);
  EXPECT_EQ(sockets.on(call("recvfrom", 1), socket(1, SOCK_DGRAM), {})->role, Role::kClient);
  EXPECT_EQ(sockets.on(call("recvfrom", 1), socket(2, SOCK_DGRAM), {})->role, Role::kServer);
}

TEST(Sockets, OtherFamiliesAreNotKept) {
  Sockets sockets;
  event::Descriptor unix_socket = socket(1);
  unix_socket.family = AF_UNIX;
  EXPECT_EQ(sockets.on(call("connect"), unix_socket, {}), nullptr);
  EXPECT_EQ(sockets.size(), 0U);
}

TEST(Sockets, TheOldestMakesRoom) {
  Sockets sockets(3);
  for (std::uint64_t ino = 1; ino <= 10; ++ino) sockets.on(call("connect"), socket(ino), {});
  EXPECT_EQ(sockets.size(), 3U);
  EXPECT_EQ(sockets.on(call("write", 1), socket(10), {})->role, Role::kClient);
  EXPECT_EQ(sockets.on(call("write", 1), socket(1), {})->role, Role::kUnknown);
}

}  // namespace
}  // namespace saker::state
