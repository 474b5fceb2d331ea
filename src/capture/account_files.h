// Accounts: the users and groups in the passwd and group files below some root.
//
// The agent's own C library cannot be asked: its files say nothing of the host when the agent runs in a
// container, and nothing of other containers ever. A container's files are foreign: names are looked up below
// its root only (a symbolic link out of it ends inside), and what is no regular file is not opened.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/fd.h"
#include "state/users.h"

namespace saker::capture {

// Tells a file's content from a later one's, as far as that can be told without reading it.
struct FileStamp {
  std::uint64_t dev = 0, ino = 0, size = 0;
  std::int64_t changed_ns = 0;  // ctime

  bool operator==(const FileStamp&) const = default;
};

struct AccountStamps {
  FileStamp passwd, group;
  bool operator==(const AccountStamps&) const = default;
};

// The accounts below a root directory, given as that or as the layers that it is made of, topmost first;
// nothing when both files are still as `stamps` has them. Afterwards `stamps` tells what was read. A file
// that cannot be read leaves its names unknown.
std::optional<std::shared_ptr<const state::Users>> read_accounts(std::span<const UniqueFd> layers,
                                                                 AccountStamps& stamps);

// The root directory of a process, or of a path on the host; not open when there is none.
UniqueFd open_root(const std::string& path);

// True when both are the same directory.
bool is_same_directory(int one, int other);

}  // namespace saker::capture
