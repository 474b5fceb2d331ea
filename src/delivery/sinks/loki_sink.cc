#include "delivery/sinks/loki_sink.h"

#include <absl/strings/escaping.h>

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "delivery/answer_class.h"

namespace saker::delivery {
namespace {

using Clock = std::chrono::steady_clock;

// How long a stream is remembered as refused, and how many are.
constexpr std::chrono::minutes kRememberStreams{10};
constexpr std::size_t kRememberedStreamsMax = 10'000;
// Of Loki's hour, with room for clocks.
constexpr std::int64_t kWindowNs = 50LL * 60 * 1'000'000'000;

std::string base64(const std::string& text) {
  return absl::Base64Escape(absl::string_view(text.data(), text.size()));
}

enum class Verdict { kTaken, kBlocked, kSplit, kTooLate, kTooOld, kStreamLimit, kRejected, kFailed };

bool says(const std::string& body, std::string_view words) { return body.find(words) != std::string::npos; }

Verdict verdict_of(const CallResult& result) {
  const AnswerClass answer_class = classify(result);
  if (!result) return Verdict::kFailed;
  const std::string& body = result->body;
  if (result->status == 260) return Verdict::kBlocked;
  if (answer_class == AnswerClass::kTaken) return Verdict::kTaken;
  // A 500 that is none: the request is larger than Loki's own inner limit, now and always.
  if (result->status == 500 && says(body, "larger than max")) return Verdict::kSplit;
  if (result->status == 429 && (says(body, "stream limit") || says(body, "active stream")))
    return Verdict::kStreamLimit;
  if (answer_class == AnswerClass::kTooLarge) return Verdict::kSplit;
  if (answer_class != AnswerClass::kRejected) return Verdict::kFailed;
  if (says(body, "too far behind") || says(body, "out of order")) return Verdict::kTooLate;
  if (says(body, "too old")) return Verdict::kTooOld;
  return Verdict::kRejected;
}

// What Loki says, and the word for it; the first that fits.
constexpr std::pair<std::string_view, std::string_view> kReasons[] = {
    {"too old", "too_old"},
    {"too far behind", "too_far_behind"},
    {"too new", "too_new"},
    {"exceeds limit", "over_limit"},
    {"line too long", "line_too_long"},
    {"max entry size", "line_too_long"},
    {"larger than max", "too_large"},
    {"label", "bad_label"},
    {"stream limit", "stream_limit"},
};
constexpr std::string_view kBlocked = "blocked";

std::string drop_reason(const CallResult& result) {
  for (const auto& [words, reason] : kReasons) {
    if (says(result->body, words)) return std::string(reason);
  }
  return reason_of(result);
}

// "... entry too far behind, ... oldest acceptable timestamp is: 2026-03-01T11:00:00Z"; 0 when it is not
// said.
std::int64_t oldest_acceptable_ns(const std::string& body) {
  static constexpr std::string_view kWords = "oldest acceptable timestamp is: ";
  const std::size_t at = body.find(kWords);
  if (at == std::string::npos) return 0;
  const std::size_t begin = at + kWords.size();
  const auto time = spool::parse_time(
      std::string_view(body).substr(begin, body.find_first_not_of("0123456789-:.TZ", begin) - begin));
  return time ? time->ns : 0;
}

struct Candidate {
  std::size_t item = 0;  // in the batch
  spool::Event event;
  LokiEntry entry;
  bool replayed = false, reduced = false;
};

class LokiSink final : public Sink {
 public:
  explicit LokiSink(LokiOptions options)
      : options_(std::move(options)), client_(client_options(options_.http)) {
    headers_.push_back(options_.encoding == LokiEncoding::kSnappy ? "Content-Type: application/x-protobuf"
                                                                  : "Content-Type: application/json");
    if (options_.encoding == LokiEncoding::kGzip) headers_.emplace_back("Content-Encoding: gzip");
    if (!options_.tenant.empty()) headers_.push_back("X-Scope-OrgID: " + options_.tenant);
    if (!options_.user.empty() && !options_.password.empty())
      headers_.push_back("Authorization: Basic " + base64(options_.user + ":" + options_.password));
    if (!options_.bearer_token.empty()) headers_.push_back("Authorization: Bearer " + options_.bearer_token);
    add_custom_headers(options_.http, headers_);
  }

