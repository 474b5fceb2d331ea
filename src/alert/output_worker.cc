#include "alert/output_worker.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace saker::alert {
namespace {

using std::chrono::nanoseconds;

constexpr std::uint64_t kEndGraceNs = 200'000'000;  // from the deadline to the end of the call under way
constexpr std::uint64_t kCancelGraceNs =
    2'500'000'000;  // for a cancelled call to come back, an output to close
constexpr std::uint64_t kNever = UINT64_MAX;

}  // namespace

struct OutputWorker::State {
  State(const Channel& channel, std::unique_ptr<Output> made)
      : name(channel.name), limits(channel.limits), retry(channel.retry), output(std::move(made)) {}

  const std::string name;
  const QueueLimits limits;
  const RetryPolicy retry;
  std::unique_ptr<Output> output;  // null once the thread has ended

  mutable std::mutex mutex;
  std::condition_variable wake;   // of the worker
  std::condition_variable ended;  // of stop()
  std::deque<MessagePtr> queue;   // not yet taken by the worker
  bool reopen = false;
  std::uint64_t stop_at_ns = kNever;  // set by stop(): when the time is over
  bool finished = false;
  std::string problem;

  std::atomic<std::uint64_t> delivered{0}, lost{0}, dropped{0}, retries{0};
  std::atomic<std::uint64_t> queued{0}, queued_bytes{0};
  std::atomic<std::uint64_t> busy_since_ns{0};
  std::atomic<bool> failing{false};
  Histogram delay;

  // Only the worker's.
  std::uint64_t buffered = 0;            // messages that the output has and has not told of
  std::uint64_t unflushed_since_ns = 0;  // 0: none is
  std::uint64_t lost_while_failing = 0;
  std::minstd_rand random{std::random_device{}()};

  void run();
  void send(const MessagePtr& message);
  void flush();
  void give_up(std::string why) {
    ++buffered;  // and so counted with those that the output has
    note(Delivery::failed(std::move(why)));
  }
  bool pause_before_retry(std::uint32_t tries, std::uint64_t asked_ns);
  Delivery timed(const std::function<Delivery()>& call);
  void note(const Delivery& done);
  void forget(const Message& message);
  bool time_is_over() const {
    const std::lock_guard lock(mutex);
    return boot_time_ns() >= stop_at_ns;
  }
};

void OutputWorker::State::run() {
  note(timed([this] { return output->begin(); }));
  std::unique_lock lock(mutex);
  for (;;) {
    const auto something = [this] { return !queue.empty() || reopen || stop_at_ns != kNever; };
    if (unflushed_since_ns == 0) {
      wake.wait(lock, something);
    } else {
      const std::uint64_t now = boot_time_ns(), due = unflushed_since_ns + kFlushNs;
      if (due > now) wake.wait_for(lock, nanoseconds(due - now), something);
    }
    const bool stopping = stop_at_ns != kNever;
    const bool asked_to_reopen = std::exchange(reopen, false);
    std::deque<MessagePtr> batch;
    batch.swap(queue);
    lock.unlock();

    if (asked_to_reopen) {
      flush();
      output->reopen();
    }
    for (MessagePtr& message : batch) {
      send(message);
      message.reset();
    }
    if (unflushed_since_ns != 0 &&
        (stopping || output->flushes_when_idle() || boot_time_ns() >= unflushed_since_ns + kFlushNs))
      flush();
    lock.lock();
    if (stopping && queue.empty()) break;
  }
  if (buffered > 0) {
    lock.unlock();
    note(Delivery::failed("the agent's time was over", buffered));
    lock.lock();
  }
  // It may take its time to close; nobody may cancel it by then.
  auto closing = std::move(output);
  lock.unlock();
  closing.reset();
  lock.lock();
  finished = true;
  ended.notify_all();
}

void OutputWorker::State::send(const MessagePtr& message) {
  for (std::uint32_t tries = 1;; ++tries) {
    if (time_is_over()) {
      give_up("the agent's time was over");
      break;
    }
    const Delivery done = timed([&] { return output->write(*message); });
    if (!done.again) {
      if (done.delivered > 0 && message->event_ns != 0) delay.add(boot_time_ns() - message->event_ns);
      ++buffered;
      note(done);
      break;
    }
    note(done);
    if (retry.tries_max != 0 && tries >= retry.tries_max) {
      give_up(done.problem);
      break;
    }
    retries.fetch_add(1, std::memory_order_relaxed);
    if (!pause_before_retry(tries, done.again_after_ns)) {
      give_up(done.problem);
      break;
    }
  }
  forget(*message);
}

// False: the time is over.
bool OutputWorker::State::pause_before_retry(std::uint32_t tries, std::uint64_t asked_ns) {
  std::uint64_t pause = std::min(retry.max_ns, retry.first_ns << std::min(tries - 1, 20U));
  pause -= std::uniform_int_distribution<std::uint64_t>(0, pause / 4)(random);
  pause = std::max(pause, std::min(asked_ns, retry.max_ns));
  const std::uint64_t until = boot_time_ns() + pause;
  std::unique_lock lock(mutex);
  for (;;) {
    const std::uint64_t now = boot_time_ns();
    if (now >= stop_at_ns) return false;
    const std::uint64_t end = std::min(until, stop_at_ns);
    if (now >= end) return true;
    // stop() rings once more when it has set the time.
    wake.wait_for(lock, nanoseconds(end - now));
  }
}

