// JobQueue: work for one thread, each job due at its time, bounded.
//
// push() never blocks and refuses when full; run() is the thread's loop and returns once stop() was called.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <utility>

namespace saker::capture {

template <class Job>
class JobQueue {
 public:
  using Clock = std::chrono::steady_clock;

  explicit JobQueue(std::size_t jobs_max) : jobs_max_(jobs_max) {}

  bool push(Job job, Clock::duration delay = {}) {
    {
      const std::scoped_lock lock(mutex_);
      if (stopped_ || jobs_.size() >= jobs_max_) return false;
      jobs_.emplace(Clock::now() + delay, std::move(job));
    }
    more_.notify_one();
    return true;
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopped_ = true;
    }
    more_.notify_all();
  }

  template <class Work>
  void run(Work work) {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
      if (jobs_.empty()) {
        more_.wait(lock);
        continue;
      }
      const auto due = jobs_.begin()->first;
      if (due > Clock::now()) {
        more_.wait_until(lock, due);
        continue;
      }
      Job job = std::move(jobs_.extract(jobs_.begin()).mapped());
      lock.unlock();
      work(std::move(job));
      lock.lock();
    }
  }

 private:
  std::size_t jobs_max_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::multimap<Clock::time_point, Job> jobs_;  // by due time, of one time in the order of arrival
  bool stopped_ = false;
};

}  // namespace saker::capture
