// Mailbox: what other threads ask of the pipeline's thread, which looks into it between two turns.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "app/revision.h"
#include "base/result.h"

namespace saker::app {

class Mailbox {
 public:
  // `wake` ends the pipeline's sleep; called from any thread.
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  // Ends the agent with that exit status.
  void stop(int status) {
    status_.store(status);
    stopped_.store(true);
    wake_();
  }
  int status() const { return status_.load(); }
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

  // Asks for the revision to be adopted and waits for the answer. Fails when the pipeline does not come to
  // it.
  Result<> adopt(std::shared_ptr<const Revision> next, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    next_ = std::move(next);
    answer_.reset();
    wake_();
    if (answered_.wait_for(lock, patience, [this] { return answer_.has_value(); })) return *answer_;
    if (next_ == nullptr) {  // taken already: it will not take long
      answered_.wait(lock, [this] { return answer_.has_value(); });
      return *answer_;
    }
    next_ = nullptr;
    return fail(ErrorCode::kExhausted, "the pipeline does not come to it");
  }

  // The pipeline's side. `adopt` is called with a revision that waits, if one does.
  template <class Adopt>
  void take(const Adopt& adopt) {
    std::shared_ptr<const Revision> next;
    {
      const std::lock_guard lock(mutex_);
      next = std::exchange(next_, nullptr);
    }
    if (!next) return;
    Result<> done = adopt(std::move(next));
    const std::lock_guard lock(mutex_);
    answer_ = std::move(done);
    answered_.notify_all();
  }

 private:
  std::function<void()> wake_;
  std::atomic<bool> stopped_ = false;
  std::atomic<int> status_ = 0;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::shared_ptr<const Revision> next_;
  std::optional<Result<>> answer_;
};

}  // namespace saker::app
