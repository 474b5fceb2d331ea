#include "alert/stream_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "alert/write_all.h"

namespace saker::alert {

Delivery StreamOutput::write(const Message& message) {
  pending_ += options_.terminal && !message.for_terminal.empty() ? message.for_terminal : message.line;
  pending_ += '\n';
  ++pending_lines_;
  if (options_.buffered && pending_.size() < kBufferBytes) return {};
  return flush();
}

Delivery StreamOutput::flush() {
  if (pending_.empty()) return {};
  // The line that comes after a torn one must not be torn with it.
  if (mid_line_) pending_.insert(0, 1, '\n');
  const Written written = write_all(fd_, pending_);
  const std::string_view all = pending_;
  const std::string_view sent = all.substr(0, written.bytes);
  if (!sent.empty()) mid_line_ = sent.back() != '\n';
  const auto lost = static_cast<std::uint64_t>(std::ranges::count(all.substr(written.bytes), '\n'));
  Delivery done;
  done.lost = std::min(lost, pending_lines_);
  done.delivered = pending_lines_ - done.lost;
  if (written.error != 0) done.problem = fmt::format("cannot write alerts: {}", std::strerror(written.error));
  pending_.clear();
  pending_lines_ = 0;
  return done;
}

}  // namespace saker::alert
