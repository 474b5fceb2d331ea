#include "delivery/backoff.h"

#include <algorithm>

namespace saker::delivery {

std::chrono::milliseconds Backoff::next(std::optional<std::chrono::seconds> retry_after, bool slow) {
  step_ = step_.count() == 0 ? limits_.first : std::min(step_ * 2, limits_.most);
  const auto base = slow ? limits_.most : step_;
  std::uniform_int_distribution<std::int64_t> half(base.count() / 2, base.count());
  std::chrono::milliseconds wait(half(random_));
  if (retry_after) wait = std::max<std::chrono::milliseconds>(wait, std::min(*retry_after, kRetryAfterMax));
  return wait;
}

}  // namespace saker::delivery
