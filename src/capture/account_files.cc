#include "capture/account_files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace saker::capture {
namespace {

// Ten thousand accounts take less than a megabyte.
constexpr std::size_t kBytesMax = std::size_t{4} * 1024 * 1024;
constexpr std::int64_t kSecond = 1'000'000'000;

UniqueFd open_below(int root, const char* name) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, root, name, &how, sizeof(how))));
}

// A layer's file hides those of the layers below; so does the mark that stands for a removed one, which is no
// file.
UniqueFd open_topmost(std::span<const UniqueFd> layers, const char* name) {
  for (const UniqueFd& layer : layers) {
    UniqueFd file = open_below(layer.get(), name);
    if (file || (errno != ENOENT && errno != ENOTDIR)) return file;
  }
  return {};
}

// Not a regular file: as if it were not there.
FileStamp stamp_of(int fd) {
  struct stat info{};
  if (fd < 0 || ::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return {};
  return {.dev = info.st_dev,
          .ino = info.st_ino,
          .size = static_cast<std::uint64_t>(info.st_size),
          .changed_ns = info.st_ctim.tv_sec * kSecond + info.st_ctim.tv_nsec};
}

std::string read_whole(int fd) {
  std::string text;
  std::array<char, 16384> buffer;
  while (text.size() < kBytesMax) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

std::optional<std::shared_ptr<const state::Users>> read_accounts(std::span<const UniqueFd> layers,
                                                                 AccountStamps& stamps) {
  const UniqueFd passwd = open_topmost(layers, "etc/passwd");
  const UniqueFd group = open_topmost(layers, "etc/group");
  const AccountStamps now{stamp_of(passwd.get()), stamp_of(group.get())};
  if (now == stamps) return std::nullopt;
  stamps = now;
  auto users = std::make_shared<state::Users>();
  if (now.passwd != FileStamp()) state::parse_passwd(read_whole(passwd.get()), *users);
  if (now.group != FileStamp()) state::parse_group(read_whole(group.get()), *users);
  return users;
}

UniqueFd open_root(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

bool is_same_directory(int one, int other) {
  struct stat a{}, b{};
  return ::fstat(one, &a) == 0 && ::fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace saker::capture
