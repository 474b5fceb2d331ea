#include "delivery/sinks/syslog_sink.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/fd.h"

namespace saker::delivery {
namespace {

constexpr int kFacilityLocal0 = 16;
constexpr timeval kTimeout{.tv_sec = 10, .tv_usec = 0};
// What fits a datagram.
constexpr std::size_t kUdpBytesMax = 65'000;

// A header's word: no blanks, no control characters, RFC 5424's length.
std::string word(std::string text, std::size_t bytes_max) {
  std::ranges::replace_if(text, [](char c) { return c <= ' ' || c > '~'; }, '_');
  text.resize(std::min(text.size(), bytes_max));
  return text.empty() ? "-" : text;
}

std::string cef_escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += ' ';
      continue;
    }
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string cef(const spool::Event& event) {
  std::string text = fmt::format("CEF:0|Falcosecurity|Falco|1.0|{}|{}|{}|", cef_escaped(event.rule, "|\\"),
                                 cef_escaped(event.rule, "|\\"), 10 - static_cast<int>(event.priority));
  text += fmt::format("uuid={} start={} msg={} source={}", event.uuid, event.time_ns / 1'000'000,
                      cef_escaped(event.output, "=\\"), cef_escaped(event.source, "=\\"));
  if (!event.hostname.empty()) text += " hostname=" + cef_escaped(event.hostname, "=\\");
  for (const spool::Field& field : event.fields) {
    std::string key;
    for (const char c : field.name) key += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    text += " " + key + "=" + cef_escaped(field.value, "=\\");
  }
  return text;
}

class SyslogSink final : public Sink {
 public:
  explicit SyslogSink(SyslogOptions options) : options_(std::move(options)) {}

  BatchLimits limits() const override { return {.alerts_max = 200, .bytes_max = 256 * 1024, .linger = {}}; }
  void cancel() override { cancelled_ = true; }

  Attempt deliver(Batch& batch) override {
    if (!socket_ || closed_by_peer()) {
      if (std::string problem = connect(); !problem.empty())
        return {.end = Attempt::End::kRetry, .problem = problem};
    }
    for (BatchItem& item : batch) {
      if (item.fate != Fate::kPending) continue;
      const auto event = spool::parse_line(item.alert.line);
      if (!event) {
        item.drop("unreadable", event.error().message);
        continue;
      }
      std::string message = syslog_message(options_, *event, item.alert.line);
      if (options_.tcp) message += '\n';
      if (!options_.tcp && message.size() > kUdpBytesMax) {
        item.drop("too_large", fmt::format("{} bytes do not fit a datagram", message.size()));
        continue;
      }
      if (!send(message)) {
        const std::string problem =
            fmt::format("{}:{}: {}", options_.host, options_.port, std::strerror(errno));
        socket_.reset();
        return {.end = Attempt::End::kRetry, .problem = problem};
      }
      item.deliver();
    }
    return {};
  }

 private:
  std::string connect() {
    addrinfo wanted{};
    wanted.ai_socktype = options_.tcp ? SOCK_STREAM : SOCK_DGRAM;
    addrinfo* found = nullptr;
    const std::string port = fmt::to_string(options_.port);
    if (const int code = ::getaddrinfo(options_.host.c_str(), port.c_str(), &wanted, &found); code != 0)
      return fmt::format("{}: {}", options_.host, ::gai_strerror(code));
    int error = 0;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
      UniqueFd socket(::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol));
      ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof(kTimeout));
      if (::connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0) {
        socket_ = std::move(socket);
        break;
      }
      error = errno;
      socket_.reset();
    }
    ::freeaddrinfo(found);
    return socket_ ? "" : fmt::format("{}:{}: {}", options_.host, options_.port, std::strerror(error));
  }

  // A server never speaks: what can be read is the end of the connection.
  bool closed_by_peer() const {
    if (!options_.tcp) return false;
    pollfd ready{.fd = socket_.get(), .events = POLLIN | POLLRDHUP, .revents = 0};
    return ::poll(&ready, 1, 0) > 0;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      if (cancelled_) {
        errno = ECANCELED;
        return false;
      }
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  SyslogOptions options_;
  UniqueFd socket_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace

std::string syslog_message(const SyslogOptions& options, const spool::Event& event, std::string_view line) {
  // Falco's priorities are syslog's severities.
  return fmt::format("<{}>1 {} {} saker-relay - - - {}",
                     kFacilityLocal0 * 8 + static_cast<int>(event.priority),
                     spool::format_time_utc(event.time_ns / 1000 * 1000), word(event.hostname, 255),
                     options.cef ? cef(event) : std::string(line));
}

std::unique_ptr<Sink> make_syslog_sink(SyslogOptions options) {
  return std::make_unique<SyslogSink>(std::move(options));
}

}  // namespace saker::delivery
