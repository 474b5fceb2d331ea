#include "delivery/answer_class.h"

#include <fmt/format.h>

#include <algorithm>

namespace saker::delivery {

AnswerClass classify(const CallResult& result) {
  if (!result) {
    switch (result.error().kind) {
      case http::CallFailure::Kind::kCancelled:
        return AnswerClass::kCancelled;
      case http::CallFailure::Kind::kInvalid:
      case http::CallFailure::Kind::kTls:
        return AnswerClass::kMisconfigured;
      default:
        return AnswerClass::kBusy;
    }
  }
  const long status = result->status;
  if (status >= 200 && status < 300) return AnswerClass::kTaken;
  if (status < 200 || status >= 500 || status == 408 || status == 425 || status == 429)
    return AnswerClass::kBusy;
  if (status < 400 || status == 401 || status == 403 || status == 404 || status == 405 || status == 407)
    return AnswerClass::kMisconfigured;
  return status == 413 ? AnswerClass::kTooLarge : AnswerClass::kRejected;
}

std::string describe(const CallResult& result) {
  if (!result) return result.error().message;
  std::string text = fmt::format("{}: {}", result->status, result->body.substr(0, kProblemBytesMax));
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

Attempt failed_attempt(AnswerClass answer_class, const CallResult& result) {
  Attempt attempt{.end = Attempt::End::kRetry, .problem = describe(result)};
  if (answer_class == AnswerClass::kMisconfigured) attempt.end = Attempt::End::kMisconfigured;
  if (answer_class == AnswerClass::kCancelled) attempt.end = Attempt::End::kCancelled;
  if (result) attempt.retry_after = result->retry_after;
  // Gateways and a receiver that is starting say 502, 503 and 504 to everything.
  attempt.may_be_content = result ? result->status >= 500 && (result->status < 502 || result->status > 504)
                                  : result.error().kind == http::CallFailure::Kind::kBroken;
  return attempt;
}

std::string reason_of(const CallResult& result) {
  return result ? fmt::format("http_{}", result->status) : "no_answer";
}

}  // namespace saker::delivery
