// Users: names behind user and group ids. Holds what capture/ has read from the passwd and group files of the
// host, or of one container.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace saker::state {

struct User {
  std::string name, home, shell;
};

struct Users {
  std::unordered_map<std::uint32_t, User> users;
  std::unordered_map<std::uint32_t, std::string> groups;

  const User* find_user(std::uint32_t uid) const {
    const auto found = users.find(uid);
    return found == users.end() ? nullptr : &found->second;
  }
  const std::string* find_group(std::uint32_t gid) const {
    const auto found = groups.find(gid);
    return found == groups.end() ? nullptr : &found->second;
  }
};

// Adds the rows of a passwd (or group) file; malformed rows are skipped.
void parse_passwd(std::string_view text, Users& into);
void parse_group(std::string_view text, Users& into);

}  // namespace saker::state
