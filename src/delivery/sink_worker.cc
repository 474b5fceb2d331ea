#include "delivery/sink_worker.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/clock.h"
#include "base/log.h"
#include "delivery/isolate.h"

namespace saker::delivery {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
using spool::Reader;

constexpr auto kDropReportInterval = 10s;
// So many failures in a row, and the sink is asked which alert it fails at. Not sooner: in a receiver's bad
// moments that would cost the order.
constexpr unsigned kFailuresBeforeSearch = 5;
// How long to let be a spool that cannot be read.
constexpr auto kReadRetry = 1s;

}  // namespace

class SinkWorker::Loop {
 public:
  explicit Loop(SinkWorker& worker)
      : worker_(worker),
        sink_(*worker.sink_),
        spool_(worker.spool_),
        stats_(worker.stats_),
        reader_(spool_.reader()),
        backoff_(worker.config_.backoff),
        aside_(worker.config_.backoff),
        cursor_(spool_.cursor(worker.config_.name)) {}

  void run() {
    while (!time_is_over()) {
      retry_aside();
      gather();
      if (batch_.empty()) {
        if (worker_.stopping_) break;
        continue;
      }
      deliver();
    }
    report_drops(true);
  }

 private:
  bool time_is_over() const {
    return worker_.stopping_ && Clock::now().time_since_epoch().count() >= worker_.stop_at_;
  }

  // Fills batch_; leaves it empty when there is nothing.
  void gather() {
    batch_.clear();
    through_ = cursor_;
    left_out_ = 0;
    const BatchLimits limits = sink_.limits();
    std::size_t bytes = 0;
    auto until = std::min(Clock::now() + 1h, aside_.due().value_or(Clock::time_point::max()));
    for (;;) {
      const auto numbers = static_cast<std::int64_t>(limits.alerts_max);
      spool_.hold(worker_.name(), cursor_ + 1, through_ + numbers);
      auto page = reader_->read({.after = through_,
                                 .alerts_max = limits.alerts_max - batch_.size(),
                                 .numbers_max = numbers,
                                 .bytes_max = limits.bytes_max - bytes,
                                 .least = worker_.config_.least});
      if (!page) {
        log(LogLevel::kError, "sink {}: the spool cannot be read: {}", worker_.name(), page.error().message);
        spool_.wait_beyond(INT64_MAX, Clock::now() + kReadRetry, &worker_.stopping_);
        return;
      }
      if (batch_.empty() && !page->alerts.empty())
        until = Clock::now() + time_left(limits, page->alerts.front());
      for (spool::StoredAlert& alert : page->alerts) {
        bytes += alert.line.size();
        batch_.push_back({.alert = std::move(alert)});
      }
      through_ = page->through;
      spool_.hold(worker_.name(), cursor_ + 1, through_);
      left_out_ += page->left_out;
      if (batch_.size() >= limits.alerts_max || bytes >= limits.bytes_max) return;
      if (page->more && !time_is_over()) continue;
      if (worker_.stopping_ || Clock::now() >= until) return pass_left_out();
      if (batch_.empty()) pass_left_out();
      spool_.wait_beyond(through_, until, &worker_.stopping_);
    }
  }

  // What nobody here wants is settled even when no alert follows it.
  void pass_left_out() {
    if (!batch_.empty() || through_ == cursor_) return;
    std::vector<spool::Tally> tallies;
    add_left_out(tallies);
    cursor_ = through_;
    settle(std::move(tallies));
  }

  // What is set aside holds the cursor on disk before it: after a crash all that follows is delivered again.
  void settle(std::vector<spool::Tally> tallies) {
    const std::int64_t through = aside_.empty() ? cursor_ : std::min(cursor_, aside_.first_id() - 1);
    spool_.settle(worker_.name(), through, std::move(tallies));
  }

  void add_left_out(std::vector<spool::Tally>& tallies) {
    if (left_out_ == 0) return;
    tallies.push_back(
        {.sink = worker_.name(), .outcome = "filtered", .reason = "priority", .count = left_out_});
    stats_.filtered += left_out_;
    left_out_ = 0;
  }

  static Clock::duration time_left(const BatchLimits& limits, const spool::StoredAlert& first) {
    const auto age = std::chrono::nanoseconds(static_cast<std::int64_t>(wall_time_ns()) - first.received_ns);
    return std::clamp<Clock::duration>(limits.linger - age, 0ns, limits.linger);
  }

