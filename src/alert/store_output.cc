#include "alert/store_output.h"

#include <fmt/format.h>

#include <optional>

#include "spool/event.h"
#include "spool/spool.h"

namespace saker::alert {
namespace {

// So many go into one transaction.
constexpr std::size_t kPendingMax = 512;
constexpr std::size_t kPendingBytesMax = 256 << 10;
// Between two looks at what is too old to be kept: nobody waits for that.
constexpr std::chrono::seconds kHousekeeping{30};

}  // namespace

struct StoreOutput::Answer {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<spool::Stored> stored;
  bool cancelled = false;
};

StoreOutput::StoreOutput(Settings settings)
    : settings_(std::move(settings)), answer_(std::make_shared<Answer>()) {}
StoreOutput::~StoreOutput() = default;

Delivery StoreOutput::begin() {
  if (spool_) return {};
  auto opened = spool::Spool::open({.folder = settings_.folder,
                                    .bytes_max = settings_.bytes_max,
                                    .keep = settings_.keep,
                                    .queue_bytes_max = kPendingBytesMax,
                                    .housekeeping = kHousekeeping},
                                   {});
  if (!opened) return Delivery::retry(opened.error().message);
  spool_ = *std::move(opened);
  return {};
}

Delivery StoreOutput::write(const Message& message) {
  if (Delivery opened = begin(); opened.again) return opened;
  auto parsed = spool::parse_events(message.whole.empty() ? message.line : message.whole);
  if (parsed && parsed->events.size() != 1)
    parsed = fail(ErrorCode::kInvalid, parsed->refused.empty() ? "" : parsed->refused.front().reason);
  if (!parsed) return Delivery::failed("an alert cannot be kept: " + parsed.error().message);
  spool::Event& event = parsed->events.front();
  spool::seal(event);
  pending_.push_back({.time_ns = event.time_ns,
                      .priority = event.priority,
                      .rule = event.rule,
                      .uuid = event.uuid,
                      .line = spool::to_line(event)});
  const std::size_t bytes = pending_.back().line.size();
  pending_bytes_ += bytes;
  if (pending_.size() < kPendingMax && pending_bytes_ < kPendingBytesMax) return {};
  Delivery done = flush();
  if (done.again) {  // this one will be given once more
    pending_.pop_back();
    pending_bytes_ -= bytes;
  }
  return done;
}

Delivery StoreOutput::flush() {
  if (pending_.empty()) return {};
  {
    const std::lock_guard lock(answer_->mutex);
    answer_->stored.reset();
  }
  spool_->append(pending_, [answer = answer_](spool::Stored stored) {
    const std::lock_guard lock(answer->mutex);
    answer->stored = stored;
    answer->changed.notify_all();
  });
  std::unique_lock lock(answer_->mutex);
  answer_->changed.wait(lock, [this] { return answer_->stored || answer_->cancelled; });
  if (!answer_->stored)
    return Delivery::retry(fmt::format("the disk of {} does not answer", settings_.folder));
  if (*answer_->stored == spool::Stored::kFailed)
    return Delivery::retry(fmt::format("the store in {} cannot be written", settings_.folder));
  const std::size_t count = pending_.size();
  pending_.clear();
  pending_bytes_ = 0;
  if (*answer_->stored == spool::Stored::kYes) return Delivery::done(count);
  return Delivery::failed(
      fmt::format("alerts are larger than the whole store may be ({} bytes)", settings_.bytes_max), count);
}

void StoreOutput::cancel() {
  const std::lock_guard lock(answer_->mutex);
  answer_->cancelled = true;
  answer_->changed.notify_all();
}

}  // namespace saker::alert
