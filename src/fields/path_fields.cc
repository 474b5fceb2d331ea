// fs.path.*: the path, or the two paths, that a call on paths worked on. Only of calls that succeeded.
#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "event/schema.h"
#include "fields/descriptor.h"
#include "fields/field_rows.h"
#include "fields/names.h"
#include "fields/parameters.h"

namespace saker::fields {
namespace {

constexpr std::int64_t kNotPermitted = -1;  // -EPERM, and what Falco's success test of opens compares with

// Which parameters are the path, the source and the target; empty: the call has none of it.
struct Paths {
  std::string_view call, name, source, target;
};
constexpr Paths kCalls[] = {
    {"chmod", "filename", "", ""},
    {"chown", "path", "", ""},
    {"fchmod", "fd", "", ""},
    {"fchmodat", "filename", "", ""},
    {"fchown", "fd", "", ""},
    {"fchownat", "pathname", "", ""},
    {"lchown", "path", "", ""},
    {"link", "", "newpath", "oldpath"},
    {"linkat", "", "newpath", "oldpath"},
    {"mkdir", "path", "", ""},
    {"mkdirat", "path", "", ""},
    {"mount", "", "dev", "dir"},
    {"quotactl", "special", "", ""},
    {"rename", "", "oldpath", "newpath"},
    {"renameat", "", "oldpath", "newpath"},
    {"renameat2", "", "oldpath", "newpath"},
    {"rmdir", "path", "", ""},
    {"symlink", "", "linkpath", "target"},
    {"symlinkat", "", "linkpath", "target"},
    {"umount", "name", "", ""},
    {"umount2", "name", "", ""},
    {"unlink", "path", "", ""},
    {"unlinkat", "name", "", ""},
};

enum class Which { kName, kSource, kTarget };

const event::Parameter* parameter_of(event::TypeId type, Which which) {
  const auto call = std::ranges::find(kCalls, event::type_name(type), &Paths::call);
  if (call == std::end(kCalls)) return nullptr;
  const std::array names = {call->name, call->source, call->target};
  const std::string_view name = names[static_cast<std::size_t>(which)];
  return name.empty() ? nullptr : event::find_parameter(type, name);
}
const event::Parameter* parameter_of(const Subject& s, Which which) {
  if (!std::holds_alternative<event::Call>(s.event->body) || s.event->result() < 0) return nullptr;
  return parameter_of(s.event->type, which);
}

// Three of the open family. Any error but EPERM passes for success there, without a path.
const event::File* opened_path(const Subject& s) {
  const event::TypeId type = s.event->type;
  if (type != event::kOpen && type != event::kOpenat && type != event::kOpenat2) return nullptr;
  const event::File* file = file_of(s);
  return file == nullptr || file->result == kNotPermitted ? nullptr : file;
}

Value opened_name(const Subject& s, const event::File& file, Arena& arena) {
  if (file.result < 0) return Value::text(kUnknownDirectory);
  const std::string_view name = file_name(file, s.name_index, arena);
  return Value::text(name.empty() ? file_name(file, 0, arena) : name);
}

template <Which kWhich>
Value path(const Subject& s, Arena& arena) {
  if constexpr (kWhich == Which::kName) {
    if (const event::File* file = opened_path(s)) return opened_name(s, *file, arena);
  }
  const event::Parameter* parameter = parameter_of(s, kWhich);
  if (parameter == nullptr) return {};
  if (parameter->kind == event::ParameterKind::kFd) {
    const event::Descriptor* descriptor = main_descriptor_of(s);
    return descriptor == nullptr ? Value() : Value::text(descriptor_name(s, *descriptor, arena));
  }
  const std::string_view absolute = parameter_path(*parameter, s, arena);
  return absolute.empty() ? Value() : Value::text(absolute);
}

template <Which kWhich>
Value raw(const Subject& s, Arena& arena) {
  if constexpr (kWhich == Which::kName) {
    if (const event::File* file = opened_path(s))
      return file->name.present ? Value::text(file->name.bytes) : Value();
  }
  const event::Parameter* parameter = parameter_of(s, kWhich);
  if (parameter == nullptr) return {};
  return parameter->kind == event::ParameterKind::kFd ? path<kWhich>(s, arena)
                                                      : parameter_value(*parameter, s, arena);
}

constexpr Field kRows[] = {
    {.name = "fs.path.name",
     .by_name = true,
     .help = "Absolute path that a call on a path worked on.",
     .read = reader<path<Which::kName>>},
    {.name = "fs.path.nameraw",
     .help = "That path as the caller wrote it.",
     .read = reader<raw<Which::kName>>},
    {.name = "fs.path.source",
     .help = "Absolute path that a call on two paths takes from.",
     .read = reader<path<Which::kSource>>},
    {.name = "fs.path.sourceraw",
     .help = "That path as the caller wrote it.",
     .read = reader<raw<Which::kSource>>},
    {.name = "fs.path.target",
     .help = "Absolute path that a call on two paths puts to.",
     .read = reader<path<Which::kTarget>>},
    {.name = "fs.path.targetraw",
     .help = "That path as the caller wrote it.",
     .read = reader<raw<Which::kTarget>>},
};

}  // namespace

const event::Parameter* path_parameter(event::TypeId type, std::string_view field) {
  for (const auto& [begin, which] :
       {std::pair("fs.path.name", Which::kName), std::pair("fs.path.source", Which::kSource),
        std::pair("fs.path.target", Which::kTarget)}) {
    if (field.starts_with(begin)) return parameter_of(type, which);
  }
  return nullptr;
}

std::span<const Field> path_fields() { return kRows; }

}  // namespace saker::fields
