// StreamOutput: lines on a file descriptor, standard output first of all.
//
// Unbuffered, each line is one write(), so that lines of several programs on one pipe stay whole up to the
// pipe's limit. Buffered, lines are gathered up to kBufferBytes and go with flush(), which the worker calls
// at least once a second.
#pragma once

#include <cstddef>
#include <string>

#include "alert/output.h"

namespace saker::alert {

class StreamOutput final : public Output {
 public:
  static constexpr std::size_t kBufferBytes = 64 * 1024;

  struct Options {
    bool buffered = false;
    bool terminal = false;  // Message::for_terminal, where there is one
  };

  // The descriptor stays the caller's. SIGPIPE must be ignored by the program.
  StreamOutput(int fd, Options options) : fd_(fd), options_(options) {}

  Delivery write(const Message& message) override;
  Delivery flush() override;

 private:
  int fd_;
  Options options_;
  bool mid_line_ = false;  // a failed write left a line without its end
  std::string pending_;
  std::uint64_t pending_lines_ = 0;
};

}  // namespace saker::alert
