#include "fields/descriptor.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "event/schema.h"
#include "fields/arena_text.h"
#include "fields/field_rows.h"

namespace saker::fields {
namespace {

constexpr std::uint32_t kPidFsMagic = 0x50494446;
constexpr std::string_view kMemfdPrefix = "/memfd:";

struct TypeName {
  std::string_view name, letter;
};
constexpr TypeName kTypeNames[] = {
    {"file", "f"},    {"directory", "d"}, {"ipv4", "4"},     {"ipv6", "6"},        {"unix", "u"},
    {"pipe", "p"},    {"event", "e"},     {"signalfd", "s"}, {"eventpoll", "l"},   {"inotify", "i"},
    {"timerfd", "t"}, {"netlink", "n"},   {"bpf", "b"},      {"userfaultfd", "u"}, {"io_uring", "r"},
    {"memfd", "m"},   {"pidfd", "P"},
};

// Files without a file system are told by the name the kernel gives them.
constexpr TypeName kAnonymous[] = {
    {"[eventfd", "event"},     {"[signalfd", "signalfd"}, {"[eventpoll", "eventpoll"},
    {"[timerfd", "timerfd"},   {"inotify", "inotify"},    {"[userfaultfd", "userfaultfd"},
    {"[io_uring", "io_uring"}, {"[pidfd", "pidfd"},       {"bpf", "bpf"},
    {"memfd:", "memfd"},
};

std::string_view without_slash(std::string_view name) {
  return name.starts_with('/') ? name.substr(1) : name;
}

std::string_view anonymous_type(const event::Descriptor& descriptor) {
  if (descriptor.magic == kPidFsMagic) return "pidfd";
  const std::string_view name = without_slash(descriptor.name.bytes);
  const auto found =
      std::ranges::find_if(kAnonymous, [&](const TypeName& row) { return name.starts_with(row.name); });
  return found == std::end(kAnonymous) ? std::string_view() : found->letter;
}

std::string_view socket_type(const event::Descriptor& descriptor) {
  switch (descriptor.family) {
    case AF_INET:
      return "ipv4";
    case AF_INET6:
      return "ipv6";
    case AF_UNIX:
      return "unix";
    case AF_NETLINK:
      return "netlink";
    default:
      return {};
  }
}

bool all_zero(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return c == 0; });
}

// An IPv4 address in IPv6 clothes is told as what it is.
std::string_view plain_ip(std::string_view ip) {
  constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  return ip.size() == 16 && ip.starts_with(kMapped) ? ip.substr(12) : ip;
}

Endpoint local_end(const event::Descriptor& socket) {
  if (socket.local_port == 0 && all_zero(socket.local)) return {};
  return {plain_ip(socket.local), socket.local_port};
}

Endpoint remote_end(const event::Descriptor& socket) {
  // A refused stream keeps the address that it wanted, and has lost the port.
  if (socket.remote_port == 0 && (socket.type == SOCK_STREAM || all_zero(socket.remote))) return {};
  return {plain_ip(socket.remote), socket.remote_port};
}

// The address that the call gave or got, for sockets that have no peer of their own.
Endpoint named_peer(const event::Event& event) {
  const auto address = parse_address(peer_address_of(event));
  return address && !address->is_path ? address->endpoint : Endpoint();
}

std::string_view connection_text(const Connection& connection, Arena& arena) {
  if (!connection.remote.known())
    return connection.local.known() ? endpoint_text(connection.local, arena) : std::string_view();
  const bool served = connection.role == state::Role::kServer;
  const Endpoint& source = served ? connection.remote : connection.local;
  const Endpoint& target = served ? connection.local : connection.remote;
  return concat(arena, {endpoint_text(source, arena), "->", endpoint_text(target, arena)});
}

std::string_view unix_text(const event::Descriptor& socket, Arena& arena) {
  const std::string text = fmt::format("{:x}->{:x} ", socket.own_address, socket.peer_address);
  std::string_view path = socket.name.bytes;
  path = path.substr(0, path.find('\0', path.starts_with('\0') ? 1 : 0));
  return concat(arena, {text, path});
}

std::string_view file_text(const event::Descriptor& file, std::string_view type) {
  const std::string_view name = file.name.bytes;
  if (type == "memfd") return name.starts_with(kMemfdPrefix) ? name.substr(kMemfdPrefix.size()) : name;
  return type == "file" || type == "directory" ? name : std::string_view();
}

Connection connection_of(const Subject& subject, const event::Descriptor& socket, bool is_main) {
  Connection connection{.local = local_end(socket), .remote = remote_end(socket)};
  if (!is_main) {
    if (subject.sockets != nullptr) connection.role = subject.sockets->role_of(socket.ino);
    return connection;
  }
  if (!connection.remote.known()) connection.remote = named_peer(*subject.event);
  if (subject.socket != nullptr) connection.role = subject.socket->role;
  return connection;
}

}  // namespace

const Endpoint& Connection::client() const {
  static constexpr Endpoint kNobody;
  if (role == state::Role::kUnknown) return kNobody;
  return role == state::Role::kClient ? local : remote;
}

const Endpoint& Connection::server() const {
  static constexpr Endpoint kNobody;
  if (role == state::Role::kUnknown) return kNobody;
  return role == state::Role::kClient ? remote : local;
}

std::string_view type_of(const event::Descriptor& descriptor) {
  switch (descriptor.kind) {
    case SAKER_DESCRIPTOR_SOCKET:
      return socket_type(descriptor);
    case SAKER_DESCRIPTOR_PIPE:
      return "pipe";
    case SAKER_DESCRIPTOR_FILE: {
      const std::string_view anonymous = anonymous_type(descriptor);
      if (!anonymous.empty()) return anonymous;
      return S_ISDIR(descriptor.inode_mode) ? "directory" : "file";
    }
    default:
      return {};
  }
}

