// SinkWorker: brings what is in the spool to one sink, on a thread of its own.
//
// Reads on from the sink's cursor, gathers a batch (until it is full or its first alert has waited long
// enough), delivers it, moves the cursor. A failure is tried again for as long as the alerts are in the
// spool: with growing waits, and without holding up any other sink. Says in the log when the sink goes down
// and comes up, and why alerts were dropped: a line for each reason and some seconds, never one for each
// alert.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "delivery/backoff.h"
#include "delivery/sink.h"
#include "delivery/sink_stats.h"
#include "spool/spool.h"

namespace saker::delivery {

struct SinkConfig {
  std::string name;
  spool::Priority least = spool::Priority::kDebug;  // what is less severe is not delivered here
  BackoffLimits backoff{};
  std::chrono::seconds age_max = std::chrono::hours(7 * 24);  // since it came, as the spool's
};

class SinkWorker {
 public:
  // `spool` must outlive the worker.
  SinkWorker(SinkConfig config, std::unique_ptr<Sink> sink, spool::Spool& spool);
  ~SinkWorker();  // as stop(now)

  // From now on batches do not wait to be filled, and when nothing is left to deliver, or the time is over,
  // the thread ends. What is left stays in the spool. Returns at once; join() waits.
  void stop(std::chrono::steady_clock::time_point until);
  void join();

  const std::string& name() const { return config_.name; }
  const SinkStats& stats() const { return stats_; }
  std::vector<std::string> drop_reasons() const;

 private:
  class Loop;
  SinkConfig config_;
  std::unique_ptr<Sink> sink_;
  spool::Spool& spool_;
  SinkStats stats_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::chrono::steady_clock::rep> stop_at_{};  // when stopping
  std::mutex mutex_;
  bool finished_ = false;
  std::condition_variable finished_changed_;
  std::thread thread_;
};

}  // namespace saker::delivery
