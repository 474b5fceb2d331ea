// Output: a channel that alerts leave by. Not thread-safe: one thread writes.
#pragma once

#include <string_view>

#include "base/result.h"

namespace saker::alert {

class Output {
 public:
  virtual ~Output() = default;

  // One alert, without newline. An error means that this alert is lost on this channel; the caller counts it.
  virtual Result<> write(std::string_view line) = 0;

  // Sends what is buffered.
  virtual Result<> flush() = 0;
};

}  // namespace saker::alert
