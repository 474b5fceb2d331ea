// fd.*, fs.path.* and their kin: what the call works on. Sockets and other descriptors are not collected
// yet, so only files have values.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "event/open_flags.h"
#include "fields/arena_text.h"
#include "fields/field_rows.h"
#include "fields/names.h"

namespace saker::fields {
namespace {

constexpr std::int64_t kNotPermitted = -1;  // -EPERM, and what Falco's success test of opens compares with

// The file that an open call gave; null when it failed.
const event::File* open_file(const Subject& s) {
  const event::File* file = opened(s);
  return file != nullptr && file->result >= 0 ? file : nullptr;
}

// The name that is being judged; an event without that kind has its requested one.
std::string_view name_of(const Subject& s, const event::File& file, Arena& arena) {
  const std::string_view name = file_name(file, s.name_index, arena);
  return name.empty() ? file_name(file, 0, arena) : name;
}

std::string_view directory_of(const event::File& file, std::string_view name) {
  if (file.result >= 0 && is_directory(file)) return name;
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos || slash == 0 ? "/" : name.substr(0, slash);
}

Value num(const Subject& s) {
  const event::File* file = opened(s);
  return file == nullptr ? Value() : Value::integer(std::max<std::int64_t>(file->result, -1));
}
Value type(const Subject& s) {
  const event::File* file = open_file(s);
  return file == nullptr ? Value() : Value::text(is_directory(*file) ? "directory" : "file");
}
Value typechar(const Subject& s) {
  const event::File* file = opened(s);
  if (file == nullptr) return {};
  return Value::text(file->result >= 0 && is_directory(*file) ? "d" : "f");
}
Value name(const Subject& s, Arena& arena) {
  const event::File* file = opened(s);
  return file == nullptr ? Value() : Value::text(name_of(s, *file, arena));
}
Value directory(const Subject& s, Arena& arena) {
  const event::File* file = opened(s);
  return file == nullptr ? Value() : Value::text(directory_of(*file, name_of(s, *file, arena)));
}
Value filename(const Subject& s, Arena& arena) {
  const event::File* file = open_file(s);
  if (file == nullptr || is_directory(*file)) return {};
  const std::string_view whole = name_of(s, *file, arena);
  return Value::text(whole.substr(whole.rfind('/') + 1));  // npos + 1 is 0
}

// As given, but for repeated slashes.
Value nameraw(const Subject& s, Arena& arena) {
  const event::File* file = opened(s);
  if (file == nullptr) return {};
  if (!file->name.present) return Value::text(file_name(*file, 0, arena));
  const std::string_view given = file->name.bytes;
  if (given.find("//") == std::string_view::npos) return Value::text(given);
  char* const data = arena.allocate(given.size());
  char* const end =
      std::unique_copy(given.begin(), given.end(), data, [](char a, char b) { return a == '/' && b == '/'; });
  return Value::text({data, static_cast<std::size_t>(end - data)});
}

Value uid(const Subject& s, Arena& arena) {
  const event::File* file = open_file(s);
  if (file == nullptr) return {};
  char text[32];
  const auto end = fmt::format_to_n(text, sizeof(text), "{}{}", s.event->task.tid, file->result).out;
  return Value::text(arena.copy({text, static_cast<std::size_t>(end - text)}));
}

Value in_container(const Subject& s, std::string_view text, Arena& arena) {
  const std::string_view id = container_id(s);
  return id.empty() ? Value() : Value::text(concat(arena, {id, ":", text}));
}
Value containername(const Subject& s, Arena& arena) {
  const event::File* file = open_file(s);
  return file == nullptr ? Value() : in_container(s, name_of(s, *file, arena), arena);
}
Value containerdirectory(const Subject& s, Arena& arena) {
  const event::File* file = open_file(s);
  return file == nullptr ? Value() : in_container(s, directory_of(*file, name_of(s, *file, arena)), arena);
}

// Device numbers as st_dev holds them.
Value dev(const Subject& s) {
  const event::File* file = open_file(s);
  return file == nullptr ? Value() : Value::integer(file->dev);
}
Value dev_major(const Subject& s) {
  const event::File* file = open_file(s);
  return file == nullptr ? Value() : Value::integer(file->dev >> 8 & 0xfff);
}
Value dev_minor(const Subject& s) {
  const event::File* file = open_file(s);
  return file == nullptr ? Value() : Value::integer((file->dev & 0xff) | (file->dev >> 12 & 0xfff00));
}
Value ino(const Subject& s) {
  const event::File* file = open_file(s);
  return file == nullptr ? Value() : Value::integer(static_cast<std::int64_t>(file->ino));
}
template <std::uint32_t kFlag>
Value has_flag(const Subject& s) {
  const event::File* file = open_file(s);
  return file == nullptr ? Value() : Value::boolean((file->flags & kFlag) != 0);
}

// fs.path.* knows three of the open family. Any error but EPERM passes for success there, without a path.
const event::File* path_call(const Subject& s) {
  const event::TypeId type = s.event->type;
  if (type != event::kOpen && type != event::kOpenat && type != event::kOpenat2) return nullptr;
  const event::File* file = file_of(s);
  return file == nullptr || file->result == kNotPermitted ? nullptr : file;
}
Value path_name(const Subject& s, Arena& arena) {
  const event::File* file = path_call(s);
  if (file == nullptr) return {};
  return Value::text(file->result < 0 ? "<UNKNOWN>" : name_of(s, *file, arena));
}
Value path_nameraw(const Subject& s) {
  const event::File* file = path_call(s);
  return file == nullptr || !file->name.present ? Value() : Value::text(file->name.bytes);
}

using enum Type;
constexpr std::uint8_t kBothEnds = kFilterOnly | kNoTransformer | kNoRhs;
constexpr std::uint8_t kAlone = kNoTransformer | kNoRhs;

constexpr Field kRows[] = {
    {.name = "fd.num",
     .type = kInt64,
     .help = "The descriptor; -1 when the call that makes it failed.",
     .read = reader<num>},
    {.name = "fd.type",
     .help = "What the descriptor stands for: file, directory, ipv4 and so on.",
     .read = reader<type>},
    {.name = "fd.typechar", .help = "fd.type as one letter.", .read = reader<typechar>},
    {.name = "fd.name",
     .by_name = true,
     .help = "Absolute path of a file; the two ends of a connection.",
     .read = reader<name>},
    {.name = "fd.directory",
     .by_name = true,
     .help = "Directory of a file; a directory is its own.",
     .read = reader<directory>},
    {.name = "fd.filename", .by_name = true, .help = "Last part of a file's path.", .read = reader<filename>},
    {.name = "fd.ip", .type = kIpAddress, .flags = kBothEnds, .help = "Address of either end."},
    {.name = "fd.cip", .type = kIpAddress, .help = "Address of the client."},
    {.name = "fd.sip", .type = kIpAddress, .help = "Address of the server."},
    {.name = "fd.lip", .type = kIpAddress, .help = "Address of this host's end."},
    {.name = "fd.rip", .type = kIpAddress, .help = "Address of the other end."},
    {.name = "fd.port", .type = kPort, .flags = kBothEnds, .help = "Port of either end."},
    {.name = "fd.cport", .type = kPort, .help = "Port of the client."},
    {.name = "fd.sport", .type = kPort, .help = "Port of the server."},
    {.name = "fd.lport", .type = kPort, .help = "Port of this host's end."},
    {.name = "fd.rport", .type = kPort, .help = "Port of the other end."},
    {.name = "fd.l4proto", .help = "Transport of a socket: tcp, udp, icmp or raw."},
    {.name = "fd.sockfamily", .help = "Family of a socket: ip or unix."},
    {.name = "fd.is_server", .type = kBool, .help = "True when the process is the server of the connection."},
    {.name = "fd.uid", .help = "Thread id and descriptor as one text.", .read = reader<uid>},
    {.name = "fd.containername",
     .by_name = true,
     .help = "Container id, a colon and fd.name.",
     .read = reader<containername>},
    {.name = "fd.containerdirectory",
     .by_name = true,
     .help = "Container id, a colon and fd.directory.",
     .read = reader<containerdirectory>},
    {.name = "fd.proto", .type = kPort, .flags = kBothEnds, .help = "Service of either end."},
    {.name = "fd.cproto", .help = "Service name or number of the client's port."},
    {.name = "fd.sproto", .help = "Service name or number of the server's port."},
    {.name = "fd.lproto", .help = "Service name or number of this host's port."},
    {.name = "fd.rproto", .help = "Service name or number of the other end's port."},
    {.name = "fd.net", .type = kIpNetwork, .flags = kBothEnds, .help = "Network of either end."},
    {.name = "fd.cnet", .type = kIpNetwork, .flags = kBothEnds, .help = "Network of the client."},
    {.name = "fd.snet", .type = kIpNetwork, .flags = kBothEnds, .help = "Network of the server."},
    {.name = "fd.lnet", .type = kIpNetwork, .flags = kBothEnds, .help = "Network of this host's end."},
    {.name = "fd.rnet", .type = kIpNetwork, .flags = kBothEnds, .help = "Network of the other end."},
    {.name = "fd.connected", .type = kBool, .help = "True for a socket whose connect went well."},
    {.name = "fd.name_changed", .type = kBool, .help = "True when this event changed fd.name."},
    {.name = "fd.cip.name", .flags = kAlone, .help = "Domain name of the client."},
    {.name = "fd.sip.name", .flags = kAlone, .help = "Domain name of the server."},
    {.name = "fd.lip.name", .flags = kAlone, .help = "Domain name of this host's end."},
    {.name = "fd.rip.name", .flags = kAlone, .help = "Domain name of the other end."},
    {.name = "fd.dev",
     .type = kInt32,
     .format = Format::kHex,
     .help = "Device that holds the file.",
     .read = reader<dev>},
    {.name = "fd.dev.major", .type = kInt32, .help = "Major number of fd.dev.", .read = reader<dev_major>},
    {.name = "fd.dev.minor", .type = kInt32, .help = "Minor number of fd.dev.", .read = reader<dev_minor>},
    {.name = "fd.ino", .type = kInt64, .help = "Inode number of the file.", .read = reader<ino>},
    {.name = "fd.nameraw",
     .help = "The path as the caller wrote it, without repeated slashes.",
     .read = reader<nameraw>},
    {.name = "fd.types",
     .argument = ArgumentKind::kOptionalIndex,
     .flags = kList | kNoRhs,
     .help = "The types of all open descriptors, or of one."},
    {.name = "fd.is_upper_layer",
     .type = kBool,
     .help = "True for a file that its container has written or changed.",
     .read = reader<has_flag<event::kOpenUpperLayer>>},
    {.name = "fd.is_lower_layer",
     .type = kBool,
     .help = "True for a file as its image brought it.",
     .read = reader<has_flag<event::kOpenLowerLayer>>},
    {.name = "fs.path.name",
     .by_name = true,
     .help = "Absolute path that a call on a path worked on.",
     .read = reader<path_name>},
    {.name = "fs.path.nameraw", .help = "That path as the caller wrote it.", .read = reader<path_nameraw>},
    {.name = "fs.path.source", .help = "Absolute path that a call on two paths takes from."},
    {.name = "fs.path.sourceraw", .help = "That path as the caller wrote it."},
    {.name = "fs.path.target", .help = "Absolute path that a call on two paths puts to."},
    {.name = "fs.path.targetraw", .help = "That path as the caller wrote it."},
    {.name = "util.cnt", .type = kUint64, .help = "Grows by one each time it is read."},
    {.name = "fdlist.nums", .help = "The descriptors a poll waits for, with commas."},
    {.name = "fdlist.names", .help = "Their names, with commas."},
    {.name = "fdlist.cips", .help = "Their clients' addresses, with commas."},
    {.name = "fdlist.sips", .help = "Their servers' addresses, with commas."},
    {.name = "fdlist.cports", .help = "Their clients' ports, with commas."},
    {.name = "fdlist.sports", .help = "Their servers' ports, with commas."},
};

}  // namespace

bool is_directory(const event::File& file) {
  if (file.inode_mode != 0) return S_ISDIR(file.inode_mode);
  return (file.flags & event::kOpenDirectory) != 0;
}

std::span<const Field> fd_fields() { return kRows; }

}  // namespace saker::fields
