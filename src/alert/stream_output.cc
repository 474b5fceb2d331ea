#include "alert/stream_output.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
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
  if (pending_.empty()) return {};
  // The line that comes after a torn one must not be torn with it.
  if (mid_line_) pending_.insert(0, 1, '\n');
  std::string_view rest = pending_;
  int error = 0;
  while (!rest.empty() && error == 0) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // somebody made the shared descriptor non-blocking
      pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  const std::string_view sent = std::string_view(pending_).substr(0, pending_.size() - rest.size());
  if (!sent.empty()) mid_line_ = sent.back() != '\n';
  lost_ += static_cast<std::uint64_t>(std::ranges::count(rest, '\n'));
  pending_.clear();
  if (error == 0) return {};
  return fail(ErrorCode::kIo, fmt::format("cannot write alerts: {}", std::strerror(error)));
}

}  // namespace saker::alert
