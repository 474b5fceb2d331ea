// DropWatch: what to do about lost events, by syscall_event_drops.
//
// Looked at once a second. When the share of lost events in that second is over the threshold, the actions
// are taken, but no more often than the token bucket of `rate` and `max_burst` lets them. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/token_bucket.h"
#include "capture/probe_counters.h"

namespace saker::app {

struct DropSettings {
  double threshold = 0.1;
  bool log = true, alert = true, exit = false;
  double rate = 0.03333;  // actions a second
  std::uint32_t max_burst = 1;
  bool simulate = false;  // as if events were lost, to test what is behind

  bool operator==(const DropSettings&) const = default;
};

struct DropReport {
  std::uint64_t drops = 0;   // since the last look
  std::uint64_t events = 0;  // seen or lost since the last look
  std::string causes;        // "drop_ring_full=3 ..."
  bool act = false;          // over the threshold, and the bucket lets
};

class DropWatch {
 public:
  explicit DropWatch(const DropSettings& settings)
      : settings_(settings), bucket_(settings.rate, settings.max_burst) {}

  // New settings, same counts.
  void use(const DropSettings& settings);
  const DropSettings& settings() const { return settings_; }

  // Nothing when no event was lost since the last look.
  std::optional<DropReport> look(const capture::ProbeCounters& counters, std::uint64_t now_ns);

 private:
  DropSettings settings_;
  TokenBucket bucket_;
  capture::ProbeCounters before_;
};

// "drop_ring_full=3 missed_runs=1": every cause that is not zero.
std::string drop_causes(const capture::ProbeCounters& counters);

// The fields of Falco's drop alert.
std::map<std::string, std::string> drop_fields(const DropReport& report);

}  // namespace saker::app
