#include "alert/syslog_output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace saker::alert {
namespace {

constexpr timeval kSendTimeout{.tv_sec = 2, .tv_usec = 0};

int severity(rules::Priority priority) { return static_cast<int>(priority); }  // the same eight, in order

}  // namespace

int SyslogOutput::send(const std::string& line) {
  if (!socket_) {
    UniqueFd made(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (!made) return errno;
    if (path_.size() >= sizeof(address.sun_path)) return ENAMETOOLONG;
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    if (::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
      return errno;
    setsockopt(made.get(), SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof(kSendTimeout));
    socket_ = std::move(made);
  }
  while (::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    const int error = errno;
    socket_.reset();
    return error;
  }
  return 0;
}

Delivery SyslogOutput::write(const Message& message) {
  const std::string line =
      fmt::format("<{}>{:%b %e %H:%M:%S} saker[{}]: {}", LOG_DAEMON | severity(message.priority),
                  fmt::localtime(std::time(nullptr)), getpid(), message.line);
  int error = send(line);
  if (error == ECONNREFUSED || error == ENOTCONN) error = send(line);  // the log was started anew
  if (error == 0) return Delivery::done();
  return Delivery::failed(fmt::format("cannot reach the system log at {}: {}", path_, std::strerror(error)));
}

}  // namespace saker::alert