Delivery OutputWorker::State::timed(const std::function<Delivery()>& call) {
  busy_since_ns.store(boot_time_ns(), std::memory_order_relaxed);
  Delivery done = call();
  busy_since_ns.store(0, std::memory_order_relaxed);
  return done;
}

void OutputWorker::State::flush() {
  note(timed([this] { return output->flush(); }));
  if (buffered > 0) unflushed_since_ns = boot_time_ns();  // it could not: the next time
}

// Counts, and says the first failure of a row and its end.
void OutputWorker::State::note(const Delivery& done) {
  buffered -= std::min(buffered, done.delivered + done.lost);
  if (buffered == 0) {
    unflushed_since_ns = 0;
  } else if (unflushed_since_ns == 0) {
    unflushed_since_ns = boot_time_ns();
  }
  delivered.fetch_add(done.delivered, std::memory_order_relaxed);
  lost.fetch_add(done.lost, std::memory_order_relaxed);
  if (done.lost > 0 || done.again) {
    lost_while_failing += done.lost;
    {
      const std::lock_guard lock(mutex);
      problem = done.problem;
    }
    if (!failing.exchange(true))
      log(LogLevel::kError, "output {}: {}{}", name, done.problem,
          done.again ? "; it will be tried again" : "");
  } else if (done.delivered > 0 && failing.exchange(false)) {
    log(LogLevel::kInfo, "output {} works again; {} alerts were lost on it meanwhile", name,
        std::exchange(lost_while_failing, 0));
  }
}

void OutputWorker::State::forget(const Message& message) {
  queued.fetch_sub(1, std::memory_order_relaxed);
  queued_bytes.fetch_sub(message.bytes(), std::memory_order_relaxed);
}

OutputWorker::OutputWorker(Channel channel, std::unique_ptr<Output> output)
    : channel_(std::move(channel)), state_(std::make_shared<State>(channel_, std::move(output))) {
  std::thread([state = state_] { state->run(); }).detach();
}

OutputWorker::~OutputWorker() {
  ask_to_stop(0);
  wait_stopped();
}

void OutputWorker::publish(const MessagePtr& message) {
  State& state = *state_;
  const std::size_t bytes = message->bytes();
  const std::lock_guard lock(state.mutex);
  const std::uint64_t count = state.queued.load(std::memory_order_relaxed);
  const bool full = (state.limits.messages_max != 0 && count >= state.limits.messages_max) ||
                    state.queued_bytes.load(std::memory_order_relaxed) + bytes > state.limits.bytes_max;
  if (full || state.stop_at_ns != kNever) {
    state.dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  state.queued.fetch_add(1, std::memory_order_relaxed);
  state.queued_bytes.fetch_add(bytes, std::memory_order_relaxed);
  state.queue.push_back(message);
  if (state.queue.size() == 1) state.wake.notify_one();
}

void OutputWorker::reopen() {
  const std::lock_guard lock(state_->mutex);
  state_->reopen = true;
  state_->wake.notify_one();
}

void OutputWorker::ask_to_stop(std::uint64_t at_ns) {
  const std::lock_guard lock(state_->mutex);
  state_->stop_at_ns = std::min(state_->stop_at_ns, at_ns);
  state_->wake.notify_all();
}

bool OutputWorker::wait_stopped() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  const std::uint64_t now = boot_time_ns();
  const auto done = [&] { return state.finished; };
  const std::uint64_t rest = state.stop_at_ns > now ? state.stop_at_ns - now : 0;
  if (state.ended.wait_for(lock, nanoseconds(rest + kEndGraceNs), done)) return true;
  if (state.output) state.output->cancel();
  if (state.ended.wait_for(lock, nanoseconds(kCancelGraceNs), done)) return true;
  state.lost.fetch_add(state.queued.load());
  return false;
}

OutputStats OutputWorker::stats() const {
  const State& state = *state_;
  OutputStats made;
  made.delivered = state.delivered.load(std::memory_order_relaxed);
  made.lost = state.lost.load(std::memory_order_relaxed);
  made.dropped = state.dropped.load(std::memory_order_relaxed);
  made.retries = state.retries.load(std::memory_order_relaxed);
  made.queued = state.queued.load(std::memory_order_relaxed);
  made.queued_bytes = state.queued_bytes.load(std::memory_order_relaxed);
  const std::uint64_t since = state.busy_since_ns.load(std::memory_order_relaxed);
  if (since != 0) made.blocked_ns = boot_time_ns() - since;
  made.failing = state.failing.load(std::memory_order_relaxed);
  made.delay = state.delay.snapshot();
  const std::lock_guard lock(state.mutex);
  made.problem = state.problem;
  if (state.output) made.spool = state.output->spool();
  return made;
}

}  // namespace saker::alert
