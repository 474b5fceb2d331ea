// fd.*: the descriptor that a call makes or works on. Opens tell theirs in the record of the file, which has
// several names; all others in the descriptors of the call.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "event/open_flags.h"
#include "event/schema.h"
#include "fields/arena_text.h"
#include "fields/descriptor.h"
#include "fields/field_rows.h"
#include "fields/names.h"

namespace saker::fields {
namespace {

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

// The number that the call names or returned; -1 when the call that makes it failed.
Value num(const Subject& s) {
  if (const event::File* file = opened(s)) return Value::integer(std::max<std::int64_t>(file->result, -1));
  const auto* call = std::get_if<event::Call>(&s.event->body);
  const auto place = event::main_descriptor(s.event->type);
  if (call == nullptr || !place) return {};
  if (*place < call->arguments.size())
    return Value::integer(static_cast<std::int32_t>(call->arguments[*place]));
  const event::Descriptor* made = main_descriptor_of(s);
  return Value::integer(made == nullptr ? -1 : made->fd);
}
Value type(const Subject& s) {
  if (const event::File* file = open_file(s)) return Value::text(is_directory(*file) ? "directory" : "file");
  const event::Descriptor* descriptor = main_descriptor_of(s);
  const std::string_view type = descriptor == nullptr ? std::string_view() : type_of(*descriptor);
  return type.empty() ? Value() : Value::text(type);
}
Value typechar(const Subject& s) {
  if (const event::File* file = opened(s))
    return Value::text(file->result >= 0 && is_directory(*file) ? "d" : "f");
  if (!event::main_descriptor(s.event->type)) return {};
  const event::Descriptor* descriptor = main_descriptor_of(s);
  return Value::text(descriptor == nullptr ? "o" : typechar_of(type_of(*descriptor)));
}
Value name(const Subject& s, Arena& arena) {
  if (const event::File* file = opened(s)) return Value::text(name_of(s, *file, arena));
  const event::Descriptor* descriptor = main_descriptor_of(s);
  if (descriptor != nullptr) return Value::text(descriptor_name(s, *descriptor, arena));
  return event::main_descriptor(s.event->type) ? Value::text({}) : Value();
}

// The call's file or directory; null for other descriptors, and for opens.
const event::Descriptor* call_file(const Subject& s) {
  const event::Descriptor* descriptor = main_descriptor_of(s);
  if (descriptor == nullptr) return nullptr;
  const std::string_view type = type_of(*descriptor);
  return type == "file" || type == "directory" ? descriptor : nullptr;
}

std::string_view directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos || slash == 0 ? "/" : path.substr(0, slash);
}

Value directory(const Subject& s, Arena& arena) {
  if (const event::File* file = opened(s)) {
    const std::string_view path = name_of(s, *file, arena);
    return Value::text(file->result >= 0 && is_directory(*file) ? path : directory_of(path));
  }
  const event::Descriptor* file = call_file(s);
  if (file == nullptr) return {};
  return Value::text(type_of(*file) == "directory" ? file->name.bytes : directory_of(file->name.bytes));
}
Value filename(const Subject& s, Arena& arena) {
  std::string_view whole;
  if (const event::File* file = open_file(s)) {
    if (is_directory(*file)) return {};
    whole = name_of(s, *file, arena);
  } else {
    const event::Descriptor* descriptor = call_file(s);
    if (descriptor == nullptr || type_of(*descriptor) != "file") return {};
    whole = descriptor->name.bytes;
  }
  return Value::text(whole.substr(whole.rfind('/') + 1));  // npos + 1 is 0
}

// As given, but for repeated slashes.
Value nameraw(const Subject& s, Arena& arena) {
  const event::File* file = opened(s);
  if (file == nullptr) return name(s, arena);
  if (!file->name.present) return Value::text(file_name(*file, 0, arena));
  const std::string_view given = file->name.bytes;
  if (given.find("//") == std::string_view::npos) return Value::text(given);
  char* const data = arena.allocate(given.size());
  char* const end =
      std::unique_copy(given.begin(), given.end(), data, [](char a, char b) { return a == '/' && b == '/'; });
  return Value::text({data, static_cast<std::size_t>(end - data)});
}

// Where the kernel found the file, whatever name it was asked for and judged by.
Value nameresolved(const Subject& s, Arena& arena) {
  const event::File* file = open_file(s);
  if (file == nullptr) return {};
  const std::string_view path = file_name(*file, 1, arena);
  return path.empty() ? Value() : Value::text(path);
}
Value namefrom(const Subject& s) {
  return opened(s) == nullptr ? Value() : Value::text(kNameKindTexts[s.name_index]);
}

Value uid(const Subject& s, Arena& arena) {
  if (open_file(s) == nullptr && main_descriptor_of(s) == nullptr) return {};
  char text[32];
  const auto end = fmt::format_to_n(text, sizeof(text), "{}{}", s.event->task.tid, num(s).integer()).out;
  return Value::text(arena.copy({text, static_cast<std::size_t>(end - text)}));
}

Value in_container(const Subject& s, const Value& text, Arena& arena) {
  const std::string_view id = container_id(s);
  return id.empty() || text.missing() ? Value() : Value::text(concat(arena, {id, ":", text.text()}));
}
bool is_open_descriptor(const Subject& s) {
  return open_file(s) != nullptr || main_descriptor_of(s) != nullptr;
}
Value containername(const Subject& s, Arena& arena) {
  return is_open_descriptor(s) ? in_container(s, name(s, arena), arena) : Value();
}
Value containerdirectory(const Subject& s, Arena& arena) {
  return is_open_descriptor(s) ? in_container(s, directory(s, arena), arena) : Value();
}

// Device numbers as st_dev holds them.
std::optional<std::uint32_t> device(const Subject& s) {
  if (const event::File* file = open_file(s)) return file->dev;
  const event::Descriptor* file = call_file(s);
  return file == nullptr ? std::nullopt : std::optional(file->dev);
}
Value dev(const Subject& s) {
  const auto number = device(s);
  return number ? Value::integer(*number) : Value();
}
Value dev_major(const Subject& s) {
  const auto number = device(s);
  return number ? Value::integer(*number >> 8 & 0xfff) : Value();
}
Value dev_minor(const Subject& s) {
  const auto number = device(s);
  return number ? Value::integer((*number & 0xff) | (*number >> 12 & 0xfff00)) : Value();
}
Value ino(const Subject& s) {
  if (const event::File* file = open_file(s)) return Value::integer(static_cast<std::int64_t>(file->ino));
  const event::Descriptor* descriptor = main_descriptor_of(s);
  return descriptor == nullptr ? Value() : Value::integer(static_cast<std::int64_t>(descriptor->ino));
}
template <std::uint32_t kOpenFlag, std::uint32_t kFileFlag>
Value has_flag(const Subject& s) {
  if (const event::File* file = open_file(s)) return Value::boolean((file->flags & kOpenFlag) != 0);
  const event::Descriptor* file = call_file(s);
  return file == nullptr ? Value() : Value::boolean((file->file_flags & kFileFlag) != 0);
}

Value count(const Subject&) {
  static std::atomic<std::uint64_t> read{0};
  return Value::unsigned_integer(++read);
}

using enum Type;
constexpr Field kRows[] = {
    {.name = "fd.num",
     .type = kInt64,
     .help = "The descriptor; -1 when the call that makes it failed.",
     .read = reader<num>},
    {.name = "fd.type",
     .few_values = true,
     .help = "What the descriptor stands for: file, directory, ipv4 and so on.",
     .read = reader<type>},
    {.name = "fd.typechar", .few_values = true, .help = "fd.type as one letter.", .read = reader<typechar>},
    {.name = "fd.name",
     .by_name = true,
     .help = "Absolute path of a file; the two ends of a connection.",
     .read = reader<name>},
    {.name = "fd.directory",
     .by_name = true,
     .help = "Directory of a file; a directory is its own.",
     .read = reader<directory>},
    {.name = "fd.filename", .by_name = true, .help = "Last part of a file's path.", .read = reader<filename>},
    {.name = "fd.uid", .help = "Thread id and descriptor as one text.", .read = reader<uid>},
    {.name = "fd.containername",
     .by_name = true,
     .help = "Container id, a colon and fd.name.",
     .read = reader<containername>},
    {.name = "fd.containerdirectory",
     .by_name = true,
     .help = "Container id, a colon and fd.directory.",
     .read = reader<containerdirectory>},
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
    {.name = "fd.nameresolved",
     .help = "Path at which the kernel found the file that was opened, whatever it was asked for as.",
     .read = reader<nameresolved>},
    {.name = "fd.namefrom",
     .by_name = true,
     .help = "Which of the file's names fd.name is: requested, resolved, inner (below a bind mount) or "
             "identity (a path that a rule names leads to the same inode).",
     .read = reader<namefrom>},
    {.name = "fd.is_upper_layer",
     .type = kBool,
     .help = "True for a file that its container has written or changed.",
     .read = reader<has_flag<event::kOpenUpperLayer, SAKER_FILE_UPPER_LAYER>>},
    {.name = "fd.is_lower_layer",
     .type = kBool,
     .help = "True for a file as its image brought it.",
     .read = reader<has_flag<event::kOpenLowerLayer, SAKER_FILE_LOWER_LAYER>>},
    {.name = "util.cnt",
     .type = kUint64,
     .help = "Grows by one each time it is read.",
     .read = reader<count>},
};

}  // namespace

bool is_directory(const event::File& file) {
  if (file.inode_mode != 0) return S_ISDIR(file.inode_mode);
  return (file.flags & event::kOpenDirectory) != 0;
}

std::span<const Field> fd_fields() { return kRows; }

}  // namespace saker::fields
