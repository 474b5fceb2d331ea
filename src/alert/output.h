// Output: a channel that alerts leave by. Not thread-safe: one thread writes.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace saker::alert {

class Output {
 public:
  virtual ~Output() = default;

  // One alert, without newline. An error means that it is lost on this channel, with what was buffered.
  virtual Result<> write(std::string_view line) = 0;

  // Sends what is buffered; an error as above.
  virtual Result<> flush() = 0;

  // Alerts lost so far.
  virtual std::uint64_t lost() const = 0;
};

}  // namespace saker::alert
