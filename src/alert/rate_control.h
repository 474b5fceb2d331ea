// RateControl: keeps one cause from raising a flood of alerts, without hiding that there is more.
//
// Two means, by rule: at most so many alerts a second (a token bucket), and of alerts that are alike in
// chosen fields only one in a window. What is held back is counted; the next alert that goes out carries the
// count, and when none comes a closing summary does. Off unless configured.
//
// Bounded: at `keys_max` remembered keys the oldest makes room, its count told by a summary. Times are boot
// times. Not thread-safe: the pipeline thread owns it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/token_bucket.h"
#include "rules/rule_set.h"

namespace saker::alert {

// An entry of saker.rate_control; the first that matches a rule is the rule's.
struct RateLimit {
  std::string rule = "*";             // name or wildcards
  std::string tag = {};               // "" = any
  double rate = 0;                    // alerts a second in the long run; 0 = as many as there are
  double burst = 1;                   // and at once
  std::vector<std::string> key = {};  // fields; alerts of a rule with the same values are alike
  std::uint64_t window_ns = 0;        // one of those that are alike in this time; 0 = all

  bool operator==(const RateLimit&) const = default;
};

class RateControl {
 public:
  struct Verdict {
    enum class Kind : std::uint8_t { kAdmitted, kOverRate, kDuplicate };
    Kind kind = Kind::kAdmitted;
    std::uint64_t suppressed = 0;  // held back since the last alert of this rule and key; told by this one
  };
  // Matches held back that no alert has told of.
  struct Summary {
    std::uint32_t rule = 0;  // index into the rules
    std::string key;         // the key fields' values, "; " between; "" = of the whole rule
    std::uint64_t suppressed = 0;
  };

  static constexpr std::uint64_t kRateSummaryNs = 60'000'000'000;  // quiet for so long: the count is told

  // Fields must have been checked.
  RateControl(std::span<const RateLimit> limits, std::span<const rules::EnabledRule> rules,
              std::size_t keys_max = 16'384);
  ~RateControl();
  RateControl(const RateControl&) = delete;

  bool active() const;

  Verdict judge(std::uint32_t rule, const fields::Subject& subject, Arena& arena, std::uint64_t now_ns);

  // Summaries that are due: of windows that are over, of rules that are quiet. About once a second.
  std::vector<Summary> due(std::uint64_t now_ns);
  // All that was not told yet; the end of this RateControl.
  std::vector<Summary> close();

 private:
  struct Index;
  std::unique_ptr<Index> index_;
};

}  // namespace saker::alert
