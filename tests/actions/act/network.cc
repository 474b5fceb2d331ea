// Sockets. Both ends are this program: the addresses are those of a network namespace that the test made.
#include "network.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

namespace act {

SocketName::SocketName(const char* ip, long port) {
  const auto in_order = htons(static_cast<in_port_t>(port));
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage_);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage_);
  if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = in_order;
    size_ = sizeof(*v4);
  } else if (inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = in_order;
    size_ = sizeof(*v6);
  } else {
    errno = EINVAL;
    fail(ip);
  }
}

int make_socket(const SocketName& name, int type) {
  return need(socket(name.get()->sa_family, type | SOCK_CLOEXEC, 0), "socket");
}

int listen_at(const SocketName& name, int backlog) {
  const int server = make_socket(name, SOCK_STREAM);
  const int yes = 1;
  need(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), "SO_REUSEADDR");
  need(bind(server, name.get(), name.size()), "bind");
  need(listen(server, backlog), "listen");
  return server;
}

namespace {

struct Pair {
  int client, server;
};

// A connection from `source` (any when null) to `target`. The kernel takes it into the listener's queue, so
// one thread can do both sides.
Pair connect_pair(const char* target, long port, const char* source, bool accepting) {
  const SocketName name(target, port);
  const int listener = listen_at(name, 8);
  const int client = make_socket(name, SOCK_STREAM);
  if (source != nullptr) {
    const SocketName from(source, 0);
    need(bind(client, from.get(), from.size()), "bind");
  }
  need(connect(client, name.get(), name.size()), "connect");
  return {client, accepting ? need(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept4") : -1};
}

int connect_only(Words words) {
  connect_pair(words[0], number(words[1]), words[2], false);
  return 0;
}

int accept_one(Words words) {
  connect_pair(words[0], number(words[1]), words[2], true);
  return 0;
}

// As an event loop does it: the call returns before there is a connection.
int connect_later(Words words) {
  const SocketName name(words[0], number(words[1]));
  listen_at(name, 8);
  const int client = make_socket(name, SOCK_STREAM | SOCK_NONBLOCK);
  const SocketName from(words[2], 0);
  need(bind(client, from.get(), from.size()), "bind");
  if (connect(client, name.get(), name.size()) == 0 || errno == EINPROGRESS) return 0;
  fail("connect");
}

int connect_datagram(Words words) {
  const SocketName name(words[0], number(words[1]));
  const int client = make_socket(name, SOCK_DGRAM);
  const SocketName from(words[2], 0);
  need(bind(client, from.get(), from.size()), "bind");
  return need(connect(client, name.get(), name.size()), "connect");
}

int send_datagram(Words words) {
  const SocketName name(words[0], number(words[1]));
  const int client = make_socket(name, SOCK_DGRAM);
  const SocketName from(words[2], 0);
  need(bind(client, from.get(), from.size()), "bind");
  return need(sendto(client, "x", 1, 0, name.get(), name.size()), "sendto") == 1 ? 0 : 1;
}

int receive_datagram(Words words) {
  const SocketName name(words[0], number(words[1])), from(words[2], 0);
  const int server = make_socket(name, SOCK_DGRAM), client = make_socket(name, SOCK_DGRAM);
  need(bind(server, name.get(), name.size()), "bind");
  need(bind(client, from.get(), from.size()), "bind");
  need(sendto(client, "x", 1, 0, name.get(), name.size()), "sendto");
  char byte = 0;
  sockaddr_storage who{};
  socklen_t size = sizeof(who);
  return need(recvfrom(server, &byte, 1, 0, reinterpret_cast<sockaddr*>(&who), &size), "recvfrom") == 1 ? 0
                                                                                                        : 1;
}

// What a reverse shell does before it starts the shell.
int redirect(Words words) {
  const Pair pair = connect_pair(words[0], number(words[1]), words[2], false);
  need(dup3(pair.client, STDIN_FILENO, 0), "dup3");
  return 0;
}

#ifdef SYS_dup2
int old_redirect(Words words) {
  const Pair pair = connect_pair(words[0], number(words[1]), words[2], false);
  need(syscall(SYS_dup2, pair.client, STDOUT_FILENO), "dup2");
  return 0;
}
#endif

// The head of a Java class comes in.
int receive_class(Words words) {
  const Pair pair = connect_pair(words[0], number(words[1]), words[2], true);
  constexpr std::string_view kClass("\xca\xfe\xba\xbe\0\0\0\x34", 8);
  need(send(pair.server, kClass.data(), kClass.size(), 0), "send");
  char got[64];
  return need(recvfrom(pair.client, got, sizeof(got), 0, nullptr, nullptr), "recvfrom") == 8 ? 0 : 1;
}

int packet_socket(Words) {
  need(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), "socket");
  return 0;
}

constexpr Verb kVerbs[] = {
    {"connect", "IP PORT SOURCE", 3, connect_only},
    {"connect-later", "IP PORT SOURCE", 3, connect_later},
    {"accept", "IP PORT SOURCE", 3, accept_one},
    {"connect-datagram", "IP PORT SOURCE", 3, connect_datagram},
    {"send-datagram", "IP PORT SOURCE", 3, send_datagram},
    {"receive-datagram", "IP PORT SOURCE", 3, receive_datagram},
    {"redirect", "IP PORT SOURCE", 3, redirect},
#ifdef SYS_dup2
    {"old-redirect", "IP PORT SOURCE", 3, old_redirect},
#endif
    {"receive-class", "IP PORT SOURCE", 3, receive_class},
    {"packet-socket", "", 0, packet_socket},
};

}  // namespace

std::span<const Verb> network_verbs() { return kVerbs; }

}  // namespace act
