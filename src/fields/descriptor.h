// What a descriptor stands for, in the words that fields and parameters use.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "event/event.h"
#include "fields/catalogue.h"

namespace saker::fields {

// ipv4, file, eventpoll, ...; empty when it is of no kind that has a name.
std::string_view type_of(const event::Descriptor& descriptor);
// fd.typechar of a type's name; `o` for an empty one.
std::string_view typechar_of(std::string_view type);

// One end of an IP socket; `ip` has 4 or 16 bytes in network order, none when that end is not known.
struct Endpoint {
  std::string_view ip;
  std::uint16_t port = 0;

  bool known() const { return !ip.empty(); }
};

struct Connection {
  Endpoint local, remote;
  state::Role role = state::Role::kUnknown;

  const Endpoint& client() const;
  const Endpoint& server() const;
};

// The call's descriptor that fd.* speak of; null for other events, failed creations, and what is not open.
const event::Descriptor* main_descriptor_of(const Subject& subject);

// The bytes of the address that the call gave or got for its socket's peer; empty when there are none.
std::string_view peer_address_of(const event::Event& event);

// The ends of the main descriptor; nothing when it is no IP socket. A socket without a peer has the one that
// the call names.
std::optional<Connection> connection_of(const Subject& subject);
// Of any descriptor.
std::optional<Connection> connection_of(const Subject& subject, const event::Descriptor& socket);

// The address in a struct sockaddr: an endpoint, or the path of a unix socket.
struct SocketAddress {
  Endpoint endpoint;
  std::string_view path;
  bool is_path = false;
};
std::optional<SocketAddress> parse_address(std::string_view sockaddr);

std::string_view ip_text(std::string_view ip, Arena& arena);
// 1.2.3.4:80
std::string_view endpoint_text(const Endpoint& endpoint, Arena& arena);
std::string_view address_text(const SocketAddress& address, Arena& arena);

// fd.name of a call's main descriptor, or of another one (without the roles that only the main one has).
std::string_view descriptor_name(const Subject& subject, const event::Descriptor& descriptor, Arena& arena);
// <4t>1.2.3.4:80->5.6.7.8:443, <f>/etc/passwd, as parameters show descriptors.
std::string_view descriptor_text(const Subject& subject, const event::Descriptor& descriptor, Arena& arena);

// tcp, udp, icmp, raw, or <NA>.
std::string_view l4proto_of(const event::Descriptor& descriptor);

}  // namespace saker::fields