  BatchLimits limits() const override { return options_.batch; }
  void cancel() override { client_.cancel(); }
  std::vector<std::string> drop_reasons() const override {
    std::vector<std::string> reasons = {"unreadable", "http_400", std::string(kBlocked)};
    for (const auto& [words, reason] : kReasons) reasons.emplace_back(reason);
    return reasons;
  }

  Attempt deliver(Batch& batch) override {
    if (Clock::now() > forget_at_) {
      crowded_out_.clear();
      oldest_taken_.clear();
      newest_.clear();
      forget_at_ = Clock::now() + kRememberStreams;
    }
    std::vector<Candidate> candidates = candidates_of(batch);
    std::deque<std::vector<Candidate*>> groups = by_window(candidates);
    while (!groups.empty()) {
      std::vector<Candidate*> group = std::move(groups.front());
      groups.pop_front();
      if (group.empty()) continue;
      for (Candidate* one : group) replay_if_late(*one);
      const CallResult result = push(group);
      if (result && result->status < 500) note_newest(group);
      switch (const Verdict verdict = verdict_of(result)) {
        case Verdict::kTaken:
          for (const Candidate* one : group) batch[one->item].deliver();
          break;
        case Verdict::kBlocked:
          for (const Candidate* one : group) batch[one->item].drop(std::string(kBlocked), describe(result));
          break;
        case Verdict::kFailed:
          return failed_attempt(classify(result), result);
        default:
          if (group.size() > 1) {
            split(std::move(group), groups);
          } else if (mend(verdict, result, *group.front())) {
            groups.push_front(std::move(group));
          } else if (verdict == Verdict::kStreamLimit) {
            return failed_attempt(AnswerClass::kBusy, result);
          } else {
            batch[group.front()->item].drop(drop_reason(result), describe(result));
          }
      }
    }
    return {};
  }

