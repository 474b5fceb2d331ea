#include "alert/store_output.h"

#include "spool/event.h"
#include "spool/spool.h"

namespace saker::alert {
namespace {

// Between two looks at what is too old to be kept: nobody waits for that.
constexpr std::chrono::seconds kHousekeeping{30};

}  // namespace

StoreOutput::StoreOutput(Settings settings)
    : settings_(std::move(settings)), batch_(settings_.folder, SpoolBatch::Full::kLose) {}
StoreOutput::~StoreOutput() = default;

Delivery StoreOutput::begin() {
  if (spool_) return {};
  auto opened = spool::Spool::open({.folder = settings_.folder,
                                    .bytes_max = settings_.bytes_max,
                                    .keep = settings_.keep,
                                    .queue_bytes_max = SpoolBatch::kBytesMax,
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
  return batch_.write(*spool_, {.time_ns = event.time_ns,
                                .priority = event.priority,
                                .rule = event.rule,
                                .uuid = event.uuid,
                                .line = spool::to_line(event)});
}

Delivery StoreOutput::flush() { return spool_ ? batch_.flush(*spool_) : Delivery(); }

}  // namespace saker::alert
