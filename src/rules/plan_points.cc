#include "rules/plan_points.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>
#include <algorithm>
#include <charconv>
#include <climits>

#include "event/open_flags.h"
#include "event/symbols.h"
#include "rules/constants.h"
#include "rules/transformers.h"

namespace saker::rules {
namespace {

using fields::Type;
using fields::Value;

// Linux gives errors up to 4095; those with names end long before this.
constexpr std::int64_t kNamedErrorsMax = 140;
constexpr std::int64_t kErrorsMax = 4095;
constexpr std::uint32_t kPidFsMagic = 0x50494446;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

// Readers that look at nothing but the event's type.
bool is_of_type(std::string_view field) {
  return is_one_of(
      field, {"evt.type", "evt.type.is", "syscall.type", "evt.dir", "evt.source", "evt.category",
              "evt.is_async", "evt.is_io", "evt.is_io_read", "evt.is_io_write", "evt.io_dir", "evt.is_wait"});
}

bool is_of_result(std::string_view field) {
  return is_one_of(field, {"evt.failed", "evt.res", "evt.rawres"});
}

bool is_of_open_mode(std::string_view field) {
  return is_one_of(field, {"evt.is_open_read", "evt.is_open_write", "evt.is_open_create", "evt.is_open_exec",
                           "fd.num", "fd.typechar", "fd.type"});
}

bool is_of_task(std::string_view field) { return is_one_of(field, {"user.uid", "proc.tty"}); }

bool is_of_kind(std::string_view field) {
  return is_one_of(field, {"fd.type", "fd.typechar", "fd.l4proto", "fd.sockfamily"});
}

bool is_of_user(std::string_view field) { return is_one_of(field, {"user.uid", "user.loginuid"}); }

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

bool is_equality(Operator op) {
  return op == Operator::kEq || op == Operator::kIn || op == Operator::kIntersects;
}

// Contains a name of a flag, and not a piece of a number or of two names.
bool is_flag_name(const Predicate& predicate) {
  if (predicate.op != Operator::kContains && predicate.op != Operator::kIcontains) return false;
  if (predicate.modifier != Modifier::kNone || predicate.constants.size() != 1) return false;
  const std::string& text = predicate.constants[0];
  return text.find('_') != std::string::npos && text.find('|') == std::string::npos &&
         text.find(' ') == std::string::npos;
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The last part of the directory that the path is in; empty for the root.
std::string_view directory_part(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : last_part(path.substr(0, slash));
}

std::string cut(std::string_view text) { return std::string(text.substr(0, SAKER_PLAN_PATH_BYTES)); }
bool fits(std::string_view text) { return text.size() <= SAKER_PLAN_PATH_BYTES; }
bool fits_whole(std::string_view text) { return text.size() < SAKER_PLAN_PATH_BYTES; }

// What every text that the glob matches begins with.
std::string_view literal_beginning(std::string_view glob) {
  return glob.substr(0, glob.find_first_of("*?[\\"));
}

// What every path begins with that pmatch finds under the text: components count, slashes do not.
std::string covered_beginning(std::string_view text) {
  std::string beginning;
  while (!text.empty()) {
    const std::size_t slash = text.find('/');
    const std::string_view component = text.substr(0, slash);
    text = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
    if (component.empty()) continue;
    if (component.find_first_of("*?[") != std::string_view::npos) break;
    beginning.append("/").append(component);
  }
  return beginning;
}

Value value_of(const RuleSet::Program& program, std::uint32_t number, const fields::Subject& subject,
               Arena& arena) {
  const ValueNode& node = program.values[number];
  if (node.kind == ValueNode::Kind::kField) return node.field.read(subject, arena);
  if (node.kind == ValueNode::Kind::kConstant) return Value::text(node.text);
  const auto arguments = arena.array<Value>(node.arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    arguments[i] = value_of(program, node.arguments[i], subject, arena);
    if (arguments[i].missing()) return {};
  }
  if (node.kind == ValueNode::Kind::kTuple) return Value::list(arguments);
  return transform(node.transformer, arguments, node.text, arena);
}

std::vector<std::int64_t> numbers_of(const Predicate& predicate) {
  std::vector<std::int64_t> numbers;
  for (const std::string& constant : predicate.constants) {
    if (const auto number = read_integer(constant, Type::kInt64))
      numbers.push_back(static_cast<std::int64_t>(*number));
  }
  return numbers;
}

}  // namespace

bool holds(const RuleSet::Program& program, const Predicate& predicate, const fields::Subject& subject,
           Arena& arena) {
  const Value left = value_of(program, predicate.left, subject, arena);
  if (left.missing()) return false;
  const auto one = [&](const Value& value) {
    if (!predicate.right) return predicate.matcher->matches(value, arena);
    return compare_values(predicate.type, predicate.op, value,
                          value_of(program, *predicate.right, subject, arena), arena);
  };
  if (!predicate.any || left.kind() != fields::Kind::kList) return one(left);
  return predicate.all ? std::ranges::all_of(left.list(), one) : std::ranges::any_of(left.list(), one);
}

PlanPoints::PlanPoints(const RuleSet::Program& program, event::TypeId type) : program_(program), type_(type) {
  open_ = type >= event::kOpen && type <= event::kOpenByHandleAt;
}

// The field that a check compares with constants; null for all other checks.
const fields::FieldRef* PlanPoints::field(std::uint32_t number) const {
  return program_.predicates[number].any ? nullptr : field_or_any(number);
}

// Also those that look at each element of a list.
const fields::FieldRef* PlanPoints::field_or_any(std::uint32_t number) const {
  const Predicate& predicate = program_.predicates[number];
  const ValueNode& value = program_.values[predicate.left];
  return predicate.right || value.kind != ValueNode::Kind::kField ? nullptr : &value.field;
}

std::optional<std::uint8_t> PlanPoints::descriptor() const {
  // What bpf() gives is a descriptor for some commands only, and what close() closed is gone when it ends.
  static const event::TypeId kBpf = event::find_type("bpf").value(),
                             kClose = event::find_type("close").value();
  const auto place = event::main_descriptor(type_);
  if (open_ || !place || type_ == kBpf || type_ == kClose) return std::nullopt;
  // A pair of descriptors is not in the result.
  if (*place == SAKER_RESULT && event::shape_of(type_).result != SAKER_ARGUMENT_FD) return std::nullopt;
  return place;
}

PlanPoints::NameField PlanPoints::name_field(std::uint32_t number) const {
  const fields::FieldRef* ref = open_ ? field(number) : nullptr;
  // `allof` and its kin are not taken apart.
  if (ref == nullptr || program_.predicates[number].modifier != Modifier::kNone) return NameField::kNone;
  if (ref->field->name == "fd.name") return NameField::kName;
  if (ref->field->name == "fd.filename") return NameField::kFilename;
  return ref->field->name == "fd.directory" ? NameField::kDirectory : NameField::kNone;
}

const event::Parameter* PlanPoints::parameter(std::uint32_t number) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr || !is_one_of(ref->field->name, {"evt.arg", "evt.rawarg"})) return nullptr;
  if (ref->argument.kind == fields::Argument::Kind::kKey)
    return event::find_parameter(type_, ref->argument.key);
  const event::Schema* schema = event::find_schema(type_);
  const auto index = static_cast<std::uint64_t>(ref->argument.index);
  return schema != nullptr && index < schema->parameters.size() ? &schema->parameters[index] : nullptr;
}

