#include "rules/plan_descriptors.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>
#include <initializer_list>

#include "rules/constants.h"

namespace saker::rules {
namespace {

using fields::Value;

constexpr std::uint32_t kPidFsMagic = 0x50494446;

bool is_of_kind(std::string_view field) {
  return is_one_of(field, {"fd.type", "fd.typechar", "fd.l4proto", "fd.sockfamily"});
}

bool is_of_addresses(std::string_view field) {
  return is_one_of(field, {"fd.ip", "fd.cip", "fd.sip", "fd.lip", "fd.rip", "fd.net", "fd.cnet", "fd.snet",
                           "fd.lnet", "fd.rnet"});
}

bool is_of_ports(std::string_view field) {
  return is_one_of(field, {"fd.port", "fd.cport", "fd.sport", "fd.lport", "fd.rport", "fd.proto"});
}

// Which sides the process may be on, as state/sockets.h tells them of such a call.
std::vector<state::Role> roles_of(event::TypeId type) {
  using enum state::Role;
  const std::string_view name = event::type_name(type);
  if (name == "connect") return {kClient};
  if (is_one_of(name, {"accept", "accept4", "listen"})) return {kServer};
  return {kUnknown, kClient, kServer};
}

}  // namespace

std::optional<std::uint8_t> DescriptorPoints::descriptor() const {
  // What bpf() gives is a descriptor for some commands only, and what close() closed is gone when it ends.
  static const event::TypeId kBpf = event::find_type("bpf").value(),
                             kClose = event::find_type("close").value();
  const auto place = event::main_descriptor(type_);
  if (open_ || !place || type_ == kBpf || type_ == kClose) return std::nullopt;
  // A pair of descriptors is not in the result.
  if (*place == SAKER_RESULT && event::shape_of(type_).result != SAKER_ARGUMENT_FD) return std::nullopt;
  return place;
}

std::uint32_t DescriptorPoints::dimensions(std::uint32_t number) const {
  std::uint32_t found = 0;
  if (const fields::FieldRef* ends = descriptor() ? field_or_any(number) : nullptr) {
    if (is_of_addresses(ends->field->name)) found |= 1U << SAKER_PLAN_ADDRESS;
    if (is_of_ports(ends->field->name)) found |= 1U << SAKER_PLAN_PORT;
  }
  const fields::FieldRef* ref = field(number);
  if (ref != nullptr && is_of_kind(ref->field->name) && (open_ || descriptor()))
    found |= 1U << SAKER_PLAN_DESCRIPTOR;
  return found;
}

Truth DescriptorPoints::by_kind(std::uint32_t number, unsigned kind) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr || !is_of_kind(ref->field->name)) return Truth::kUnknown;
  std::vector<event::Event> examples;
  if (open_) {
    if (kind != SAKER_PLAN_KIND_FILE && kind != SAKER_PLAN_KIND_DIRECTORY) return Truth::kUnknown;
    const auto modes =
        kind == SAKER_PLAN_KIND_DIRECTORY
            ? std::vector<std::uint32_t>{S_IFDIR | 0755U}
            : std::vector<std::uint32_t>{S_IFREG, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFLNK};
    for (const std::uint32_t mode : modes) {
      event::Event event = example();
      auto& file = std::get<event::File>(event.body);
      file.result = 3;
      file.inode_mode = mode;
      examples.push_back(event);
    }
    return agreed(number, examples);
  }
  event::Event event = example();
  event::Descriptor* const descriptor = add_descriptor(event);
  if (descriptor == nullptr) return Truth::kUnknown;
  const auto socket = [&](int family, int type, int protocol) {
    descriptor->kind = SAKER_DESCRIPTOR_SOCKET;
    descriptor->inode_mode = S_IFSOCK | 0777U;
    descriptor->family = static_cast<std::uint16_t>(family);
    descriptor->type = static_cast<std::uint16_t>(type);
    descriptor->protocol = static_cast<std::uint16_t>(protocol);
    examples.push_back(event);
  };
  // Neither of the two transports that have kinds of their own.
  const auto other_transports = [&](int family) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET}) {
      for (const int protocol : std::initializer_list<int>{IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP,
                                                           IPPROTO_ICMPV6, IPPROTO_SCTP}) {
        const bool told_apart = (type == SOCK_STREAM && protocol == IPPROTO_TCP) ||
                                (type == SOCK_DGRAM && protocol == IPPROTO_UDP);
        if (!told_apart) socket(family, type, protocol);
      }
    }
  };
  // What a file without a file system is, its name says.
  const auto file = [&](std::string_view name, std::uint32_t magic) {
    descriptor->kind = SAKER_DESCRIPTOR_FILE;
    descriptor->inode_mode = S_IFREG | 0600U;
    descriptor->magic = magic;
    descriptor->name = {.bytes = name, .present = true, .truncated = false};
    examples.push_back(event);
  };
  switch (kind) {
    case SAKER_PLAN_KIND_DIRECTORY:
      descriptor->kind = SAKER_DESCRIPTOR_FILE;
      descriptor->inode_mode = S_IFDIR | 0755U;
      examples.push_back(event);
      break;
    case SAKER_PLAN_KIND_PIPE:
      descriptor->kind = SAKER_DESCRIPTOR_PIPE;
      descriptor->inode_mode = S_IFIFO | 0600U;
      examples.push_back(event);
      break;
    case SAKER_PLAN_KIND_UNIX:
      socket(AF_UNIX, SOCK_STREAM, 0);
      break;
    case SAKER_PLAN_KIND_TCP4:
      socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
      break;
    case SAKER_PLAN_KIND_UDP4:
      socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
      break;
    case SAKER_PLAN_KIND_TCP6:
      socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
      break;
    case SAKER_PLAN_KIND_UDP6:
      socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
      break;
    case SAKER_PLAN_KIND_IP4:
      other_transports(AF_INET);
      break;
    case SAKER_PLAN_KIND_IP6:
      other_transports(AF_INET6);
      break;
    case SAKER_PLAN_KIND_NETLINK:
      socket(AF_NETLINK, SOCK_RAW, 0);
      break;
    case SAKER_PLAN_KIND_SOCKET:
      for (const int family : {AF_UNSPEC, AF_PACKET, AF_VSOCK, AF_ALG}) socket(family, SOCK_RAW, 0);
      break;
    case SAKER_PLAN_KIND_OTHER:
      for (const std::string_view name :
           {"/etc/passwd", "/[eventfd]", "/[signalfd]", "/[eventpoll]", "/[timerfd]", "/inotify",
            "/[userfaultfd]", "/[io_uring]", "/[pidfd]", "/bpf-map", "/memfd:x", ""})
        file(name, 0);
      file("", kPidFsMagic);
      break;
    default:
      return Truth::kUnknown;
  }
  return agreed(number, examples);
}

