// fd.*: the ends of a connection. Local and remote are what the kernel's socket says; client and server also
// need the call that began the connection (state/sockets.h).
#include <fmt/format.h>
#include <netinet/tcp.h>

#include <algorithm>

#include "fields/arena_text.h"
#include "fields/descriptor.h"
#include "fields/field_rows.h"

namespace saker::fields {
namespace {

using End = Endpoint (*)(const Connection&);

Endpoint client_of(const Connection& c) { return c.client(); }
Endpoint server_of(const Connection& c) { return c.server(); }
Endpoint local_of(const Connection& c) { return c.local; }
Endpoint remote_of(const Connection& c) { return c.remote; }

template <End kEnd>
Endpoint end_of(const Subject& s) {
  const auto connection = connection_of(s);
  return connection ? kEnd(*connection) : Endpoint();
}

template <End kEnd>
Value ip(const Subject& s) {
  const Endpoint end = end_of<kEnd>(s);
  return end.known() ? Value::ip(end.ip) : Value();
}
template <End kEnd>
Value port(const Subject& s) {
  const Endpoint end = end_of<kEnd>(s);
  return end.known() ? Value::unsigned_integer(end.port) : Value();
}
// The number: names are for people, and depend on the machine they were looked up on.
template <End kEnd>
Value service(const Subject& s, Arena& arena) {
  const Endpoint end = end_of<kEnd>(s);
  if (!end.known()) return {};
  char text[8];
  const auto last = fmt::format_to_n(text, sizeof(text), "{}", end.port).out;
  return Value::text(arena.copy({text, static_cast<std::size_t>(last - text)}));
}

// All names that the address is known by: a check holds when it holds for one of them. Empty when it has
// none.
template <End kEnd>
Value names_of(const Subject& s, Arena& arena) {
  const Endpoint end = end_of<kEnd>(s);
  if (!end.known()) return {};
  std::span<const std::string> names;
  if (s.domain_names != nullptr) {
    const auto known = s.domain_names->by_address.find(end.ip);
    if (known != s.domain_names->by_address.end()) names = known->second;
  }
  const auto values = arena.array<Value>(std::max<std::size_t>(names.size(), 1));
  values[0] = Value::text("");
  std::ranges::transform(names, values.begin(), [](const std::string& name) { return Value::text(name); });
  return Value::list(values);
}

// Both ends as a list: a check on it holds when it holds for one of them.
template <class Make>
Value both(const Subject& s, Arena& arena, Make make) {
  const auto connection = connection_of(s);
  if (!connection) return {};
  const auto values = arena.array<Value>(2);
  std::size_t count = 0;
  for (const Endpoint* end : {&connection->local, &connection->remote}) {
    if (end->known()) values[count++] = make(*end);
  }
  return count == 0 ? Value() : Value::list(values.first(count));
}
Value both_ips(const Subject& s, Arena& arena) {
  return both(s, arena, [](const Endpoint& end) { return Value::ip(end.ip); });
}
Value both_ports(const Subject& s, Arena& arena) {
  return both(s, arena, [](const Endpoint& end) { return Value::unsigned_integer(end.port); });
}

Value l4proto(const Subject& s) {
  const event::Descriptor* descriptor = main_descriptor_of(s);
  return descriptor == nullptr ? Value() : Value::text(l4proto_of(*descriptor));
}
Value sockfamily(const Subject& s) {
  const event::Descriptor* descriptor = main_descriptor_of(s);
  if (descriptor == nullptr) return {};
  const std::string_view type = type_of(*descriptor);
  if (type == "ipv4" || type == "ipv6") return Value::text("ip");
  return type == "unix" ? Value::text("unix") : Value();
}
Value is_server(const Subject& s) {
  const auto connection = connection_of(s);
  return connection ? Value::boolean(connection->role == state::Role::kServer) : Value();
}
Value connected(const Subject& s) {
  const event::Descriptor* socket = main_descriptor_of(s);
  if (socket == nullptr || socket->kind != SAKER_DESCRIPTOR_SOCKET) return {};
  return Value::boolean(socket->state == TCP_ESTABLISHED);
}
Value name_changed(const Subject& s) {
  return main_descriptor_of(s) == nullptr ? Value()
                                          : Value::boolean(s.socket != nullptr && s.socket->changed);
}

using enum Type;
constexpr std::uint8_t kBothEnds = kFilterOnly | kNoTransformer | kNoRhs;
constexpr std::uint8_t kAlone = kNoTransformer | kNoRhs;

constexpr Field domain(std::string_view name, Reader read, std::string_view help) {
  return {.name = name, .flags = kAlone, .any_when_bare = true, .help = help, .read = read};
}

constexpr Field kRows[] = {
    {.name = "fd.ip",
     .type = kIpAddress,
     .flags = kBothEnds,
     .any_when_bare = true,
     .help = "Address of either end.",
     .read = reader<both_ips>},
    {.name = "fd.cip", .type = kIpAddress, .help = "Address of the client.", .read = reader<ip<client_of>>},
    {.name = "fd.sip", .type = kIpAddress, .help = "Address of the server.", .read = reader<ip<server_of>>},
    {.name = "fd.lip",
     .type = kIpAddress,
     .help = "Address of this host's end.",
     .read = reader<ip<local_of>>},
    {.name = "fd.rip",
     .type = kIpAddress,
     .help = "Address of the other end.",
     .read = reader<ip<remote_of>>},
    {.name = "fd.port",
     .type = kPort,
     .flags = kBothEnds,
     .any_when_bare = true,
     .help = "Port of either end.",
     .read = reader<both_ports>},
    {.name = "fd.cport", .type = kPort, .help = "Port of the client.", .read = reader<port<client_of>>},
    {.name = "fd.sport", .type = kPort, .help = "Port of the server.", .read = reader<port<server_of>>},
    {.name = "fd.lport", .type = kPort, .help = "Port of this host's end.", .read = reader<port<local_of>>},
    {.name = "fd.rport", .type = kPort, .help = "Port of the other end.", .read = reader<port<remote_of>>},
    {.name = "fd.l4proto",
     .few_values = true,
     .help = "Transport of a socket: tcp, udp, icmp or raw.",
     .read = reader<l4proto>},
    {.name = "fd.sockfamily",
     .few_values = true,
     .help = "Family of a socket: ip or unix.",
     .read = reader<sockfamily>},
    {.name = "fd.is_server",
     .type = kBool,
     .help = "True when the process is the server of the connection.",
     .read = reader<is_server>},
    {.name = "fd.proto",
     .type = kPort,
     .flags = kBothEnds,
     .any_when_bare = true,
     .help = "Service of either end.",
     .read = reader<both_ports>},
    {.name = "fd.cproto",
     .help = "Service name or number of the client's port.",
     .read = reader<service<client_of>>},
    {.name = "fd.sproto",
     .help = "Service name or number of the server's port.",
     .read = reader<service<server_of>>},
    {.name = "fd.lproto",
     .help = "Service name or number of this host's port.",
     .read = reader<service<local_of>>},
    {.name = "fd.rproto",
     .help = "Service name or number of the other end's port.",
     .read = reader<service<remote_of>>},
    {.name = "fd.net",
     .type = kIpNetwork,
     .flags = kBothEnds,
     .any_when_bare = true,
     .help = "Network of either end.",
     .read = reader<both_ips>},
    {.name = "fd.cnet",
     .type = kIpNetwork,
     .flags = kBothEnds,
     .help = "Network of the client.",
     .read = reader<ip<client_of>>},
    {.name = "fd.snet",
     .type = kIpNetwork,
     .flags = kBothEnds,
     .help = "Network of the server.",
     .read = reader<ip<server_of>>},
    {.name = "fd.lnet",
     .type = kIpNetwork,
     .flags = kBothEnds,
     .help = "Network of this host's end.",
     .read = reader<ip<local_of>>},
    {.name = "fd.rnet",
     .type = kIpNetwork,
     .flags = kBothEnds,
     .help = "Network of the other end.",
     .read = reader<ip<remote_of>>},
    {.name = "fd.connected",
     .type = kBool,
     .help = "True for a socket whose connect went well.",
     .read = reader<connected>},
    {.name = "fd.name_changed",
     .type = kBool,
     .help = "True when this event changed fd.name.",
     .read = reader<name_changed>},
    domain("fd.cip.name", reader<names_of<client_of>>, "Domain name of the client, if a rule names it."),
    domain("fd.sip.name", reader<names_of<server_of>>, "Domain name of the server, if a rule names it."),
    domain("fd.lip.name", reader<names_of<local_of>>, "Domain name of this host's end, if a rule names it."),
    domain("fd.rip.name", reader<names_of<remote_of>>, "Domain name of the other end, if a rule names it."),
};

}  // namespace

std::span<const Field> socket_fields() { return kRows; }

}  // namespace saker::fields
