#include "delivery/halves.h"

#include <algorithm>

namespace saker::delivery {

Attempt deliver_in_halves(Batch& batch, const HalvesSteps& steps) {
  std::vector<BatchItem*> items;
  std::vector<std::string> encoded;
  for (BatchItem& item : batch) {
    if (item.fate != Fate::kPending) continue;
    if (const auto event = spool::parse_line(item.alert.line)) {
      encoded.push_back(steps.encode(*event, item.alert));
      items.push_back(&item);
    } else {
      item.drop("unreadable", event.error().message);
    }
  }
  const std::vector<std::string_view> parts(encoded.begin(), encoded.end());
  std::size_t begin = 0, size = items.size();
  while (begin < items.size()) {
    size = std::min(size, items.size() - begin);
    const CallResult result = steps.send(std::span(parts).subspan(begin, size));
    switch (const AnswerClass answer_class = classify(result)) {
      case AnswerClass::kTaken: {
        Attempt attempt = steps.judge(std::span(items).subspan(begin, size), result->body);
        if (attempt.end != Attempt::End::kDone) return attempt;
        break;
      }
      case AnswerClass::kRejected:
      case AnswerClass::kTooLarge:
        if (size > 1) {
          size /= 2;
          continue;
        }
        items[begin]->drop(reason_of(result), describe(result));
        break;
      default:
        return failed_attempt(answer_class, result);
    }
    begin += size;
    size *= 2;  // the rest may be good again
  }
  return {};
}

Attempt all_delivered(std::span<BatchItem* const> sent, const std::string&) {
  for (BatchItem* item : sent) item->deliver();
  return {};
}

}  // namespace saker::delivery
