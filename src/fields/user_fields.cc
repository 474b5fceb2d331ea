// user.* and group.*: on whose behalf.
#include "fields/field_rows.h"

namespace saker::fields {
namespace {

constexpr std::string_view kRoot = "root";

// Whose accounts the ids are: a container has its own.
const state::Users* accounts(const Subject& s) {
  if (s.where != state::Where::kContainer) return s.users;
  return s.container == nullptr ? nullptr : s.container->users.get();
}

const state::User* account(const Subject& s, std::uint32_t uid) {
  const state::Users* users = accounts(s);
  return users == nullptr ? nullptr : users->find_user(uid);
}

std::uint32_t uid_of(const Subject& s) { return s.event->task.euid; }

Value uid(const Subject& s) { return Value::unsigned_integer(uid_of(s)); }
Value gid(const Subject& s) { return Value::unsigned_integer(s.event->task.egid); }
Value name(const Subject& s) { return Value::text(user_name(s, uid_of(s))); }
Value group(const Subject& s) { return Value::text(group_name(s, s.event->task.egid)); }

template <auto kMember>
Value of_account(const Subject& s) {
  const state::User* user = account(s, uid_of(s));
  return Value::text(user == nullptr ? kNotAvailable : std::string_view(user->*kMember));
}

Value loginuid(const Subject& s) { return Value::integer(static_cast<std::int32_t>(s.event->task.loginuid)); }

// A login is the host's also when it has entered a container since.
Value loginname(const Subject& s) {
  const std::uint32_t id = s.event->task.loginuid;
  const state::User* user = s.users == nullptr || id == UINT32_MAX ? nullptr : s.users->find_user(id);
  if (user != nullptr) return Value::text(user->name);
  return Value::text(id == 0 ? kRoot : kNotAvailable);
}

using enum Type;

constexpr Field kRows[] = {
    {.name = "user.uid", .type = kUint32, .help = "Effective user id.", .read = reader<uid>},
    {.name = "user.name", .few_values = true, .help = "Name of the effective user.", .read = reader<name>},
    {.name = "user.homedir",
     .help = "Home directory of the effective user.",
     .read = reader<of_account<&state::User::home>>},
    {.name = "user.shell",
     .help = "Login shell of the effective user.",
     .read = reader<of_account<&state::User::shell>>},
    {.name = "user.loginuid",
     .type = kInt64,
     .help = "User id of the login it all began with; -1 without one.",
     .read = reader<loginuid>},
    {.name = "user.loginname", .help = "Name of that login's user.", .read = reader<loginname>},
    {.name = "group.gid", .type = kUint32, .help = "Effective group id.", .read = reader<gid>},
    {.name = "group.name", .few_values = true, .help = "Name of the effective group.", .read = reader<group>},
};

}  // namespace

std::string_view user_name(const Subject& subject, std::uint32_t uid) {
  if (const state::User* user = account(subject, uid)) return user->name;
  return uid == 0 ? kRoot : kNotAvailable;
}

std::string_view group_name(const Subject& subject, std::uint32_t gid) {
  if (const state::Users* users = accounts(subject)) {
    if (const std::string* found = users->find_group(gid)) return *found;
  }
  return gid == 0 ? kRoot : kNotAvailable;
}

std::span<const Field> user_fields() { return kRows; }

}  // namespace saker::fields
