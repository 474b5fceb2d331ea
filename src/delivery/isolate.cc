#include "delivery/isolate.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace saker::delivery {
namespace {

using Clock = std::chrono::steady_clock;
using Indices = std::vector<std::size_t>;

// The sink sees only these.
Attempt deliver_part(Sink& sink, Batch& batch, const Indices& part) {
  Batch some;
  some.reserve(part.size());
  for (const std::size_t i : part) some.push_back(std::move(batch[i]));
  Attempt attempt = sink.deliver(some);
  for (std::size_t n = 0; n < part.size(); ++n) batch[part[n]] = std::move(some[n]);
  return attempt;
}

Indices pending_of(const Batch& batch, const Indices& among) {
  Indices pending;
  std::ranges::copy_if(among, std::back_inserter(pending),
                       [&](std::size_t i) { return batch[i].fate == Fate::kPending; });
  return pending;
}

}  // namespace

Isolation isolate(Sink& sink, Batch& batch, std::size_t suspects_max, const std::function<bool()>& stop) {
  Isolation found;
  Indices all(batch.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto split = [&](const Indices& part, std::vector<Indices>& stack) {
    const auto middle = part.begin() + static_cast<std::ptrdiff_t>((part.size() + 1) / 2);
    if (middle != part.end()) stack.emplace_back(middle, part.end());
    stack.emplace_back(part.begin(), middle);
  };
  std::vector<Indices> stack;
  all = pending_of(batch, all);
  if (all.empty()) return found;
  split(all, stack);
  // One bad alert costs two calls at each level, of which one succeeds.
  const auto failures_max = static_cast<unsigned>(std::bit_width(all.size())) + 1;
  unsigned failures = 0;
  while (!stack.empty() && found.suspects.size() < suspects_max && !stop()) {
    // Has the sink come back meanwhile? Then they go first, and the order stays.
    if (!found.any_taken) {
      const auto gone = std::erase_if(found.suspects, [&](std::size_t i) {
        deliver_part(sink, batch, {i});
        return batch[i].fate != Fate::kPending;
      });
      found.any_taken = gone > 0;
    }
    const Indices part = std::move(stack.back());
    stack.pop_back();
    const Attempt attempt = deliver_part(sink, batch, part);
    const Indices left = pending_of(batch, part);
    if (left.size() < part.size()) found.any_taken = true;
    if (attempt.end == Attempt::End::kDone) continue;
    found.last = attempt;
    if (!attempt.may_be_content) return found;
    if (!found.any_taken && ++failures > failures_max) return found;
    if (left.size() > 1) {
      split(left, stack);
    } else if (left.size() == 1) {
      found.suspects.push_back(left.front());
    }
  }
  return found;
}

std::int64_t SetAside::first_id() const { return entries_.front().item.alert.id; }

std::optional<Clock::time_point> SetAside::due() const {
  std::optional<Clock::time_point> first;
  for (const Entry& entry : entries_) first = std::min(first.value_or(entry.due), entry.due);
  return first;
}

void SetAside::add(BatchItem item, std::uint64_t taken) {
  const auto place = std::ranges::upper_bound(entries_, item.alert.id, {},
                                              [](const Entry& one) { return one.item.alert.id; });
  entries_.insert(
      place,
      {.item = std::move(item), .taken_first = taken, .taken_before = taken, .backoff = Backoff(limits_)});
}

void SetAside::retry(Sink& sink, std::uint64_t taken, const std::function<void(const BatchItem&)>& decided) {
  for (Entry& entry : entries_) {
    // While the sink has taken nothing else, this one is simply the next in the row.
    const bool others_taken = taken > entry.taken_before;
    if (others_taken && entry.due > Clock::now()) continue;
    Batch alone;
    alone.push_back(std::move(entry.item));
    const Attempt attempt = sink.deliver(alone);
    entry.item = std::move(alone.front());
    if (entry.item.fate != Fate::kPending) {
      decided(entry.item);
      continue;
    }
    entry.due = Clock::now() + entry.backoff.next(attempt.retry_after, false);
    if (attempt.end == Attempt::End::kCancelled) break;
    if (!attempt.may_be_content || !others_taken) continue;
    entry.taken_before = taken;
    ++entry.strikes;
    const bool among_many = taken - entry.taken_first >= kMany && entry.strikes >= kStrikesAmongMany;
    if (entry.strikes < kStrikes && !among_many) continue;
    entry.item.drop(kPoison, attempt.problem);
    decided(entry.item);
  }
  forget_decided();
}

void SetAside::drop_older(std::int64_t received_ns, const std::function<void(const BatchItem&)>& decided) {
  for (Entry& entry : entries_) {
    if (entry.item.alert.received_ns >= received_ns) continue;
    entry.item.drop(kAge, kAgeDetail);
    decided(entry.item);
  }
  forget_decided();
}

void SetAside::forget_decided() {
  std::erase_if(entries_, [](const Entry& entry) { return entry.item.fate != Fate::kPending; });
}

}  // namespace saker::delivery
