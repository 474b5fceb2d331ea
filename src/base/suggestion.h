// Which known name an unknown one was probably meant to be.
#pragma once

#include <string_view>

namespace saker {

// Keeps the nearest of the names it is offered.
class Suggestion {
 public:
  explicit Suggestion(std::string_view unknown) : unknown_(unknown), distance_(unknown.size() / 3 + 1) {}

  void offer(std::string_view known);
  // Empty when no name is near enough to be worth a guess.
  std::string_view nearest() const { return nearest_; }

 private:
  std::string_view unknown_, nearest_;
  std::size_t distance_;  // one more than is acceptable, or that of nearest_
};

}  // namespace saker
