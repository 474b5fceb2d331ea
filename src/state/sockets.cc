#include "state/sockets.h"

#include <absl/hash/hash.h>
#include <netinet/in.h>

#include <cerrno>
#include <tuple>

namespace saker::state {
namespace {

struct Types {
  event::TypeId accept, accept4, bind, connect, listen, socket;
  event::TypeId sendto, sendmsg, sendmmsg, recvfrom, recvmsg, recvmmsg;
};

const Types& types() {
  const auto id = [](std::string_view name) { return event::find_type(name).value(); };
  static const Types made = {id("accept"),   id("accept4"),  id("bind"),    id("connect"),
                             id("listen"),   id("socket"),   id("sendto"),  id("sendmsg"),
                             id("sendmmsg"), id("recvfrom"), id("recvmsg"), id("recvmmsg")};
  return made;
}

bool under_way(std::int64_t result) { return result >= 0 || result == -EINPROGRESS; }

std::uint64_t ends_of(const event::Descriptor& socket, std::string_view peer_address) {
  return absl::HashOf(socket.local, socket.local_port, socket.remote, socket.remote_port, peer_address) | 1;
}

}  // namespace

Sockets::Known& Sockets::entry(std::uint64_t ino) {
  const auto [found, added] = sockets_.try_emplace(ino);
  if (added) {
    age_.push_back(ino);
    while (age_.size() > sockets_max_) {
      sockets_.erase(age_.front());
      age_.pop_front();
    }
  }
  return sockets_[ino];
}

const Socket* Sockets::on(const event::Event& event, const event::Descriptor& descriptor,
                          std::string_view peer_address) {
  if (descriptor.family != AF_INET && descriptor.family != AF_INET6) return nullptr;
  const Types& t = types();
  const event::TypeId type = event.type;
  current_ = {};
  const bool fresh = type == t.socket || type == t.accept || type == t.accept4;
  const bool connects = type == t.connect && under_way(event.result());
  const bool datagram = descriptor.type != SOCK_STREAM;
  const bool sends = datagram && (type == t.sendto || type == t.sendmsg || type == t.sendmmsg);
  const bool receives = datagram && (type == t.recvfrom || type == t.recvmsg || type == t.recvmmsg);
  const bool serves = type == t.listen || type == t.accept || type == t.accept4;
  if (!fresh && !connects && !serves && !sends && !receives && type != t.bind) {
    const auto found = sockets_.find(descriptor.ino);
    if (found != sockets_.end()) current_.role = found->second.role;
    if (type == t.connect) current_.role = Role::kClient;  // it was refused; who asked is still plain
    return &current_;
  }
  Known& known = entry(descriptor.ino);
  if (fresh) known = {};
  if (connects) known.role = Role::kClient;
  if (serves || (type == t.bind && event.result() >= 0)) known.role = Role::kServer;
  // Of datagrams, who sends first asks; each direction tells its own pair of ends.
  if (event.result() >= 0) {
    if (sends && known.role == Role::kUnknown) known.role = Role::kClient;
    if (receives && known.role == Role::kUnknown) known.role = Role::kServer;
  }
  if (connects || ((sends || receives) && event.result() >= 0)) {
    const std::uint64_t ends = ends_of(descriptor, peer_address);
    current_.changed = ends != known.ends;
    known.ends = ends;
  }
  current_.role = known.role;
  if (sends && current_.role == Role::kUnknown)
    current_.role = Role::kClient;  // it failed; who asked is plain
  return &current_;
}

Role Sockets::role_of(std::uint64_t ino) const {
  const auto known = sockets_.find(ino);
  return known == sockets_.end() ? Role::kUnknown : known->second.role;
}

}  // namespace saker::state
