// RingReader: the consumer of the probe's ring buffers, merging them in time order.
//
// Each ring is a kernel BPF ring buffer mapped into memory (layout: the kernel's
// Documentation/bpf/ringbuf.rst): a page with the consumer position, a page with the producer position,
// then the data mapped twice so that no record wraps. A record has an 8-byte kernel header whose first word
// holds its length and the BUSY and DISCARD bits.
//
// Order. A cause must be read before its effect, even when both are in different rings: a fork before what
// the child does, an exec before what the program does. The kernel has submitted a cause before the effect's
// time is taken. So a pass first reads the clock, then every ring's producer position, and hands out only
// records stamped before that clock value, smallest time first: an effect that it hands out has its cause
// in what it can see. A record still being written (BUSY) has no effects yet, so its ring simply waits.
// Covered by ring_reader_test.cc.
//
// Not thread-safe. The pipeline thread owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace saker::capture {

// One mapped ring. Tests lay one over plain memory.
struct RingView {
  volatile std::uint64_t* consumer = nullptr;
  const volatile std::uint64_t* producer = nullptr;
  const std::byte* data = nullptr;
  std::uint64_t mask = 0;  // data bytes - 1
};

class RingReader {
 public:
  struct Stats {
    std::uint64_t records = 0;
    std::uint64_t broken = 0;  // a ring whose content made no sense; it was emptied
  };
  using Handler = std::function<void(std::span<const std::byte> record)>;

  explicit RingReader(std::vector<RingView> rings) : rings_(std::move(rings)), heads_(rings_.size()) {}

  // Hands out every record stamped at or before `now_ns` (read from the same clock as the probe's, before
  // this call), in time order, and gives their room back. Returns how many there were.
  std::size_t drain(std::uint64_t now_ns, const Handler& handler);

  // True when some ring holds a record, whole or in the making.
  bool any_pending() const;

  const Stats& stats() const { return stats_; }

 private:
  struct Head {
    std::uint64_t position = 0;  // of the next record
    std::uint64_t end = 0;       // producer position as the pass saw it
    std::uint64_t time_ns = 0;
    std::span<const std::byte> record;
    bool ready = false;
  };
  void load_head(std::size_t ring, std::uint64_t now_ns);

  std::vector<RingView> rings_;
  std::vector<Head> heads_;
  Stats stats_;
};

}  // namespace saker::capture
