// SinkStats: what one sink has done since the program started. Thread-safe: one thread counts, any may read.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace saker::delivery {

template <std::size_t kBuckets>
class Histogram {
 public:
  explicit constexpr Histogram(const std::array<double, kBuckets>& bounds) : bounds_(bounds) {}

  void observe(double value, std::uint64_t times = 1) {
    std::size_t i = 0;
    while (i < kBuckets && value > bounds_[i]) ++i;
    counts_[i] += times;
    // One writer: no exchange is needed.
    sum_.store(sum_.load(std::memory_order_relaxed) + value * static_cast<double>(times),
               std::memory_order_relaxed);
  }

  const std::array<double, kBuckets>& bounds() const { return bounds_; }
  std::uint64_t count(std::size_t bucket) const {
    return counts_[bucket];
  }  // not cumulative; the last is "above all"
  double sum() const { return sum_; }

 private:
  std::array<double, kBuckets> bounds_;
  std::array<std::atomic<std::uint64_t>, kBuckets + 1> counts_{};
  std::atomic<double> sum_ = 0;
};

inline constexpr std::array<double, 12> kLatencyBounds = {0.01, 0.05, 0.1, 0.25, 0.5, 1,
                                                          1.5,  2.5,  5,   15,   60,  600};
inline constexpr std::array<double, 9> kBatchBounds = {1, 2, 5, 10, 50, 100, 500, 1000, 5000};

struct SinkStats {
  std::atomic<std::uint64_t> delivered = 0, dropped = 0, filtered = 0;
  std::atomic<std::uint64_t> attempts = 0, retries = 0;
  std::atomic<std::uint64_t> set_aside = 0;  // now
  std::atomic<bool> up = true;
  Histogram<kLatencyBounds.size()> latency_seconds{kLatencyBounds};  // from the spool to the receiver
  Histogram<kBatchBounds.size()> batch_alerts{kBatchBounds};
};

}  // namespace saker::delivery
