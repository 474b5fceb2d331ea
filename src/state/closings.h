// Closings: what a descriptor was that a thread is closing.
//
// Told at the beginning of close(), asked for at its end, when the kernel has forgotten the file. Kept as the
// bytes of the record, one for each thread.
//
// Bounded: at `threads_max` the table is emptied and the loss counted; closes begun before are then told
// without a name. Not thread-safe. The pipeline thread owns it.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <span>
#include <string>

#include "event/event.h"

namespace saker::state {

class Closings {
 public:
  explicit Closings(std::size_t threads_max = 4096) : threads_max_(threads_max) {}

  // A record of type SAKER_RECORD_CLOSING, header included.
  void begin(std::uint32_t tid, std::span<const std::byte> record);

  // The end of the close: adds the descriptor of argument 0 to the call. Its texts hold until the next end().
  void end(std::uint32_t tid, event::Call& call);

  std::uint64_t forgotten() const { return forgotten_; }

 private:
  std::size_t threads_max_;
  absl::flat_hash_map<std::uint32_t, std::string> by_thread_;  // parts
  std::string ended_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace saker::state
