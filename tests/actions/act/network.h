// Socket addresses from text.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>

#include "verbs.h"

namespace act {

// An IPv4 or IPv6 address with a port (0: any), or the program fails.
class SocketName {
 public:
  SocketName(const char* ip, long port);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

int make_socket(const SocketName& name, int type);
int listen_at(const SocketName& name, int backlog);

}  // namespace act
