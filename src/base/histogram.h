// Histogram: how long things took, for metrics. Fixed bounds; adding is two relaxed atomic additions.
// Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace saker {

class Histogram {
 public:
  // Upper bounds in nanoseconds; what is longer falls into the last bucket, without bound.
  static constexpr std::array<std::uint64_t, 14> kBoundsNs = {
      500'000,     1'000'000,   2'500'000,     5'000'000,     10'000'000,    25'000'000,     50'000'000,
      100'000'000, 250'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000, 60'000'000'000};

  struct Snapshot {
    std::array<std::uint64_t, kBoundsNs.size() + 1> counts{};  // not cumulative
    std::uint64_t sum_ns = 0;

    std::uint64_t count() const {
      std::uint64_t sum = 0;
      for (const std::uint64_t one : counts) sum += one;
      return sum;
    }
  };

  void add(std::uint64_t ns) {
    std::size_t bucket = 0;
    while (bucket < kBoundsNs.size() && ns > kBoundsNs[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_ns_.fetch_add(ns, std::memory_order_relaxed);
  }

  Snapshot snapshot() const {
    Snapshot made;
    for (std::size_t i = 0; i < counts_.size(); ++i)
      made.counts[i] = counts_[i].load(std::memory_order_relaxed);
    made.sum_ns = sum_ns_.load(std::memory_order_relaxed);
    return made;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kBoundsNs.size() + 1> counts_{};
  std::atomic<std::uint64_t> sum_ns_{0};
};

}  // namespace saker