event::Event PlanPoints::example() const {
  event::Event event;
  event.type = type_;
  const bool names_file = type_ >= event::kOpen && type_ <= event::kExecveat;
  if (names_file) {
    event.body = event::File{};
  } else {
    event.body = event::Call{};
  }
  return event;
}

Truth PlanPoints::agreed(std::uint32_t number, const std::vector<event::Event>& examples) const {
  Arena arena;
  std::optional<bool> first;
  for (const event::Event& event : examples) {
    fields::Subject subject;
    subject.event = &event;
    const bool now = holds(program_, program_.predicates[number], subject, arena);
    if (first && *first != now) return Truth::kUnknown;
    first = now;
  }
  return first ? truth(*first) : Truth::kUnknown;
}

// A comparison can change only at its constants.
std::vector<std::int64_t> PlanPoints::results(const Predicate& predicate, bool failed) const {
  std::set<std::int64_t> results;
  if (failed) {
    for (std::int64_t error = 1; error <= kNamedErrorsMax; ++error) results.insert(-error);
    results.insert(-512);
    results.insert(-kErrorsMax);
  } else {
    results = {0, 1, 2, 3, INT_MAX};
    if (!open_) results.insert(INT64_MAX);
  }
  for (const std::int64_t number : numbers_of(predicate)) {
    for (std::int64_t near = std::max(number, INT64_MIN + 1) - 1; near <= std::min(number, INT64_MAX - 1) + 1;
         ++near) {
      const bool possible =
          failed ? near < 0 && near >= -kErrorsMax : near >= 0 && (!open_ || near <= INT_MAX);
      if (possible) results.insert(near);
    }
  }
  return {results.begin(), results.end()};
}

