#include "alert/stream_output.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace saker::alert {

Result<> StreamOutput::write(std::string_view line) {
  pending_ += line;
  pending_ += '\n';
  if (buffered_ && pending_.size() < kBufferBytes) return {};
  return flush();
}

Result<> StreamOutput::flush() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {  // somebody made the shared descriptor non-blocking
      pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
      continue;
    }
    const int error = errno;
    pending_.clear();
    return fail(ErrorCode::kIo, fmt::format("cannot write alerts: {}", std::strerror(error)));
  }
  pending_.clear();
  return {};
}

}  // namespace saker::alert
