// StreamOutput: lines on a file descriptor, standard output first of all.
//
// Unbuffered, each line is one write(), so that lines of several programs on one pipe stay whole up to the
// pipe's limit. Buffered, lines are gathered up to kBufferBytes and go with flush(), which the pipeline calls
// at least once a second.
#pragma once

#include <cstddef>
#include <string>

#include "alert/output.h"

namespace saker::alert {

class StreamOutput final : public Output {
 public:
  static constexpr std::size_t kBufferBytes = 64 * 1024;

  // The descriptor stays the caller's. SIGPIPE must be ignored by the program.
  StreamOutput(int fd, bool buffered) : fd_(fd), buffered_(buffered) {}

  Result<> write(std::string_view line) override;
  Result<> flush() override;
  std::uint64_t lost() const override { return lost_; }

 private:
  int fd_;
  bool buffered_;
  bool mid_line_ = false;  // a failed write left a line without its end
  std::string pending_;
  std::uint64_t lost_ = 0;
};

}  // namespace saker::alert
