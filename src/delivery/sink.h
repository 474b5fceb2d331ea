// Sink: where alerts are delivered to. One interface for all, one thread each (sink_worker.h).
//
// A sink is given a batch and marks what became of each alert in it: delivered, or dropped because it never
// can be delivered, with the reason. What it leaves pending is given again later, in the same batch, so that
// what was decided once stays decided.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "spool/spool.h"

namespace saker::delivery {

enum class Fate {
  kPending,
  kDelivered,
  kDropped,
  kSetAside,  // by the worker, which tries it alone (isolate.h)
};

struct BatchItem {
  spool::StoredAlert alert;
  Fate fate = Fate::kPending;
  std::string reason{};  // a short word for the metric, when dropped
  std::string detail{};  // what the receiver said, for the log

  void deliver() { fate = Fate::kDelivered; }
  void drop(std::string why, std::string said = {}) {
    fate = Fate::kDropped;
    reason = std::move(why);
    detail = std::move(said);
  }
};

using Batch = std::vector<BatchItem>;

struct BatchLimits {
  std::size_t alerts_max = 1000;
  std::size_t bytes_max = 1 << 20;          // of lines
  std::chrono::milliseconds linger{1'000};  // how long the first alert waits for others
};

// How an attempt ended.
struct Attempt {
  enum class End {
    kDone,           // nothing is pending
    kRetry,          // the receiver is away or busy
    kMisconfigured,  // it refuses us: an address, a password; somebody must act, retried slowly
    kCancelled,
  };
  End end = End::kDone;
  std::string problem{};                              // one sentence
  std::optional<std::chrono::seconds> retry_after{};  // as the receiver asked
  // It is there and fails at what it was given: it may take other alerts.
  bool may_be_content = false;
};

class Sink {
 public:
  virtual ~Sink() = default;

  // Blocks; bounded by the sink's own timeouts. Called by one thread.
  virtual Attempt deliver(Batch& batch) = 0;

  virtual BatchLimits limits() const { return {}; }

  // The reasons that it gives to drop(), as far as they are known before: their counters begin at 0.
  virtual std::vector<std::string> drop_reasons() const { return {"unreadable"}; }

  // From any thread: ends a deliver() that is under way, and every later one.
  virtual void cancel() {}
};

}  // namespace saker::delivery
