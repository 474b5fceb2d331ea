// Board: where the pipeline hangs out its newest snapshot. Once a second by itself, and when somebody asks.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "observe/snapshot.h"

namespace saker::observe {

class Board {
 public:
  // `wake` ends the pipeline's sleep.
  explicit Board(std::function<void()> wake) : wake_(std::move(wake)) {}

  // The pipeline's side.
  bool asked() { return asked_.load(std::memory_order_relaxed) && asked_.exchange(false); }
  void publish(std::shared_ptr<const Snapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    newest_ = std::move(snapshot);
    ++number_;
    changed_.notify_all();
  }

  // Null until the first is there.
  std::shared_ptr<const Snapshot> newest() const {
    const std::lock_guard lock(mutex_);
    return newest_;
  }

  // One made after the call, or the newest there is when the pipeline does not come to it in time.
  std::shared_ptr<const Snapshot> fresh(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    const std::uint64_t before = number_;
    asked_.store(true);
    wake_();
    changed_.wait_for(lock, patience, [&] { return number_ > before; });
    return newest_;
  }

 private:
  std::function<void()> wake_;
  std::atomic<bool> asked_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const Snapshot> newest_;
  std::uint64_t number_ = 0;
};

}  // namespace saker::observe
