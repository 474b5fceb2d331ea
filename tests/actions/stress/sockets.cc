// Sockets: random connections within this process, both ends of which it can ask.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "stress.h"

namespace stress {
namespace {

struct Name {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Name ip_name(const char* ip, in_port_t port) {
  Name name;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&name.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&name.storage);
  if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    name.size = sizeof(*v4);
  } else {
    inet_pton(AF_INET6, ip, &v6->sin6_addr);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    name.size = sizeof(*v6);
  }
  return name;
}

Json json_of(Name& name) {
  char text[INET6_ADDRSTRLEN] = "";
  if (name.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<sockaddr_in*>(&name.storage);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    return {{"ip", text}, {"port", ntohs(v4->sin_port)}};
  }
  if (name.storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<sockaddr_in6*>(&name.storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
    return {{"ip", text}, {"port", ntohs(v6->sin6_port)}};
  }
  const auto* local = reinterpret_cast<sockaddr_un*>(&name.storage);
  return {{"path", name.size > sizeof(sa_family_t) ? local->sun_path : ""}};
}

using Ask = int (*)(int, sockaddr*, socklen_t*);
Json ask(int fd, Ask call) {
  Name name;
  if (call(fd, name.get(), &name.size) != 0) return nullptr;
  return json_of(name);
}

// What the socket says of itself after a call with that result.
void tell(const Part& part, const char* call, int fd, long result, std::string_view proto,
          std::string_view family, const Json& target = nullptr) {
  struct stat about{};
  if (fstat(fd, &about) != 0) fail("fstat");
  write_line(part, {{"kind", "socket"},
                    {"call", call},
                    {"fd", fd},
                    {"result", result},
                    {"error", error_name(result)},
                    {"ino", about.st_ino},
                    {"proto", proto},
                    {"family", family},
                    {"local", ask(fd, getsockname)},
                    {"remote", ask(fd, getpeername)},
                    {"target", target}});
}

long result_of(int result) { return result < 0 ? -errno : result; }

int open_socket(const Name& name, int type) {
  const int fd = socket(name.storage.ss_family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  return fd;
}

void stream(const Part& part, Dice& dice, Name name, std::string_view proto, std::string_view family) {
  const int listener = open_socket(name, SOCK_STREAM);
  if (bind(listener, name.get(), name.size) != 0 || listen(listener, 4) != 0) return void(close(listener));
  if (family != "unix") getsockname(listener, name.get(), &name.size);
  const bool later = family != "unix" && dice.chance(30);
  const int client = open_socket(name, SOCK_STREAM | (later ? SOCK_NONBLOCK : 0));
  const long connected = result_of(connect(client, name.get(), name.size));
  tell(part, "connect", client, connected, proto, family, json_of(name));
  const int server = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (server < 0) fail("accept4");
  tell(part, "accept4", server, server, proto, family);
  for (const int fd : {listener, client, server}) close(fd);
}

void refused(const Part& part, Name name) {
  // A port that was free a moment ago has nobody behind it.
  const int holder = open_socket(name, SOCK_STREAM);
  if (bind(holder, name.get(), name.size) != 0) fail("bind");
  getsockname(holder, name.get(), &name.size);
  const int client = open_socket(name, SOCK_STREAM);
  const long connected = result_of(connect(client, name.get(), name.size));
  Json line{{"kind", "refused"},
            {"call", "connect"},
            {"fd", client},
            {"result", connected},
            {"error", error_name(connected)},
            {"target", json_of(name)}};
  write_line(part, std::move(line));
  for (const int fd : {holder, client}) close(fd);
}

void datagram(const Part& part, Name name, std::string_view family) {
  const int server = open_socket(name, SOCK_DGRAM);
  if (bind(server, name.get(), name.size) != 0) fail("bind");
  getsockname(server, name.get(), &name.size);
  const int client = open_socket(name, SOCK_DGRAM);
  tell(part, "connect", client, result_of(connect(client, name.get(), name.size)), "udp", family);
  for (const int fd : {server, client}) close(fd);
}

// Datagrams between sockets that are connected to nobody: each call names the other end.
void letter(const Part& part, Name name, std::string_view family) {
  const int server = open_socket(name, SOCK_DGRAM), client = open_socket(name, SOCK_DGRAM);
  for (const int fd : {server, client}) {
    if (bind(fd, name.get(), name.size) != 0) fail("bind");
  }
  getsockname(server, name.get(), &name.size);
  const auto sent = sendto(client, "letter", 6, 0, name.get(), name.size);
  tell(part, "sendto", client, sent, "udp", family, json_of(name));
  char text[16];
  Name from;
  const auto got = recvfrom(server, text, sizeof(text), 0, from.get(), &from.size);
  tell(part, "recvfrom", server, got, "udp", family, json_of(from));
  for (const int fd : {server, client}) close(fd);
}

Name unix_name(const Part& part) {
  static int made = 0;
  Name name;
  auto* local = reinterpret_cast<sockaddr_un*>(&name.storage);
  local->sun_family = AF_UNIX;
  const std::string path =
      "/tmp/.saker-" + part.token + "-" + std::to_string(getpid()) + "-" + std::to_string(++made);
  std::strncpy(local->sun_path, path.c_str(), sizeof(local->sun_path) - 1);
  name.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return name;
}

}  // namespace

void connect_something(const Part& part, Dice& dice) {
  constexpr std::array<const char*, 3> kAddresses = {"127.0.0.1", "127.1.2.3", "::1"};
  const char* ip = dice.pick(kAddresses);
  const std::string_view family = std::strchr(ip, ':') == nullptr ? "ipv4" : "ipv6";
  switch (dice.roll(6)) {
    case 5:
      return letter(part, ip_name(ip, 0), family);
    case 0:
    case 1:
      return stream(part, dice, ip_name(ip, 0), "tcp", family);
    case 2:
      return datagram(part, ip_name(ip, 0), family);
    case 3:
      return refused(part, ip_name(ip, 0));
    default: {
      const Name name = unix_name(part);
      stream(part, dice, name, "", "unix");
      unlink(reinterpret_cast<const sockaddr_un*>(&name.storage)->sun_path);
    }
  }
}

}  // namespace stress
