#include "delivery/sinks/stream_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/fd.h"

namespace saker::delivery {
namespace {

class StreamSink final : public Sink {
 public:
  explicit StreamSink(std::string path) : path_(std::move(path)) {}

  BatchLimits limits() const override { return {.alerts_max = 1000, .bytes_max = 1 << 20, .linger = {}}; }
  void cancel() override { cancelled_ = true; }

  Attempt deliver(Batch& batch) override {
    // Opened for each batch: a file that was moved away by log rotation is made anew.
    UniqueFd file;
    if (!path_.empty()) {
      file.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
      if (!file) return failed("open");
    }
    const int fd = path_.empty() ? STDOUT_FILENO : file.get();
    for (BatchItem& item : batch) {
      if (item.fate != Fate::kPending) continue;
      std::string line = item.alert.line + '\n';
      // The line after a torn one must not be torn with it.
      if (torn_) line.insert(0, 1, '\n');
      std::string_view rest = line;
      while (!rest.empty()) {
        if (cancelled_) return {.end = Attempt::End::kCancelled};
        const ssize_t written = ::write(fd, rest.data(), rest.size());
        if (written >= 0) {
          rest.remove_prefix(static_cast<std::size_t>(written));
          torn_ = !rest.empty();
        } else if (errno == EAGAIN) {
          pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
          ::poll(&ready, 1, 100);
        } else if (errno != EINTR) {
          return failed("write");
        }
      }
      item.deliver();
    }
    if (file && ::fdatasync(file.get()) != 0 && errno != EINVAL && errno != EROFS) return failed("sync");
    return {};
  }

 private:
  Attempt failed(const char* what) const {
    return {.end = Attempt::End::kRetry,
            .problem = fmt::format("cannot {} {}: {}", what, path_.empty() ? "standard output" : path_,
                                   std::strerror(errno))};
  }

  std::string path_;  // "" = standard output
  bool torn_ = false;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace

std::unique_ptr<Sink> make_file_sink(std::string path) {
  return std::make_unique<StreamSink>(std::move(path));
}
std::unique_ptr<Sink> make_stdout_sink() { return std::make_unique<StreamSink>(""); }

}  // namespace saker::delivery