std::uint32_t PlanPoints::dimensions(std::uint32_t number) const {
  const auto bit = [](saker_plan_dimension dimension) { return 1U << dimension; };
  std::uint32_t found = 0;
  if (const fields::FieldRef* ends = descriptor() ? field_or_any(number) : nullptr) {
    if (is_of_addresses(ends->field->name)) found |= bit(SAKER_PLAN_ADDRESS);
    if (is_of_ports(ends->field->name)) found |= bit(SAKER_PLAN_PORT);
  }
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr) return found;
  const std::string_view name = ref->field->name;
  const event::Parameter* flags = parameter(number);
  if (is_of_result(name) || (open_ && is_of_open_mode(name))) found |= bit(SAKER_PLAN_MODE);
  if (open_ && flags != nullptr && flags->kind == event::ParameterKind::kOpenFlags)
    found |= bit(SAKER_PLAN_MODE);
  if (argument(number)) found |= bit(SAKER_PLAN_ARGUMENT);
  if (program_.predicates[number].container.on_host) found |= bit(SAKER_PLAN_SCOPE);
  if (is_of_task(name)) found |= bit(SAKER_PLAN_TASK);
  if (is_of_user(name)) found |= bit(SAKER_PLAN_USER);
  if (is_of_kind(name) && (open_ || descriptor())) found |= bit(SAKER_PLAN_DESCRIPTOR);
  if (open_ && name == "fd.nameraw") found |= bit(SAKER_PLAN_RAW);
  if (name_field(number) != NameField::kNone) {
    Asked asked;
    collect(number, asked);
    if (!asked.names.empty() || !asked.directories.empty() || !asked.tails.empty())
      found |= bit(SAKER_PLAN_NAME);
    if (!asked.paths.empty()) found |= bit(SAKER_PLAN_PATH);
  }
  return found;
}

Truth PlanPoints::by_type(std::uint32_t number) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr) return Truth::kUnknown;
  if (ref->field->read == nullptr) return Truth::kFalse;  // has never a value
  return is_of_type(ref->field->name) ? agreed(number, {example()}) : Truth::kUnknown;
}

