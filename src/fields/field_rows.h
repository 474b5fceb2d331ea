// The rows of the catalogue, one file for each class of field, and what their readers share.
#pragma once

#include <span>
#include <type_traits>

#include "base/arena.h"
#include "fields/catalogue.h"

namespace saker::fields {

std::span<const Field> evt_fields();
std::span<const Field> proc_fields();
std::span<const Field> fd_fields();
std::span<const Field> socket_fields();
std::span<const Field> path_fields();
std::span<const Field> user_fields();
std::span<const Field> usage_fields();
std::span<const Field> environment_fields();
std::span<const Field> container_fields();

// A Reader of a function that takes the leading parameters it needs: f(subject), f(subject, arena), or all.
template <auto kFunction>
Value reader(const Subject& subject, const Argument& argument, Arena& arena) {
  using Function = decltype(kFunction);
  if constexpr (std::is_invocable_v<Function, const Subject&, const Argument&, Arena&>) {
    return kFunction(subject, argument, arena);
  } else if constexpr (std::is_invocable_v<Function, const Subject&, Arena&>) {
    return kFunction(subject, arena);
  } else {
    return kFunction(subject);
  }
}

inline const event::File* file_of(const Subject& subject) {
  return std::get_if<event::File>(&subject.event->body);
}

// The file of a call of the open family, failed or not.
inline const event::File* opened(const Subject& subject) {
  return subject.event->is_open() ? file_of(subject) : nullptr;
}

// A time since boot as one since the epoch; missing when either is not known (0).
inline Value since_epoch(const Subject& subject, std::uint64_t boot_ns) {
  if (boot_ns == 0 || subject.boot_wall_ns == 0) return {};
  return Value::unsigned_integer(subject.boot_wall_ns + boot_ns);
}

// Whether an open gave a directory; when the kernel did not say, the flags did.
bool is_directory(const event::File& file);

// The text that stands for an unknown name where Falco gives one.
inline constexpr std::string_view kNotAvailable = "<NA>";

// user.name and group.name, also for the parameters that are rendered as one: from the accounts of the
// container or, outside one, of the host. Without them only root has a name.
std::string_view user_name(const Subject& subject, std::uint32_t uid);
std::string_view group_name(const Subject& subject, std::uint32_t gid);

// container.id; empty when not known yet.
std::string_view container_id(const Subject& subject);

}  // namespace saker::fields
