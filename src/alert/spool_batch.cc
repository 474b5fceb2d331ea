#include "alert/spool_batch.h"

#include <fmt/format.h>

namespace saker::alert {

SpoolBatch::SpoolBatch(std::string folder, Full full)
    : folder_(std::move(folder)), full_(full), answer_(std::make_shared<Answer>()) {}

Delivery SpoolBatch::write(spool::Spool& spool, spool::NewAlert alert) {
  const std::size_t bytes = alert.line.size();
  pending_.push_back(std::move(alert));
  pending_bytes_ += bytes;
  if (pending_.size() < kAlertsMax && pending_bytes_ < kBytesMax) return {};
  Delivery done = flush(spool);
  if (done.again) {  // this one will be given once more
    pending_.pop_back();
    pending_bytes_ -= bytes;
  }
  return done;
}

Delivery SpoolBatch::flush(spool::Spool& spool) {
  if (pending_.empty()) return {};
  {
    const std::lock_guard lock(answer_->mutex);
    answer_->stored.reset();
  }
  spool.append(pending_, [answer = answer_](spool::Stored stored) {
    const std::lock_guard lock(answer->mutex);
    answer->stored = stored;
    answer->changed.notify_all();
  });
  std::unique_lock lock(answer_->mutex);
  answer_->changed.wait(lock, [this] { return answer_->stored || answer_->cancelled; });
  if (!answer_->stored) return Delivery::retry(fmt::format("the disk of {} does not answer", folder_));
  if (*answer_->stored == spool::Stored::kFailed)
    return Delivery::retry(fmt::format("the store in {} cannot be written", folder_));
  if (*answer_->stored == spool::Stored::kFull && full_ == Full::kWait)
    return Delivery::retry(fmt::format("the store in {} is full", folder_));
  const std::size_t count = pending_.size();
  pending_.clear();
  pending_bytes_ = 0;
  if (*answer_->stored == spool::Stored::kYes) return Delivery::done(count);
  return Delivery::failed(fmt::format("alerts are larger than the whole store in {} may be", folder_), count);
}

void SpoolBatch::cancel() {
  const std::lock_guard lock(answer_->mutex);
  answer_->cancelled = true;
  answer_->changed.notify_all();
}

}  // namespace saker::alert