Truth PlanPoints::by_mode(std::uint32_t number, unsigned mode) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr) return Truth::kUnknown;
  const Predicate& predicate = program_.predicates[number];
  const std::string_view name = ref->field->name;
  const event::Parameter* named = parameter(number);
  const bool flags = open_ && named != nullptr && named->kind == event::ParameterKind::kOpenFlags &&
                     ref->field->name == "evt.arg" && is_flag_name(predicate);
  if (!flags && !is_of_result(name) && !(open_ && is_of_open_mode(name))) return Truth::kUnknown;
  const bool failed = (mode & SAKER_PLAN_FAILED) != 0;
  std::vector<event::Event> examples;
  for (const std::int64_t result : results(predicate, failed)) {
    event::Event event = example();
    if (auto* call = std::get_if<event::Call>(&event.body)) {
      call->result = result;
      examples.push_back(event);
      continue;
    }
    auto& file = std::get<event::File>(event.body);
    file.result = result;
    if (!open_) {
      examples.push_back(event);
      continue;
    }
    std::uint32_t known = 0;
    if ((mode & SAKER_PLAN_READS) != 0) known |= event::kOpenRead;
    if ((mode & SAKER_PLAN_WRITES) != 0) known |= event::kOpenWrite;
    if ((mode & SAKER_PLAN_TRUNCATES) != 0) known |= event::kOpenTrunc;
    constexpr std::uint32_t kOthers = event::kOpenAppend | event::kOpenDsync | event::kOpenExcl |
                                      event::kOpenNonblock | event::kOpenSync | event::kOpenDirect |
                                      event::kOpenDirectory | event::kOpenLargefile | event::kOpenCloexec |
                                      event::kOpenCreated | event::kOpenUpperLayer | event::kOpenLowerLayer;
    const bool creates = (mode & SAKER_PLAN_CREATES) != 0;
    file.flags = known | (creates ? std::uint32_t{event::kOpenCreat} : 0U);
    file.inode_mode = failed ? 0 : S_IFREG | 0644U;
    if (!examples.empty()) {  // what depends on the flags does not on which number it was
      examples.push_back(event);
      continue;
    }
    for (const std::uint32_t made : {event::kOpenCreat, event::kOpenTmpfile}) {
      for (const std::uint32_t others : {std::uint32_t{0}, kOthers}) {
        for (const std::uint32_t permissions : {0U, 0777U}) {
          for (const std::uint32_t inode : {S_IFREG | 0644U, S_IFDIR | 0755U}) {
            file.flags = known | others | (creates ? made : 0U);
            file.mode = permissions;
            file.inode_mode = failed ? 0 : inode;
            examples.push_back(event);
          }
        }
      }
    }
  }
  return agreed(number, examples);
}

Truth PlanPoints::by_scope(std::uint32_t number, bool in_container) const {
  const ContainerVerdict& verdict = program_.predicates[number].container;
  const auto known = in_container ? verdict.in_container : verdict.on_host;
  return known ? truth(*known) : Truth::kUnknown;
}

Truth PlanPoints::by_task(std::uint32_t number, unsigned bits) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr || !is_of_task(ref->field->name)) return Truth::kUnknown;
  const bool of_user = ref->field->name == "user.uid";
  const bool set = (bits & (of_user ? SAKER_PLAN_ROOT : SAKER_PLAN_TERMINAL)) != 0;
  std::set<std::uint32_t> numbers = {0, 1, INT_MAX, UINT32_MAX};
  for (const std::int64_t constant : numbers_of(program_.predicates[number])) {
    for (const int step : {-1, 0, 1})
      numbers.insert(static_cast<std::uint32_t>(static_cast<std::uint64_t>(constant) +
                                                static_cast<std::uint64_t>(step)));
  }
  std::vector<event::Event> examples;
  for (const std::uint32_t value : numbers) {
    // Root is the number 0, and a terminal any other.
    if ((value == 0) != (of_user ? set : !set)) continue;
    event::Event event = example();
    (of_user ? event.task.euid : event.task.tty) = value;
    examples.push_back(event);
  }
  return agreed(number, examples);
}

Truth PlanPoints::by_kind(std::uint32_t number, unsigned kind) const {
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

Truth PlanPoints::by_user(std::uint32_t number, std::uint32_t euid, std::uint32_t loginuid) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr || !is_of_user(ref->field->name)) return Truth::kUnknown;
  event::Event event = example();
  event.task.euid = euid;
  event.task.loginuid = loginuid;
  return agreed(number, {event});
}

void PlanPoints::collect_users(std::uint32_t number, std::set<std::uint32_t>& from) const {
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr || !is_of_user(ref->field->name)) return;
  const bool login = ref->field->name == "user.loginuid";
  if (login) from.insert(0x80000000);  // where they become negative
  for (const std::int64_t constant : numbers_of(program_.predicates[number])) {
    if (login ? constant < INT32_MIN || constant > INT32_MAX : constant < 0 || constant > UINT32_MAX)
      continue;
    from.insert(static_cast<std::uint32_t>(constant));
    from.insert(static_cast<std::uint32_t>(constant) + 1);  // round to 0, too
  }
}

