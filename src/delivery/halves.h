// How a batch goes to a receiver that takes or refuses a request as a whole: what is refused is sent again in
// halves, until one alert alone is refused, which is dropped with the status as its reason.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/answer_class.h"
#include "delivery/sink.h"
#include "spool/event.h"

namespace saker::delivery {

struct HalvesSteps {
  // The part of a body that one alert makes.
  std::function<std::string(const spool::Event&, const spool::StoredAlert&)> encode;
  std::function<CallResult(std::span<const std::string_view> parts)> send;
  // A 2xx came: marks each of them. Not kDone: some are pending.
  std::function<Attempt(std::span<BatchItem* const> sent, const std::string& answer)> judge;
};

Attempt deliver_in_halves(Batch& batch, const HalvesSteps& steps);

// For `judge`, where a 2xx says it all.
Attempt all_delivered(std::span<BatchItem* const> sent, const std::string& answer);

}  // namespace saker::delivery
