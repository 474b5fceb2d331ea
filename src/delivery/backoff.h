// Backoff: how long to wait after the n-th failure in a row. Doubles, with jitter, up to a limit.
#pragma once

#include <chrono>
#include <optional>
#include <random>

namespace saker::delivery {

struct BackoffLimits {
  std::chrono::milliseconds first{500};
  std::chrono::milliseconds most{30'000};
};

// What a receiver may ask for; a longer Retry-After is cut to this.
inline constexpr std::chrono::seconds kRetryAfterMax{300};

class Backoff {
 public:
  explicit Backoff(BackoffLimits limits = {}, unsigned seed = std::random_device{}())
      : limits_(limits), random_(seed) {}

  // Between half of the step and all of it; never sooner than the receiver asked.
  std::chrono::milliseconds next(std::optional<std::chrono::seconds> retry_after, bool slow);
  void reset() { step_ = std::chrono::milliseconds(0); }

 private:
  BackoffLimits limits_;
  std::chrono::milliseconds step_{0};
  std::minstd_rand random_;
};

}  // namespace saker::delivery
