// What an HTTP answer, or the lack of one, means for the alerts that were sent.
#pragma once

#include <expected>
#include <string>

#include "delivery/sink.h"
#include "http/client.h"

namespace saker::delivery {

enum class AnswerClass {
  kTaken,          // 2xx
  kRejected,       // this content never will be taken: 400, 422 and the like
  kTooLarge,       // 413: less at a time may be
  kBusy,           // 408, 425, 429, 5xx, no answer: later
  kMisconfigured,  // 3xx, 401, 403, 404, 405, 407: not before somebody acts
  kCancelled,
};

using CallResult = std::expected<http::Answer, http::CallFailure>;

AnswerClass classify(const CallResult& result);

// "503: upstream is away", without line breaks, cut to kProblemBytesMax.
inline constexpr std::size_t kProblemBytesMax = 1024;
std::string describe(const CallResult& result);

// The attempt that ends with such an answer (kBusy, kMisconfigured or kCancelled).
Attempt failed_attempt(AnswerClass answer_class, const CallResult& result);

// "http_422", for the reason of a drop.
std::string reason_of(const CallResult& result);

}  // namespace saker::delivery