std::string_view typechar_of(std::string_view type) {
  const auto found = std::ranges::find(kTypeNames, type, &TypeName::name);
  return found == std::end(kTypeNames) ? "o" : found->letter;
}

const event::Descriptor* main_descriptor_of(const Subject& subject) {
  const auto* call = std::get_if<event::Call>(&subject.event->body);
  if (call == nullptr) return nullptr;
  const auto place = event::main_descriptor(subject.event->type);
  const event::Descriptor* found = place ? call->descriptor(*place) : nullptr;
  // bpf() gives a descriptor for some commands only; for the others its result is a number.
  static const event::TypeId kBpf = event::find_type("bpf").value();
  return found != nullptr && subject.event->type == kBpf && type_of(*found) != "bpf" ? nullptr : found;
}

std::string_view peer_address_of(const event::Event& event) {
  const auto* call = std::get_if<event::Call>(&event.body);
  const event::Parameter* tuple = event::find_parameter(event.type, "tuple");
  if (call == nullptr || tuple == nullptr || tuple->argument >= call->texts.size()) return {};
  return call->texts[tuple->argument].bytes;
}

std::optional<Connection> connection_of(const Subject& subject) {
  const event::Descriptor* socket = main_descriptor_of(subject);
  if (socket == nullptr || (socket->family != AF_INET && socket->family != AF_INET6)) return std::nullopt;
  return connection_of(subject, *socket, true);
}

std::optional<Connection> connection_of(const Subject& subject, const event::Descriptor& socket) {
  if (socket.family != AF_INET && socket.family != AF_INET6) return std::nullopt;
  return connection_of(subject, socket, &socket == main_descriptor_of(subject));
}

std::optional<SocketAddress> parse_address(std::string_view bytes) {
  sa_family_t family = 0;
  if (bytes.size() < sizeof(family)) return std::nullopt;
  std::memcpy(&family, bytes.data(), sizeof(family));
  SocketAddress address;
  const auto port_at = [&](std::size_t offset) {
    in_port_t port = 0;
    std::memcpy(&port, bytes.data() + offset, sizeof(port));
    return ntohs(port);
  };
  if (family == AF_INET && bytes.size() >= offsetof(sockaddr_in, sin_addr) + sizeof(in_addr)) {
    address.endpoint = {bytes.substr(offsetof(sockaddr_in, sin_addr), sizeof(in_addr)),
                        port_at(offsetof(sockaddr_in, sin_port))};
    return address;
  }
  if (family == AF_INET6 && bytes.size() >= offsetof(sockaddr_in6, sin6_addr) + sizeof(in6_addr)) {
    address.endpoint = {plain_ip(bytes.substr(offsetof(sockaddr_in6, sin6_addr), sizeof(in6_addr))),
                        port_at(offsetof(sockaddr_in6, sin6_port))};
    return address;
  }
  if (family == AF_UNIX) {
    address.is_path = true;
    address.path = bytes.substr(sizeof(family));
    address.path = address.path.substr(0, address.path.find('\0', address.path.starts_with('\0') ? 1 : 0));
    return address;
  }
  return std::nullopt;
}

std::string_view ip_text(std::string_view ip, Arena& arena) {
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(ip.size() == 4 ? AF_INET : AF_INET6, ip.data(), text, sizeof(text)) == nullptr) return {};
  return arena.copy(text);
}

std::string_view endpoint_text(const Endpoint& endpoint, Arena& arena) {
  if (!endpoint.known()) return {};
  char port[8];
  const auto end = fmt::format_to_n(port, sizeof(port), ":{}", endpoint.port).out;
  return concat(arena, {ip_text(endpoint.ip, arena), {port, static_cast<std::size_t>(end - port)}});
}

std::string_view address_text(const SocketAddress& address, Arena& arena) {
  return address.is_path ? address.path : endpoint_text(address.endpoint, arena);
}

std::string_view descriptor_name(const Subject& subject, const event::Descriptor& descriptor, Arena& arena) {
  if (descriptor.kind == SAKER_DESCRIPTOR_SOCKET) {
    if (descriptor.family == AF_UNIX) return unix_text(descriptor, arena);
    if (descriptor.family != AF_INET && descriptor.family != AF_INET6) return {};
    const bool is_main = &descriptor == main_descriptor_of(subject);
    return connection_text(connection_of(subject, descriptor, is_main), arena);
  }
  return file_text(descriptor, type_of(descriptor));
}

std::string_view descriptor_text(const Subject& subject, const event::Descriptor& descriptor, Arena& arena) {
  const std::string_view proto = l4proto_of(descriptor);
  const std::string_view letter = proto == kNotAvailable ? std::string_view() : proto.substr(0, 1);
  return concat(arena, {"<", typechar_of(type_of(descriptor)), letter, ">",
                        descriptor_name(subject, descriptor, arena)});
}

std::string_view l4proto_of(const event::Descriptor& descriptor) {
  if (descriptor.kind != SAKER_DESCRIPTOR_SOCKET) return kNotAvailable;
  if (descriptor.family != AF_INET && descriptor.family != AF_INET6) return kNotAvailable;
  if (descriptor.type == SOCK_RAW) return descriptor.protocol == IPPROTO_ICMP ? "icmp" : "raw";
  switch (descriptor.protocol) {
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      return "icmp";
    default:
      return kNotAvailable;
  }
}

}  // namespace saker::fields
