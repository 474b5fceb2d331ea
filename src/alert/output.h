// Output: a channel that alerts leave by, driven by a worker thread of its own (output_worker.h).
//
// All calls come from that one thread, except cancel(). They may block: nothing waits for them but the queue
// of this one channel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "alert/message.h"

namespace saker::alert {

// What a call decided. A message given to write() is delivered, lost, still buffered (none of the numbers
// counts it yet), or to be given again.
struct Delivery {
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  bool again = false;                // not done: give the same message once more, later
  std::uint64_t again_after_ns = 0;  // when the receiver said how much later; 0 = it did not
  bool may_be_content = false;       // again: the receiver answered, and may take other messages
  std::string problem = {};          // why, when lost or again; one sentence

  static Delivery done(std::uint64_t count = 1) { return {.delivered = count}; }
  static Delivery failed(std::string why, std::uint64_t count = 1) {
    return {.lost = count, .problem = std::move(why)};
  }
  static Delivery retry(std::string why, std::uint64_t after_ns = 0) {
    return {.again = true, .again_after_ns = after_ns, .problem = std::move(why)};
  }
};

// Of an output with a spool: what is on disk, and what became of what was there.
struct SpoolState {
  std::uint64_t waiting = 0, bytes = 0;  // now
  std::uint64_t delivered = 0, refused = 0,
                retries = 0;  // since the start; refused: by the receiver, for good
  std::uint64_t evicted = 0;  // too old, or made room for more severe ones; since the spool was made
  bool failing = false;       // the last try failed
};

class Output {
 public:
  virtual ~Output() = default;

  // Called first, once: for what takes its time. What fails here is tried again by write().
  virtual Delivery begin() { return {}; }

  virtual Delivery write(const Message& message) = 0;

  // Sends what is buffered. Called when the queue has been empty for kFlushNs at most, and at the end.
  // `again`: it stays buffered.
  virtual Delivery flush() { return {}; }

  // Whether what is buffered shall be sent as soon as the queue is empty: what comes meanwhile is the next
  // lot.
  virtual bool flushes_when_idle() const { return false; }

  // Closes and opens again what a log rotation may have moved (SIGUSR1).
  virtual void reopen() {}

  // From any thread. Nothing: there is no spool.
  virtual std::optional<SpoolState> spool() const { return std::nullopt; }

  // From any thread: a write() under way should return soon. The worker's time is over.
  virtual void cancel() {}
};

}  // namespace saker::alert