void PlanPoints::collect_ports(std::uint32_t number, std::set<std::uint32_t>& from) const {
  for (const std::string& constant : program_.predicates[number].constants) {
    const auto port = read_port(constant);
    if (!port || *port > UINT16_MAX) continue;
    from.insert(static_cast<std::uint32_t>(*port));
    from.insert(static_cast<std::uint32_t>(*port) + 1);
  }
}

void PlanPoints::collect_networks(std::uint32_t number, std::set<Prefix>& prefixes) const {
  for (const std::string& constant : program_.predicates[number].constants) {
    if (const auto ip = read_ip(constant)) {
      prefixes.insert(prefix_of(*ip, static_cast<std::uint32_t>(ip->size() * 8)));
    } else if (const auto network = read_network(constant)) {
      prefixes.insert(prefix_of(network->address, network->prefix));
    }
  }
}

bool PlanPoints::holds_for_user(std::uint32_t number, std::uint32_t id) const {
  const bool login = field(number)->field->name == "user.loginuid";
  Arena arena;
  return program_.predicates[number].matcher->matches(
      login ? Value::integer(static_cast<std::int32_t>(id)) : Value::unsigned_integer(id), arena);
}
bool PlanPoints::holds_for_port(std::uint32_t number, std::uint32_t port) const {
  Arena arena;
  return program_.predicates[number].matcher->matches(Value::unsigned_integer(port), arena);
}
bool PlanPoints::holds_for_address(std::uint32_t number, std::string_view ip) const {
  Arena arena;
  return program_.predicates[number].matcher->matches(Value::ip(ip), arena);
}

// Adds the main descriptor to a call; null when it has none that the probe can find.
event::Descriptor* PlanPoints::add_descriptor(event::Event& event) const {
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

Truth PlanPoints::by_ends(std::uint32_t number, const Ends& ends) const {
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

Truth PlanPoints::by_addresses(std::uint32_t number, const Ends& ends) const {
  const fields::FieldRef* ref = field_or_any(number);
  return ref != nullptr && is_of_addresses(ref->field->name) ? by_ends(number, ends) : Truth::kUnknown;
}

Truth PlanPoints::by_ports(std::uint32_t number, const Ends& ends) const {
  const fields::FieldRef* ref = field_or_any(number);
  return ref != nullptr && is_of_ports(ref->field->name) ? by_ends(number, ends) : Truth::kUnknown;
}

std::optional<PlanPoints::ArgumentUse> PlanPoints::argument(std::uint32_t number) const {
  using Kind = event::ParameterKind;
  const fields::FieldRef* ref = field(number);
  if (ref == nullptr || open_ || type_ == event::kExecve || type_ == event::kExecveat) return std::nullopt;
  const Predicate& predicate = program_.predicates[number];
  if (ref->field->name == "evt.rawres" && is_equality(predicate.op)) return ArgumentUse{SAKER_RESULT, 0};
  const event::Parameter* named = parameter(number);
  if (named == nullptr || named->argument >= SAKER_ARGUMENTS) return std::nullopt;
  if (named->kind == Kind::kNumber || named->kind == Kind::kSymbol || named->kind == Kind::kSignal)
    return ArgumentUse{named->argument, 0};
  if (named->kind != Kind::kFlags || ref->field->name != "evt.arg" || !is_flag_name(predicate))
    return std::nullopt;
  Arena arena;
  std::uint64_t bits = 0;
  for (const event::Symbol& row : event::symbols(named->symbols)) {
    if (!predicate.matcher->matches(Value::text(row.name), arena)) continue;
    std::uint64_t found = 0;
    for (unsigned bit = 0; bit < 64; ++bit) {
      const std::uint64_t flag = std::uint64_t{1} << bit;
      if ((event::from_kernel(named->symbols, flag) & row.bits) != 0) found |= flag;
    }
    if (found == 0) return std::nullopt;
    bits |= found;
  }
  return bits == 0 ? std::nullopt : std::optional(ArgumentUse{named->argument, bits});
}

Truth PlanPoints::by_argument(std::uint32_t number, std::uint8_t argument, std::uint64_t value) const {
  std::vector<event::Event> examples;
  event::Event event = example();
  auto& call = std::get<event::Call>(event.body);
  if (argument == SAKER_RESULT) {
    call.result = static_cast<std::int64_t>(value);
    examples.push_back(event);
  } else {
    call.arguments[argument] = value;
    for (const std::int64_t result : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}}) {
      call.result = result;
      examples.push_back(event);
    }
  }
  return agreed(number, examples);
}