 private:
  std::vector<Candidate> candidates_of(Batch& batch) {
    std::vector<Candidate> candidates;
    candidates.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].fate != Fate::kPending) continue;
      auto event = spool::parse_line(batch[i].alert.line);
      if (!event) {
        batch[i].drop("unreadable", event.error().message);
        continue;
      }
      Candidate candidate{.item = i, .event = *std::move(event), .entry = {}};
      candidate.entry.time_ns = loki_time(batch[i].alert);
      candidate.entry.line = loki_line(options_.format, batch[i].alert, candidate.event);
      label(candidate);
      if (crowded_out_.contains(candidate.entry.labels)) {
        candidate.reduced = true;
        label(candidate);
      }
      candidates.push_back(std::move(candidate));
    }
    return candidates;
  }

  // Loki takes an entry up to an hour behind the newest of its stream. What is refused in halves is sent
  // again, and must not have become too late by what stood beside it. So entries of one stream in one request
  // lie closer together than that, older ones go first, and one that comes after newer ones gets a stream of
  // its own at once.
  std::deque<std::vector<Candidate*>> by_window(std::vector<Candidate>& candidates) {
    std::deque<std::vector<Candidate*>> groups(1);
    std::unordered_map<std::string, std::int64_t> first, newest;  // of this group; of this batch
    for (Candidate& candidate : candidates) {
      const std::string stream = candidate.entry.labels;
      const std::int64_t time_ns = candidate.entry.time_ns;
      auto known = newest.find(stream);
      if (known == newest.end()) {
        const auto before = newest_.find(stream);
        if (before != newest_.end()) known = newest.emplace(stream, before->second).first;
      }
      if (known != newest.end() && time_ns < known->second - kWindowNs) {
        candidate.replayed = true;
        label(candidate);
        groups.back().push_back(&candidate);
        continue;
      }
      const auto [begun, is_first] = first.emplace(stream, time_ns);
      if (!is_first && time_ns > begun->second + kWindowNs) {
        groups.emplace_back();
        first.clear();
        first.emplace(stream, time_ns);
      } else if (!is_first) {
        begun->second = std::min(begun->second, time_ns);
      }
      groups.back().push_back(&candidate);
      std::int64_t& latest = newest.emplace(stream, time_ns).first->second;
      latest = std::max(latest, time_ns);
    }
    return groups;
  }

  void note_newest(const std::vector<Candidate*>& group) {
    for (const Candidate* one : group) {
      if (one->replayed || newest_.size() >= kRememberedStreamsMax) continue;
      std::int64_t& latest = newest_.emplace(one->entry.labels, one->entry.time_ns).first->second;
      latest = std::max(latest, one->entry.time_ns);
    }
  }

  void label(Candidate& candidate) const {
    Labels labels =
        labels_of(options_.format, candidate.event, candidate.reduced ? LabelSet::kReduced : LabelSet::kFull);
    if (candidate.replayed) labels = replayed(std::move(labels), candidate.entry.time_ns);
    candidate.entry.labels = label_text(labels);
  }

  CallResult push(std::vector<Candidate*>& group) {
    // Streams together, each in the order of time: that is the order in which Loki takes them best.
    std::ranges::stable_sort(group, [](const Candidate* a, const Candidate* b) {
      return std::tie(a->entry.labels, a->entry.time_ns) < std::tie(b->entry.labels, b->entry.time_ns);
    });
    std::vector<const LokiEntry*> entries;
    entries.reserve(group.size());
    for (const Candidate* one : group) entries.push_back(&one->entry);
    const std::string body = push_body(options_.encoding, entries);
    return client_.call({.url = options_.url, .headers = headers_, .body = body});
  }

  static void split(std::vector<Candidate*> group, std::deque<std::vector<Candidate*>>& groups) {
    const auto middle = group.begin() + static_cast<std::ptrdiff_t>(group.size() / 2);
    groups.emplace_front(middle, group.end());
    groups.emplace_front(group.begin(), middle);
  }

  // Makes another entry of it that may be taken; false when there is none.
  bool mend(Verdict verdict, const CallResult& result, Candidate& candidate) {
    if (verdict == Verdict::kTooLate && !candidate.replayed) {
      // The rest of this stream's backlog need not be refused one by one.
      if (oldest_taken_.size() < kRememberedStreamsMax)
        oldest_taken_[candidate.entry.labels] =
            std::max(oldest_acceptable_ns(result->body), candidate.entry.time_ns + 1);
      candidate.replayed = true;
    } else if (verdict == Verdict::kStreamLimit && !candidate.reduced) {
      if (crowded_out_.size() < kRememberedStreamsMax) crowded_out_.insert(candidate.entry.labels);
      candidate.reduced = true;
    } else {
      return false;
    }
    label(candidate);
    return true;
  }

  void replay_if_late(Candidate& candidate) const {
    if (candidate.replayed) return;
    const auto at = oldest_taken_.find(candidate.entry.labels);
    if (at == oldest_taken_.end() || candidate.entry.time_ns >= at->second) return;
    candidate.replayed = true;
    label(candidate);
  }

  LokiOptions options_;
  http::Client client_;
  std::vector<std::string> headers_;
  std::unordered_set<std::string> crowded_out_;                 // streams for which there was no room
  std::unordered_map<std::string, std::int64_t> newest_;        // by stream, nanoseconds, of what was sent
  std::unordered_map<std::string, std::int64_t> oldest_taken_;  // by stream, nanoseconds, as Loki said
  Clock::time_point forget_at_ = Clock::now() + kRememberStreams;
};

}  // namespace

std::unique_ptr<Sink> make_loki_sink(LokiOptions options) {
  return std::make_unique<LokiSink>(std::move(options));
}

}  // namespace saker::delivery
