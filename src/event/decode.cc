#include "event/decode.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "event/open_flags.h"
#include "event/parts.h"

namespace saker::event {
namespace {

using Bytes = std::span<const std::byte>;

#if defined(__x86_64__) || defined(__i386__)
constexpr OpenFlagsAbi kAbi = OpenFlagsAbi::kX86;
#else
constexpr OpenFlagsAbi kAbi = OpenFlagsAbi::kArm;
#endif

std::unexpected<Error> broken(const char* what) {
  return fail(ErrorCode::kInvalid, fmt::format("kernel record: {}", what));
}

std::string_view comm_of(const char (&comm)[16], Bytes record) {
  // The view must point into the record, not into the copy of the fixed part.
  const auto* at =
      reinterpret_cast<const char*>(record.data()) + sizeof(saker_header) + offsetof(saker_task, comm);
  return {at, strnlen(comm, sizeof(comm))};
}

void take_task(const saker_task& wire, const saker_header& header, Bytes record, Task& task) {
  task.process = {wire.tgid, wire.start_ns};
  task.parent = {wire.parent_tgid, wire.parent_start_ns};
  task.tid = header.tid;
  task.vtid = wire.vtid;
  task.vpid = wire.vtgid;
  task.parent_vpid = wire.parent_vtgid;
  task.session = wire.session;
  task.vsession = wire.vsession;
  task.group = wire.group;
  task.vgroup = wire.vgroup;
  task.uid = wire.uid;
  task.gid = wire.gid;
  task.euid = wire.euid;
  task.egid = wire.egid;
  task.loginuid = wire.loginuid;
  task.tty = wire.tty;
  task.mnt_ns = wire.mnt_ns;
  task.pid_ns = wire.pid_ns;
  task.net_ns = wire.net_ns;
  task.user_ns = wire.user_ns;
  task.cap_permitted = wire.cap_permitted;
  task.cap_effective = wire.cap_effective;
  task.cap_inheritable = wire.cap_inheritable;
  task.cgroup_v2 = wire.cgroup_v2;
  task.cgroup_v1 = wire.cgroup_v1;
  task.init_start_ns = wire.init_start_ns;
  task.main_thread = (wire.flags & SAKER_TASK_MAIN_THREAD) != 0;
  task.compat = (wire.flags & SAKER_TASK_COMPAT) != 0;
  task.from_ring = (wire.flags & SAKER_TASK_RING) != 0;
  task.ruled_out = (wire.flags & SAKER_TASK_RULED_OUT) != 0;
  task.brief = (wire.flags & SAKER_TASK_BRIEF) != 0;
  task.version = wire.version;
  task.comm = comm_of(wire.comm, record);
}

// The fixed part of a record, copied out because ring memory promises 8-byte alignment only.
template <class Record>
bool read_fixed(Bytes record, Record& into) {
  if (record.size() < sizeof(Record)) return false;
  std::memcpy(&into, record.data(), sizeof(Record));
  return true;
}

// What follows the fixed part.
template <class Record>
std::string_view parts_of(Bytes record) {
  const Bytes parts = record.subspan(sizeof(Record));
  return {reinterpret_cast<const char*>(parts.data()), parts.size()};
}

// Where details begin: they are looked for when somebody asks (event/details.h).
bool is_detail(const saker_part& part) {
  return (part.kind >= SAKER_PART_USAGE && part.kind <= SAKER_PART_FILES && part.kind != SAKER_PART_ENV) ||
         (part.kind == SAKER_PART_DESCRIPTOR && part.argument >= SAKER_STANDARD_FD);
}

// each_part() that leaves what others ask for in event.details.
template <class Record, class Take>
bool take_parts(Bytes record, Event& event, Take take) {
  const std::string_view parts = parts_of<Record>(record);
  return each_part(parts, [&](const saker_part& part, const Text& text) {
    if (event.details.empty() && is_detail(part)) {
      const char* begin = text.bytes.data() - sizeof(part);
      event.details = {begin, static_cast<std::size_t>(parts.data() + parts.size() - begin)};
    }
    take(part, text);
  });
}

bool decode_fork(Bytes record, Event& event) {
  saker_fork_record wire;
  if (!read_fixed(record, wire)) return false;
  take_task(wire.task, wire.header, record, event.task);
  event.body = Fork{{wire.creator_tgid, wire.creator_start_ns}};
  return true;
}

bool decode_exec(Bytes record, Event& event) {
  saker_exec_record wire;
  if (!read_fixed(record, wire)) return false;
  take_task(wire.task, wire.header, record, event.task);
  Exec& exec = event.body.emplace<Exec>();
  exec.argc = wire.argc;
  exec.args_bytes = wire.args_bytes;
  exec.file = {.ino = wire.exe_ino,
               .ctime_ns = wire.exe_ctime_ns,
               .mtime_ns = wire.exe_mtime_ns,
               .dev = wire.exe_dev,
               .writable = (wire.exe_flags & SAKER_EXE_WRITABLE) != 0,
               .upper_layer = (wire.exe_flags & SAKER_EXE_UPPER_LAYER) != 0,
               .lower_layer = (wire.exe_flags & SAKER_EXE_LOWER_LAYER) != 0,
               .from_memfd = (wire.exe_flags & SAKER_EXE_FROM_MEMFD) != 0};
  const auto take = [&](const saker_part& part, const Text& text) {
    if (part.kind == SAKER_PART_NAME) exec.filename = text;
    if (part.kind == SAKER_PART_EXE) exec.exe = text;
    if (part.kind == SAKER_PART_CWD) exec.cwd = text;
    if (part.kind == SAKER_PART_ARGS) exec.args = text;
    if (part.kind == SAKER_PART_ENV) exec.env = text;
  };
  if (!take_parts<saker_exec_record>(record, event, take)) return false;
  // What is only in memory has a name, and no place; Falco's rules know the name.
  if (exec.file.from_memfd && exec.exe.bytes.starts_with("/memfd:")) exec.exe.bytes.remove_prefix(1);
  return true;
}

bool decode_exit(Bytes record, Event& event) {
  saker_exit_record wire;
  if (!read_fixed(record, wire)) return false;
  take_task(wire.task, wire.header, record, event.task);
  event.body = Exit{wire.status, {wire.reaper_tgid, wire.reaper_start_ns}};
  return take_parts<saker_exit_record>(record, event, [](const saker_part&, const Text&) {});
}

bool decode_file(Bytes record, Event& event) {
  saker_file_record wire;
  if (!read_fixed(record, wire)) return false;
  take_task(wire.task, wire.header, record, event.task);
  File& file = event.body.emplace<File>();
  file.result = wire.result;
  file.flags = engine_open_flags(wire.flags, kAbi);
  if ((wire.file_flags & SAKER_FILE_CREATED) != 0) file.flags |= kOpenCreated;
  if ((wire.file_flags & SAKER_FILE_UPPER_LAYER) != 0) file.flags |= kOpenUpperLayer;
  if ((wire.file_flags & SAKER_FILE_LOWER_LAYER) != 0) file.flags |= kOpenLowerLayer;
  file.aliased = (wire.file_flags & SAKER_FILE_ALIASED) != 0;
  file.mode = wire.mode;
  file.resolve = wire.resolve;
  file.dirfd = wire.dirfd;
  file.ino = wire.ino;
  file.dev = wire.dev;
  file.inode_mode = wire.inode_mode;
  return take_parts<saker_file_record>(record, event, [&](const saker_part& part, const Text& text) {
    if (part.kind == SAKER_PART_NAME) file.name = text;
    if (part.kind == SAKER_PART_BASE) file.base = text;
    if (part.kind == SAKER_PART_RESOLVED) file.resolved = text;
    if (part.kind == SAKER_PART_INNER) file.inner = text;
    if (part.kind == SAKER_PART_CWD) file.cwd = text;
    if (part.kind == SAKER_PART_ARGS) file.args = text;
  });
}

std::string_view address_bytes(const saker_descriptor& wire, const __u8 (&field)[16], std::string_view part) {
  const auto offset =
      static_cast<std::size_t>(reinterpret_cast<const char*>(field) - reinterpret_cast<const char*>(&wire));
  if (wire.family == AF_INET) return part.substr(offset, sizeof(in_addr));
  if (wire.family == AF_INET6) return part.substr(offset, sizeof(in6_addr));
  return {};
}

bool decode_call(Bytes record, Event& event) {
  saker_call_record wire;
  if (!read_fixed(record, wire)) return false;
  take_task(wire.task, wire.header, record, event.task);
  Call& call = event.body.emplace<Call>();
  call.result = wire.result;
  std::ranges::copy(wire.arguments, call.arguments.begin());
  bool whole = true;
  bool named = false;  // the descriptor that a name would belong to is one of the call's
  const auto take = [&](const saker_part& part, const Text& text) {
    if (part.kind == SAKER_PART_CWD) call.cwd = text;
    if (part.kind == SAKER_PART_ARGUMENT && part.argument < call.texts.size())
      call.texts[part.argument] = text;
    if (part.kind == SAKER_PART_DESCRIPTOR) {
      named = part.argument < SAKER_STANDARD_FD && call.descriptor_count < Call::kDescriptorsMax;
      if (!named) return;
      call.descriptor_of[call.descriptor_count] = part.argument;
      whole &= decode_descriptor(text.bytes, call.descriptors[call.descriptor_count++]);
    }
    if (part.kind == SAKER_PART_CONTROL) call.control = text;
    if (part.kind == SAKER_PART_VECTOR) {
      whole &= text.bytes.size() == sizeof(std::uint64_t);
      if (whole) std::memcpy(&call.vector_bytes.emplace(), text.bytes.data(), sizeof(std::uint64_t));
    }
    // The name follows its descriptor.
    if (part.kind == SAKER_PART_DESCRIPTOR_NAME && named)
      call.descriptors[call.descriptor_count - 1].name = text;
  };
  return take_parts<saker_call_record>(record, event, take) && whole;
}

bool decode_cgroup(Bytes record, Event& event) {
  saker_cgroup_record wire;
  if (!read_fixed(record, wire)) return false;
  Cgroup cgroup;
  cgroup.key = wire.key;
  cgroup.removed = wire.op == SAKER_CGROUP_REMOVED;
  const bool ok =
      each_part(parts_of<saker_cgroup_record>(record), [&](const saker_part& part, const Text& text) {
        if (part.kind == SAKER_PART_CGROUP) cgroup.path = text;
      });
  event.body = cgroup;
  return ok;
}

// Whether records of this type tell of such events. What comes after may rely on it.
bool tells_of(std::uint16_t record, TypeId event) {
  const bool opens = event >= kOpen && event <= kOpenByHandleAt;
  const bool execs = event == kExecve || event == kExecveat;
  switch (record) {
    case SAKER_RECORD_FILE:
      return opens || execs;
    case SAKER_RECORD_EXEC:
      return execs;
    case SAKER_RECORD_FORK:
      return event == kClone;
    case SAKER_RECORD_EXIT:
      return event == kProcexit;
    case SAKER_RECORD_CALL:
      return event != 0 && !opens && event != kProcexit;
    default:
      return true;  // of no event of the rules, or refused for itself
  }
}

}  // namespace

bool decode_descriptor(std::string_view part, Descriptor& into) {
  saker_descriptor wire;
  if (part.size() < sizeof(wire)) return false;
  std::memcpy(&wire, part.data(), sizeof(wire));
  into.fd = wire.fd;
  into.kind = wire.kind;
  into.family = wire.family;
  into.ino = wire.ino;
  into.dev = wire.dev;
  into.inode_mode = wire.inode_mode;
  into.file_flags = wire.file_flags;
  into.magic = wire.magic;
  into.type = wire.type;
  into.protocol = wire.protocol;
  into.state = wire.state;
  into.local_port = wire.local_port;
  into.remote_port = wire.remote_port;
  into.queue = wire.queue;
  into.queue_max = wire.queue_max;
  into.local = address_bytes(wire, wire.local, part);
  into.remote = address_bytes(wire, wire.remote, part);
  into.own_address = wire.own_address;
  into.peer_address = wire.peer_address;
  return true;
}

Result<> decode_into(std::span<const std::byte> record, Event& event) {
  saker_header header;
  if (!read_fixed(record, header)) return broken("shorter than its header");
  if (header.size < sizeof(header) || header.size > record.size()) return broken("size does not fit");
  if (header.size > SAKER_RECORD_BYTES_MAX) return broken("larger than any record");
  if (header.event >= type_count()) return broken("unknown event number");
  if (!tells_of(header.type, header.event)) return broken("of a type that does not tell of its event");
  record = record.first(header.size);

  event.type = header.event;
  event.cpu = static_cast<std::uint16_t>(header.cpu);
  event.time_ns = header.time_ns;
  event.details = {};
  bool ok = false;
  switch (header.type) {
    case SAKER_RECORD_FORK:
      ok = decode_fork(record, event);
      break;
    case SAKER_RECORD_EXEC:
      ok = decode_exec(record, event);
      break;
    case SAKER_RECORD_EXIT:
      ok = decode_exit(record, event);
      break;
    case SAKER_RECORD_FILE:
      ok = decode_file(record, event);
      break;
    case SAKER_RECORD_CALL:
      ok = decode_call(record, event);
      break;
    case SAKER_RECORD_CGROUP:
      ok = decode_cgroup(record, event);
      break;
    default:
      return fail(ErrorCode::kUnsupported, fmt::format("kernel record: unknown type {}", header.type));
  }
  if (!ok) return broken("a part does not fit");
  return {};
}

Result<Event> decode(std::span<const std::byte> record) {
  Event event;
  TRY(decode_into(record, event));
  return event;
}

}  // namespace saker::event