Truth PlanPoints::by_plain_raw(std::uint32_t number) const {
  const fields::FieldRef* ref = field(number);
  if (!open_ || ref == nullptr || ref->field->name != "fd.nameraw") return Truth::kUnknown;
  const Predicate& predicate = program_.predicates[number];
  if (predicate.modifier != Modifier::kNone) return Truth::kUnknown;
  const bool literal = is_equality(predicate.op) || predicate.op == Operator::kContains ||
                       predicate.op == Operator::kIcontains || predicate.op == Operator::kStartswith ||
                       predicate.op == Operator::kEndswith;
  const bool glob = predicate.op == Operator::kGlob || predicate.op == Operator::kIglob;
  if (!literal && !glob) return Truth::kUnknown;
  const bool demanded = std::ranges::all_of(predicate.constants, [&](const std::string& text) {
    return text.find("..") != std::string::npos && !(glob && text.find_first_of("[\\") != std::string::npos);
  });
  return demanded ? Truth::kFalse : Truth::kUnknown;
}

void PlanPoints::collect(std::uint32_t number, Asked& asked) const {
  const NameField which = name_field(number);
  if (which == NameField::kNone) return;
  const Predicate& predicate = program_.predicates[number];
  for (const std::string& text : predicate.constants) {
    const bool equal = is_equality(predicate.op) || predicate.op == Operator::kNe;
    if (which == NameField::kName) {
      if (equal) {
        asked.names.insert(std::string(last_part(text)));
        asked.directories.insert(std::string(directory_part(text)));
        asked.paths.emplace(fits_whole(text) ? text : cut(text), fits_whole(text));
      } else if (predicate.op == Operator::kStartswith) {
        asked.paths.emplace(cut(text), false);
      } else if (predicate.op == Operator::kGlob) {
        asked.paths.emplace(cut(literal_beginning(text)), false);
      } else if (predicate.op == Operator::kPmatch) {
        asked.paths.emplace(cut(covered_beginning(text)), false);
      } else if (predicate.op == Operator::kEndswith) {
        if (text.find('/') != std::string::npos) asked.names.insert(std::string(last_part(text)));
        if (text.size() >= SAKER_PLAN_TAIL_BYTES)
          asked.tails.insert(text.substr(text.size() - SAKER_PLAN_TAIL_BYTES));
      }
    } else if (which == NameField::kFilename) {
      if (equal) asked.names.insert(text);
      if (predicate.op == Operator::kEndswith && text.size() >= SAKER_PLAN_TAIL_BYTES)
        asked.tails.insert(text.substr(text.size() - SAKER_PLAN_TAIL_BYTES));
    } else {
      if (equal) asked.directories.insert(std::string(last_part(text)));
      if (equal || predicate.op == Operator::kStartswith) {
        asked.paths.emplace(cut(text), false);
      } else if (predicate.op == Operator::kPmatch) {
        asked.paths.emplace(cut(covered_beginning(text)), false);
      } else if (predicate.op == Operator::kGlob) {
        asked.paths.emplace(cut(literal_beginning(text)), false);
      }
    }
  }
}

namespace {

// A check that its constants decide one by one: false when none of them `may` hold.
template <class May>
Truth none_of(const Predicate& predicate, May may) {
  return std::ranges::any_of(predicate.constants, may) ? Truth::kUnknown : Truth::kFalse;
}

}  // namespace

Truth PlanPoints::by_name(std::uint32_t number, const std::optional<std::string>& name) const {
  const NameField which = name_field(number);
  if (which == NameField::kNone || which == NameField::kDirectory) return Truth::kUnknown;
  const Predicate& predicate = program_.predicates[number];
  const bool whole = which == NameField::kName;
  const auto same = [&](const std::string& text) {
    return name && *name == (whole ? last_part(text) : std::string_view(text));
  };
  if (is_equality(predicate.op)) return none_of(predicate, same);
  // fd.name is never missing, fd.filename is for directories.
  if (predicate.op == Operator::kNe && whole) return negate(none_of(predicate, same));
  if (predicate.op == Operator::kEndswith && whole) {
    return none_of(predicate, [&](const std::string& text) {
      return text.find('/') == std::string::npos ? !name || name->ends_with(text) : same(text);
    });
  }
  return Truth::kUnknown;
}