void DescriptorPoints::collect_ports(std::uint32_t number, std::set<std::uint32_t>& from) const {
  for (const std::string& constant : program_.predicates[number].constants) {
    const auto port = read_port(constant);
    if (!port || *port > UINT16_MAX) continue;
    from.insert(static_cast<std::uint32_t>(*port));
    from.insert(static_cast<std::uint32_t>(*port) + 1);
  }
}

void DescriptorPoints::collect_networks(std::uint32_t number, std::set<Prefix>& prefixes) const {
  for (const std::string& constant : program_.predicates[number].constants) {
    if (const auto ip = read_ip(constant)) {
      prefixes.insert(prefix_of(*ip, static_cast<std::uint32_t>(ip->size() * 8)));
    } else if (const auto network = read_network(constant)) {
      prefixes.insert(prefix_of(network->address, network->prefix));
    }
  }
}

bool DescriptorPoints::holds_for_port(std::uint32_t number, std::uint32_t port) const {
  Arena arena;
  return program_.predicates[number].matcher->matches(Value::unsigned_integer(port), arena);
}
bool DescriptorPoints::holds_for_address(std::uint32_t number, std::string_view ip) const {
  Arena arena;
  return program_.predicates[number].matcher->matches(Value::ip(ip), arena);
}

// Adds the main descriptor to a call; null when it has none that the probe can find.
event::Descriptor* DescriptorPoints::add_descriptor(event::Event& event) const {
  const auto place = descriptor();
  auto* call = std::get_if<event::Call>(&event.body);
  if (call == nullptr || !place) return nullptr;
  call->result = 3;
  if (*place < call->arguments.size()) call->arguments[*place] = 3;
  call->descriptor_of[0] = *place;
  call->descriptor_count = 1;
  call->descriptors[0].fd = 3;
  return &call->descriptors[0];
}

Truth DescriptorPoints::by_ends(std::uint32_t number, const Ends& ends) const {
  event::Event event = example();
  event::Descriptor* const descriptor = add_descriptor(event);
  if (descriptor == nullptr) return Truth::kUnknown;
  // In the clothes of IPv6, for both ends are of one family.
  const auto dressed = [](const std::optional<End>& end) {
    std::string ip = end ? end->ip : std::string(16, '\0');
    return ip.size() == 16 ? ip : std::string(10, '\0') + "\xff\xff" + ip;
  };
  const std::string local = dressed(ends[0]), remote = dressed(ends[1]);
  descriptor->kind = SAKER_DESCRIPTOR_SOCKET;
  descriptor->family = AF_INET6;
  descriptor->type = SOCK_DGRAM;  // whose port may be 0
  descriptor->local = local;
  descriptor->remote = remote;
  if (ends[0]) descriptor->local_port = ends[0]->port;
  if (ends[1]) descriptor->remote_port = ends[1]->port;
  fields::Subject subject;
  subject.event = &event;
  Arena arena;
  std::optional<bool> first;
  for (const state::Role role : roles_of(type_)) {
    const state::Socket socket{.role = role};
    subject.socket = &socket;
    const bool now = holds(program_, program_.predicates[number], subject, arena);
    if (first && *first != now) return Truth::kUnknown;
    first = now;
  }
  return truth(*first);
}

Truth DescriptorPoints::by_addresses(std::uint32_t number, const Ends& ends) const {
  const fields::FieldRef* ref = field_or_any(number);
  return ref != nullptr && is_of_addresses(ref->field->name) ? by_ends(number, ends) : Truth::kUnknown;
}

Truth DescriptorPoints::by_ports(std::uint32_t number, const Ends& ends) const {
  const fields::FieldRef* ref = field_or_any(number);
  return ref != nullptr && is_of_ports(ref->field->name) ? by_ends(number, ends) : Truth::kUnknown;
}

}  // namespace saker::rules
