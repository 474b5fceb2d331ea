// Sockets: which side of a connection each socket is, and whether its ends have changed.
//
// The kernel's socket knows its two addresses but not who called whom; that is seen once, in the call that
// connects or accepts, and remembered under the socket's inode. A socket whose beginning was not seen has no
// role: then nobody is its client or server, and only "local" and "remote" can be said.
//
// Bounded: at `sockets_max` the oldest entry makes room. Not thread-safe. The pipeline thread owns it.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <deque>

#include "event/event.h"

namespace saker::state {

enum class Role : std::uint8_t {
  kUnknown,
  kClient,  // it connected, or sent first
  kServer,  // it listens, or was accepted
};

struct Socket {
  Role role = Role::kUnknown;
  bool changed = false;  // by the event just taken: fd.name_changed
  std::uint64_t ends = 0;
};

class Sockets {
 public:
  explicit Sockets(std::size_t sockets_max = 65536) : sockets_max_(sockets_max) {}

  // Takes a call whose main descriptor is `descriptor` and gives what is known of it now; null for what is no
  // IP socket. Holds until the next call.
  const Socket* on(const event::Event& event, const event::Descriptor& descriptor,
                   std::string_view peer_address);

  // Of the socket with that inode, from what was seen of it earlier.
  Role role_of(std::uint64_t ino) const;

  std::size_t size() const { return sockets_.size(); }

 private:
  struct Known {
    Role role = Role::kUnknown;
    std::uint64_t ends = 0;
  };
  Known& entry(std::uint64_t ino);

  std::size_t sockets_max_;
  absl::flat_hash_map<std::uint64_t, Known> sockets_;
  std::deque<std::uint64_t> age_;
  Socket current_;
};

}  // namespace saker::state