Truth PlanPoints::by_directory(std::uint32_t number, const std::optional<std::string>& directory) const {
  const NameField which = name_field(number);
  if (which == NameField::kNone || which == NameField::kFilename) return Truth::kUnknown;
  const Predicate& predicate = program_.predicates[number];
  const auto same = [&](const std::string& text) {
    return directory && *directory == (which == NameField::kName ? directory_part(text) : last_part(text));
  };
  if (is_equality(predicate.op)) return none_of(predicate, same);
  if (predicate.op == Operator::kNe) return negate(none_of(predicate, same));
  return Truth::kUnknown;
}

Truth PlanPoints::by_tail(std::uint32_t number, const std::optional<std::string>& tail) const {
  const NameField which = name_field(number);
  const Predicate& predicate = program_.predicates[number];
  if (which != NameField::kName && which != NameField::kFilename) return Truth::kUnknown;
  if (predicate.op != Operator::kEndswith) return Truth::kUnknown;
  return none_of(predicate, [&](const std::string& text) {
    if (text.size() < SAKER_PLAN_TAIL_BYTES) return true;
    return tail && std::string_view(text).substr(text.size() - SAKER_PLAN_TAIL_BYTES) == *tail;
  });
}

Truth PlanPoints::by_whole_name(std::uint32_t number, std::string_view name) const {
  if (name_field(number) == NameField::kNone) return Truth::kUnknown;
  std::vector<event::Event> examples;
  for (const std::uint32_t mode : {S_IFREG | 0644U, S_IFDIR | 0755U}) {
    for (const std::int64_t result : {std::int64_t{3}, std::int64_t{-2}}) {
      event::Event event = example();
      auto& file = std::get<event::File>(event.body);
      file.result = result;
      file.inode_mode = result < 0 ? 0 : mode;
      // Names are cleaned, but the kernel's are taken as they are.
      file.resolved = {.bytes = name, .present = true, .truncated = false};
      file.name = file.resolved;
      examples.push_back(event);
    }
  }
  return agreed(number, examples);
}

Truth PlanPoints::by_path(std::uint32_t number, std::string_view path, bool whole) const {
  const NameField which = name_field(number);
  if (which == NameField::kNone) return Truth::kUnknown;
  if (whole) return by_whole_name(number, path);
  const Predicate& predicate = program_.predicates[number];
  const auto begins = [&](std::string_view text) {
    return path.starts_with(text.substr(0, SAKER_PLAN_PATH_BYTES));
  };
  if (which == NameField::kName) {
    // A whole path that is asked for and fits would have been found.
    const auto may_equal = [&](const std::string& text) { return !fits_whole(text) && begins(text); };
    if (is_equality(predicate.op)) return none_of(predicate, may_equal);
    if (predicate.op == Operator::kNe) return negate(none_of(predicate, may_equal));
    if (predicate.op == Operator::kStartswith) {
      const std::string& text = predicate.constants[0];
      if (!begins(text)) return Truth::kFalse;
      return fits(text) ? Truth::kTrue : Truth::kUnknown;
    }
  }
  if (which == NameField::kDirectory && (is_equality(predicate.op) || predicate.op == Operator::kStartswith))
    return none_of(predicate, begins);
  if (which == NameField::kDirectory && predicate.op == Operator::kNe)
    return negate(none_of(predicate, begins));
  if (which == NameField::kFilename) return Truth::kUnknown;
  if (predicate.op == Operator::kPmatch)
    return none_of(predicate, [&](const std::string& text) { return begins(covered_beginning(text)); });
  if (predicate.op == Operator::kGlob)
    return none_of(predicate, [&](const std::string& text) { return begins(literal_beginning(text)); });
  return Truth::kUnknown;
}

}  // namespace saker::rules
