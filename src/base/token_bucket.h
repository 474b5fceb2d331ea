// TokenBucket: at most `burst` at once, and `rate` a second in the long run. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>

namespace saker {

class TokenBucket {
 public:
  TokenBucket() = default;
  // Full at first. `rate` in tokens a second.
  TokenBucket(double rate, double burst) : rate_(rate), burst_(burst), tokens_(burst) {}

  // Takes one, if there is one. Times do not have to grow.
  bool take(std::uint64_t now_ns) {
    if (now_ns > at_ns_) {
      if (at_ns_ != 0)
        tokens_ = std::min(burst_, tokens_ + rate_ * static_cast<double>(now_ns - at_ns_) * 1e-9);
      at_ns_ = now_ns;
    }
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double rate_ = 0, burst_ = 0, tokens_ = 0;
  std::uint64_t at_ns_ = 0;
};

}  // namespace saker
