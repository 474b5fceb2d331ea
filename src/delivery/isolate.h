// What to do about a sink that fails again and again, though perhaps only at one alert: a receiver that
// answers 500 to it for ever would hold up all that come after.
//
// isolate() finds it by halving. SetAside keeps it out of the way and tries it alone, with growing waits. It
// is given up only when it failed kStrikes times while the sink took others in between each time: in an
// outage nothing else is taken, and so nothing is ever given up.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "delivery/backoff.h"
#include "delivery/sink.h"

namespace saker::delivery {

struct Isolation {
  std::vector<std::size_t> suspects;  // of the batch: still pending, and failed alone
  bool any_taken = false;             // some other was delivered or dropped meanwhile
  Attempt last;                       // the last one that failed
};

// Calls the sink with ever smaller parts of what is pending in `batch`, which it has just failed at as a
// whole. Ends early when nothing is taken at all, when the sink fails in a way that is no alert's fault, when
// there are `suspects_max`, or when `stop` says so.
Isolation isolate(Sink& sink, Batch& batch, std::size_t suspects_max, const std::function<bool()>& stop);

// The reasons of what is given up so, and of what waited in vain.
inline constexpr const char* kPoison = "poison";
inline constexpr const char* kAge = "age";
inline constexpr const char* kAgeDetail = "it waited longer than alerts may";

class SetAside {
 public:
  static constexpr std::size_t kMost = 16;
  static constexpr unsigned kStrikes = 20;
  // When so many others were taken since it was set aside, fewer are enough: it holds up the cursor behind
  // them.
  static constexpr unsigned kStrikesAmongMany = 10;
  static constexpr std::uint64_t kMany = 10'000;

  explicit SetAside(BackoffLimits limits) : limits_(limits) {}

  std::size_t room() const { return kMost - entries_.size(); }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  std::int64_t first_id() const;  // not when empty
  // When retry() has something to do.
  std::optional<std::chrono::steady_clock::time_point> due() const;

  // `taken` counts what the sink has taken so far of others.
  void add(BatchItem item, std::uint64_t taken);

  // Tries those that are due. What is decided thereby is given to `decided`; the rest stays.
  void retry(Sink& sink, std::uint64_t taken, const std::function<void(const BatchItem&)>& decided);
  // Gives up what came before that time.
  void drop_older(std::int64_t received_ns, const std::function<void(const BatchItem&)>& decided);

 private:
  struct Entry {
    BatchItem item;
    std::uint64_t taken_first = 0, taken_before = 0;  // when it was set aside; when it was tried last
    unsigned strikes = 0;
    Backoff backoff;
    std::chrono::steady_clock::time_point due{};
  };

  void forget_decided();

  BackoffLimits limits_;
  std::vector<Entry> entries_;  // in the order of their numbers
};

}  // namespace saker::delivery