  void deliver() {
    stats_.batch_alerts.observe(static_cast<double>(batch_.size()));
    counted_ = 0;
    const std::uint64_t taken_before = taken_;
    for (unsigned failures = 1;; ++failures) {
      ++stats_.attempts;
      Attempt attempt = sink_.deliver(batch_);
      if (attempt.end == Attempt::End::kDone) break;
      if (failures >= kFailuresBeforeSearch && attempt.may_be_content) attempt = search(std::move(attempt));
      if (attempt.end == Attempt::End::kDone) break;
      drop_aged();
      settle_decided(false);
      if (attempt.end == Attempt::End::kCancelled || time_is_over()) return;
      ++stats_.retries;
      note_down(attempt);
      retry_aside();
      const auto wait = backoff_.next(attempt.retry_after, attempt.end == Attempt::End::kMisconfigured);
      if (!pause(wait)) return;
    }
    settle_decided(true);
    if (taken_ == taken_before) return;  // all of it was set aside: that says nothing good of the sink
    note_up();
    backoff_.reset();
  }

  // Sets aside what the sink fails at, if it takes others. Returns how that ended.
  Attempt search(Attempt attempt) {
    if (aside_.room() == 0) return attempt;
    const Isolation found = isolate(sink_, batch_, aside_.room(), [this] { return time_is_over(); });
    const auto pending = std::ranges::count(batch_, Fate::kPending, &BatchItem::fate);
    // One that is alone goes aside at once: only behind it can others come that are taken.
    if (!found.any_taken && pending > 1) return attempt;
    for (const std::size_t i : found.suspects) {
      log(LogLevel::kWarning,
          "sink {} fails at an alert of rule '{}', which is set aside and tried alone: {}", worker_.name(),
          batch_[i].alert.rule, found.last.problem);
      aside_.add({.alert = batch_[i].alert}, taken_);
      batch_[i].fate = Fate::kSetAside;
    }
    stats_.set_aside = aside_.size();
    return std::ranges::count(batch_, Fate::kPending, &BatchItem::fate) > 0 ? attempt : Attempt{};
  }

  // What is in hand is not evicted from the spool, but must not be older than what is there.
  void drop_aged() {
    const std::int64_t oldest_ns = oldest_received_ns();
    for (BatchItem& item : batch_) {
      if (item.fate == Fate::kPending && item.alert.received_ns < oldest_ns) item.drop(kAge, kAgeDetail);
    }
  }

  std::int64_t oldest_received_ns() const {
    return static_cast<std::int64_t>(wall_time_ns()) -
           std::chrono::nanoseconds(worker_.config_.age_max).count();
  }

  void retry_aside() {
    if (aside_.empty()) return;
    Counts counts;
    const auto decided = [&](const BatchItem& item) { count(item, counts); };
    aside_.retry(sink_, taken_, decided);
    aside_.drop_older(oldest_received_ns(), decided);
    stats_.set_aside = aside_.size();
    if (!counts.empty()) settle(tallies_of(counts));
  }

  // False when the time is over.
  bool pause(std::chrono::milliseconds wait) {
    const auto until = Clock::now() + wait;
    while (Clock::now() < until) {
      if (time_is_over()) return false;
      if (!worker_.stopping_) {
        spool_.wait_beyond(INT64_MAX, until, &worker_.stopping_);
      } else {
        spool_.wait_beyond(INT64_MAX, std::min(until, Clock::time_point(Clock::duration(worker_.stop_at_))));
      }
    }
    return !time_is_over();
  }

  // Moves the cursor over everything up to the first alert that is pending, and counts it once.
  void settle_decided(bool all) {
    Counts counts;
    const std::size_t before = counted_;
    while (counted_ < batch_.size() && batch_[counted_].fate != Fate::kPending) {
      const BatchItem& item = batch_[counted_++];
      cursor_ = item.alert.id;
      if (item.fate == Fate::kSetAside) continue;
      count(item, counts);
      ++taken_;
    }
    if (all) cursor_ = through_;
    if (!all && counted_ == before) return;
    std::vector<spool::Tally> tallies = tallies_of(counts);
    if (all) add_left_out(tallies);
    settle(std::move(tallies));
    report_drops(false);
  }

  using Counts = std::map<std::tuple<std::string, std::string, spool::Priority>, std::uint64_t>;

