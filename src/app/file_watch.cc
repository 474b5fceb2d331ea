#include "app/file_watch.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/log.h"

namespace saker::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMask = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int kLinksMax = 40;  // as the kernel's

}  // namespace

std::set<std::string> directories_of(const std::string& path) {
  std::set<std::string> directories;
  std::error_code error;
  fs::path rest = fs::absolute(path, error).lexically_normal();
  if (error) return directories;
  // Step by step from the root; a link starts again at its target.
  for (int links = 0; links <= kLinksMax;) {
    fs::path at = "/";
    bool again = false;
    for (auto part = rest.begin(); part != rest.end(); ++part) {
      if (*part == "/" || part->empty()) continue;
      const fs::path next = at / *part;
      const fs::file_status status = fs::symlink_status(next, error);
      if (error || !fs::exists(status)) {
        directories.insert(at);
        return directories;
      }
      if (fs::is_symlink(status)) {
        directories.insert(at);  // where the link itself can be swapped
        const fs::path target = fs::read_symlink(next, error);
        if (error) return directories;
        fs::path made = at / target;
        for (++part; part != rest.end(); ++part) made /= *part;
        rest = made.lexically_normal();
        ++links;
        again = true;
        break;
      }
      if (!fs::is_directory(status)) {
        directories.insert(at);
        return directories;
      }
      at = next;
    }
    if (again) continue;
    directories.insert(at);
    if (at.has_parent_path()) directories.insert(at.parent_path());
    return directories;
  }
  return directories;
}

Result<FileWatch> FileWatch::open() {
  UniqueFd inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) return fail(ErrorCode::kIo, fmt::format("cannot watch files: {}", std::strerror(errno)));
  return FileWatch(std::move(inotify));
}

void FileWatch::watch(const std::vector<std::string>& paths) {
  std::set<std::string> wanted;
  for (const std::string& path : paths) {
    wanted.merge(directories_of(path));
    // A directory's files may be links out of it.
    std::error_code error;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
      if (entry->is_symlink(error)) wanted.merge(directories_of(entry->path()));
    }
  }
  // Anew each time: a directory may have been replaced by another of the same name.
  std::map<std::string, int> now;
  for (const std::string& directory : wanted) {
    const int number = inotify_add_watch(inotify_.get(), directory.c_str(), kMask);
    if (number >= 0)
      now[directory] = number;
    else
      log(LogLevel::kWarning, "changes in {} will be noticed late: {}", directory, std::strerror(errno));
  }
  std::set<int> kept;
  for (const auto& [directory, number] : now) kept.insert(number);
  for (const auto& [directory, number] : watched_) {
    if (!kept.contains(number)) inotify_rm_watch(inotify_.get(), number);
  }
  watched_ = std::move(now);
}

bool FileWatch::read_events() {
  alignas(inotify_event) char buffer[16 * 1024];
  bool any = false;
  for (;;) {
    const ssize_t got = ::read(inotify_.get(), buffer, sizeof(buffer));
    if (got <= 0 && !(got < 0 && errno == EINTR)) return any;
    // The end of a watch that we took away ourselves says nothing.
    for (ssize_t at = 0; at < got;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof(event));
      any |= (event.mask & IN_IGNORED) == 0;
      at += static_cast<ssize_t>(sizeof(event) + event.len);
    }
  }
}

}  // namespace saker::app
