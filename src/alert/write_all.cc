#include "alert/write_all.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace saker::alert {

Written write_all(int fd, std::string_view text) {
  Written done;
  while (done.bytes < text.size()) {
    const ssize_t written = ::write(fd, text.data() + done.bytes, text.size() - done.bytes);
    if (written >= 0) {
      done.bytes += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      done.error = errno;
      break;
    }
  }
  return done;
}

}  // namespace saker::alert