  void count(const BatchItem& item, Counts& counts) {
    if (item.fate == Fate::kDelivered) {
      ++stats_.delivered;
      const auto now_ns = static_cast<std::int64_t>(wall_time_ns());
      stats_.latency_seconds.observe(static_cast<double>(now_ns - item.alert.received_ns) / 1e9);
      ++counts[{"delivered", "", item.alert.priority}];
    } else {
      ++stats_.dropped;
      ++counts[{"dropped", item.reason, item.alert.priority}];
      note_drop(item);
    }
  }

  std::vector<spool::Tally> tallies_of(const Counts& counts) const {
    std::vector<spool::Tally> tallies;
    for (const auto& [key, number] : counts) {
      const auto& [outcome, reason, priority] = key;
      tallies.push_back({.sink = worker_.name(),
                         .outcome = outcome,
                         .reason = reason,
                         .priority = priority,
                         .count = number});
    }
    return tallies;
  }

  void note_down(const Attempt& attempt) {
    if (!stats_.up.exchange(false)) return;
    down_since_ = Clock::now();
    if (attempt.end == Attempt::End::kMisconfigured) {
      log(LogLevel::kError, "sink {} refuses us, and alerts wait until that is mended: {}", worker_.name(),
          attempt.problem);
    } else {
      log(LogLevel::kWarning, "sink {} is down, alerts wait in the spool: {}", worker_.name(),
          attempt.problem);
    }
  }

  void note_up() {
    if (stats_.up.exchange(true)) return;
    log(LogLevel::kInfo, "sink {} is up again after {} s", worker_.name(),
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - down_since_).count());
  }

  void note_drop(const BatchItem& item) {
    Dropped& dropped = dropped_[item.reason];
    if (dropped.count++ == 0) dropped.example = fmt::format("rule '{}': {}", item.alert.rule, item.detail);
  }

  void report_drops(bool last) {
    const auto now = Clock::now();
    for (auto& [reason, dropped] : dropped_) {
      if (dropped.count == 0 || (!last && now < dropped.next_report)) continue;
      log(LogLevel::kError, "sink {}: {} alert{} dropped, reason {}; the first: {}", worker_.name(),
          dropped.count, dropped.count == 1 ? "" : "s", reason, dropped.example);
      dropped = {.count = 0, .example = {}, .next_report = now + kDropReportInterval};
    }
  }

  struct Dropped {
    std::uint64_t count = 0;
    std::string example;
    Clock::time_point next_report{};
  };

  SinkWorker& worker_;
  Sink& sink_;
  spool::Spool& spool_;
  SinkStats& stats_;
  std::unique_ptr<Reader> reader_;
  Backoff backoff_;
  SetAside aside_;
  std::uint64_t taken_ = 0;  // by the sink, but for what was set aside
  Batch batch_;
  std::size_t counted_ = 0;     // of the batch: settled
  std::int64_t cursor_ = 0;     // settled through, but for what is set aside
  std::int64_t through_ = 0;    // gathered through
  std::uint64_t left_out_ = 0;  // gathered, of a lower priority
  Clock::time_point down_since_{};
  std::map<std::string, Dropped> dropped_;
};

SinkWorker::SinkWorker(SinkConfig config, std::unique_ptr<Sink> sink, spool::Spool& spool)
    : config_(std::move(config)), sink_(std::move(sink)), spool_(spool) {
  // Signals are the main thread's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    Loop(*this).run();
    const std::lock_guard lock(mutex_);
    finished_ = true;
    finished_changed_.notify_all();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

SinkWorker::~SinkWorker() {
  if (!thread_.joinable()) return;
  stop(Clock::now());
  join();
}

std::vector<std::string> SinkWorker::drop_reasons() const {
  std::vector<std::string> reasons = sink_->drop_reasons();
  reasons.emplace_back(kPoison);
  reasons.emplace_back(kAge);
  return reasons;
}

void SinkWorker::stop(Clock::time_point until) {
  stop_at_ = until.time_since_epoch().count();
  stopping_ = true;
  spool_.wake();
}

void SinkWorker::join() {
  {
    std::unique_lock lock(mutex_);
    const auto until = Clock::time_point(Clock::duration(stop_at_));
    // The loop looks at the time between calls; a call that is under way then is ended.
    if (!finished_changed_.wait_until(lock, until, [this] { return finished_; })) sink_->cancel();
  }
  thread_.join();
}

}  // namespace saker::delivery
