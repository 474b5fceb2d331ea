#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/limits.h>

#include <cerrno>
#include <cstring>

#include "base/fd.h"

namespace saker {
namespace {

std::unexpected<Error> io_error(const char* what, const std::string& path) {
  const int error = errno;
  ErrorCode code = ErrorCode::kIo;
  if (error == ENOENT || error == ENOTDIR || error == ESRCH) code = ErrorCode::kNotFound;
  if (error == EACCES || error == EPERM) code = ErrorCode::kPermission;
  return fail(code, fmt::format("cannot {} {}: {}", what, path, std::strerror(error)));
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return io_error("open", path);
  std::string text;
  std::size_t used = 0;
  for (;;) {
    if (text.size() < used + 4096) text.resize(used + std::max<std::size_t>(4096, used));
    const ssize_t got = ::read(fd.get(), text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("read", path);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > bytes_max) {
      return fail(ErrorCode::kExhausted, fmt::format("{} is larger than {} bytes", path, bytes_max));
    }
  }
  text.resize(used);
  return text;
}

Result<std::string> read_link(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t got = ::readlink(path.c_str(), target.data(), target.size());
  if (got < 0) return io_error("read link", path);
  target.resize(static_cast<std::size_t>(got));
  return target;
}

}  // namespace saker
