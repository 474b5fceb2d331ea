// OutputWorker: one output, its thread and its bounded queue.
//
// publish() only appends to the queue: whatever the receiver does, neither the pipeline nor another output
// waits for it. When the queue is full the new message is dropped and counted. A message that the output
// wants to be given again stays at the head and is tried with growing pauses, so order is kept.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "alert/output.h"
#include "base/histogram.h"
#include "base/result.h"

namespace saker::alert {

struct QueueLimits {
  std::size_t messages_max = 0;  // 0 = only the bytes count (Falco's outputs_queue.capacity)
  std::size_t bytes_max = 8 * 1024 * 1024;

  bool operator==(const QueueLimits&) const = default;
};

// Pauses between tries of one message: doubled from first to max, a random part taken off.
struct RetryPolicy {
  std::uint32_t tries_max = 0;  // 0 = until it is done
  std::uint64_t first_ns = 200'000'000;
  std::uint64_t max_ns = 30'000'000'000;

  bool operator==(const RetryPolicy&) const = default;
};

// How to make an output. Two channels of equal name and settings are the same one: a reload keeps its worker.
struct Channel {
  std::string name;  // "stdout", "file", "http" ...
  std::string settings;
  QueueLimits limits = {};
  RetryPolicy retry = {};
  std::function<Result<std::unique_ptr<Output>>()> make = {};

  bool same_as(const Channel& other) const {
    return name == other.name && settings == other.settings && limits == other.limits && retry == other.retry;
  }
};

struct OutputStats {
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;     // given up, or refused by the receiver
  std::uint64_t dropped = 0;  // found the queue full
  std::uint64_t retries = 0;
  std::uint64_t queued = 0;         // now, the one being sent included
  std::uint64_t queued_bytes = 0;   // now
  std::uint64_t blocked_ns = 0;     // how long the call under way has taken; 0 = none
  bool failing = false;             // the last try failed
  std::string problem;              // of the last failure; kept when it works again
  Histogram::Snapshot delay;        // from the event to its delivery
  std::optional<SpoolState> spool;  // then an alert is delivered when it is there
};

class OutputWorker {
 public:
  static constexpr std::uint64_t kFlushNs = 1'000'000'000;

  OutputWorker(Channel channel, std::unique_ptr<Output> output);
  // Without ask_to_stop() before, what is queued is lost.
  ~OutputWorker();
  OutputWorker(const OutputWorker&) = delete;

  const Channel& channel() const { return channel_; }

  void publish(const MessagePtr& message);
  void reopen();

  // Takes no more, sends what is queued until `at_ns` (boot time), then gives up what is left, counted as
  // lost.
  void ask_to_stop(std::uint64_t at_ns);
  // After that. False: the output hangs in a call that cannot be cancelled; its thread was left behind.
  bool wait_stopped();

  OutputStats stats() const;

 private:
  struct State;  // shared with the thread, which may outlive us
  Channel channel_;
  std::shared_ptr<State> state_;
};

}  // namespace saker::alert
