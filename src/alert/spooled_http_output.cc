#include "alert/spooled_http_output.h"

#include <fmt/format.h>

#include <random>

#include "base/clock.h"
#include "base/log.h"
#include "delivery/sink_worker.h"

namespace saker::alert {
namespace {

constexpr const char* kSink = "http";
// At the end, for what is on its way. The rest is the next agent's.
constexpr std::chrono::milliseconds kEndGrace{1'000};
constexpr std::size_t kShownOfLine = 200;

// Each line of the spool as a request of its own.
class LineSink final : public delivery::Sink {
 public:
  explicit LineSink(HttpOutput::Settings settings) : output_(std::move(settings)) {}

  delivery::BatchLimits limits() const override {
    return {.alerts_max = 64, .bytes_max = 1 << 20, .linger = {}};
  }
  std::vector<std::string> drop_reasons() const override { return {"refused"}; }
  void cancel() override { output_.cancel(); }

  delivery::Attempt deliver(delivery::Batch& batch) override {
    using enum delivery::Attempt::End;
    for (delivery::BatchItem& item : batch) {
      if (item.fate != delivery::Fate::kPending) continue;
      const std::string& line = item.alert.line;
      Delivery done = output_.write({.line = line, .json = line.starts_with('{')});
      if (done.again)
        return {.end = kRetry,
                .problem = std::move(done.problem),
                .retry_after = std::chrono::duration_cast<std::chrono::seconds>(
                    std::chrono::nanoseconds(done.again_after_ns)),
                .may_be_content = done.may_be_content};
      if (done.lost > 0)
        item.drop("refused", fmt::format("{}; it begins {}", done.problem, line.substr(0, kShownOfLine)));
      else
        item.deliver();
    }
    return {};
  }

 private:
  HttpOutput output_;
};

// Both have syslog's numbers.
static_assert(static_cast<int>(spool::Priority::kDebug) == static_cast<int>(rules::Priority::kDebug));
spool::Priority priority_of(rules::Priority priority) { return static_cast<spool::Priority>(priority); }

}  // namespace

SpooledHttpOutput::SpooledHttpOutput(Settings settings)
    : settings_(std::move(settings)), batch_(settings_.folder, SpoolBatch::Full::kWait) {
  std::random_device random;
  life_ = fmt::format("{:08x}{:08x}", random(), random());
}

SpooledHttpOutput::~SpooledHttpOutput() {
  if (!sender_) return;
  sender_->stop(std::chrono::steady_clock::now() + kEndGrace);
  sender_->join();
  if (const std::uint64_t waiting = spool()->waiting; waiting > 0)
    log(LogLevel::kInfo, "output http: {} alerts wait in {} for the next start", waiting, settings_.folder);
}

Delivery SpooledHttpOutput::begin() {
  if (spool_) return {};
  auto opened = spool::Spool::open({.folder = settings_.folder,
                                    .bytes_max = settings_.bytes_max,
                                    .age_max = settings_.age_max,
                                    .queue_bytes_max = 4 * SpoolBatch::kBytesMax},
                                   {kSink});
  if (!opened) return Delivery::retry(opened.error().message);
  const std::lock_guard lock(mutex_);
  spool_ = *std::move(opened);
  sender_ = std::make_unique<delivery::SinkWorker>(delivery::SinkConfig{.name = kSink},
                                                   std::make_unique<LineSink>(settings_.http), *spool_);
  return {};
}

Delivery SpooledHttpOutput::write(const Message& message) {
  if (Delivery opened = begin(); opened.again) return opened;
  return batch_.write(*spool_, {.time_ns = static_cast<std::int64_t>(wall_time_ns()),
                                .priority = priority_of(message.priority),
                                .rule = {},
                                .uuid = fmt::format("{}-{}", life_, ++count_),  // equal lines are two alerts
                                .line = message.line});
}

Delivery SpooledHttpOutput::flush() { return spool_ ? batch_.flush(*spool_) : Delivery(); }

std::optional<SpoolState> SpooledHttpOutput::spool() const {
  const std::lock_guard lock(mutex_);
  if (!spool_) return SpoolState();
  const spool::SpoolStats stored = spool_->stats();
  const delivery::SinkStats& sent = sender_->stats();
  SpoolState state{.waiting = stored.waiting,
                   .bytes = stored.bytes,
                   .delivered = sent.delivered,
                   .refused = sent.dropped,
                   .retries = sent.retries,
                   .failing = !sent.up};
  for (const spool::Tally& tally : stored.tallies) {
    if (tally.outcome == "evicted") state.evicted += tally.count;
  }
  return state;
}

}  // namespace saker::alert
