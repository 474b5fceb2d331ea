#include "spool/retention.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace saker::spool {
namespace {

// Rows that one DELETE takes, so that a transaction stays short and its list of rows small.
constexpr std::int64_t kRemoveRows = 4096;
constexpr std::int64_t kEvictRows = 256;

// How many rows of that mean size make `bytes`, within what one DELETE takes.
std::int64_t rows_for(std::uint64_t bytes, std::uint64_t all_bytes, std::uint64_t all_rows) {
  const std::uint64_t mean = std::max<std::uint64_t>(1, all_bytes / std::max<std::uint64_t>(1, all_rows));
  return std::clamp<std::int64_t>(static_cast<std::int64_t>((bytes + mean - 1) / mean), 1, kEvictRows);
}

}  // namespace

Result<> Retention::prepare(Database& database) {
  const std::pair<Statement*, const char*> statements[] = {
      {&remove_settled_,
       "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE id <= ?1 ORDER BY id LIMIT ?3) AND "
       "received_ns <= ?2 "
       "RETURNING priority, bytes"},
      {&remove_aged_,
       "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE id > ?3 AND id < ?4 ORDER BY id LIMIT "
       "?2) "
       "AND received_ns < ?1 "
       "RETURNING priority, bytes, id"},
      {&evict_,
       "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE id > ?1 AND id < ?4 AND priority = ?2 "
       "ORDER BY id LIMIT ?3) "
       "RETURNING bytes, id"},
  };
  for (const auto& [statement, sql] : statements) {
    TRY_ASSIGN(*statement, database.prepare(sql));
  }
  return {};
}

void Retention::reset_statements() {
  for (Statement* statement : {&remove_settled_, &remove_aged_, &evict_}) statement->reset();
}

Result<> Retention::remove_settled(std::int64_t through, std::int64_t now_ns) {
  const std::int64_t keep_ns = std::chrono::nanoseconds(options_.keep).count();
  for (;;) {
    TRY_ASSIGN(const std::int64_t removed, remove_oldest_settled(through, now_ns - keep_ns, kRemoveRows));
    if (removed < kRemoveRows) return {};
  }
}

// Of the `rows` oldest, those that were received no later than `received_ns`; how many there were.
Result<std::int64_t> Retention::remove_oldest_settled(std::int64_t through, std::int64_t received_ns,
                                                      std::int64_t rows) {
  std::int64_t removed = 0;
  remove_settled_.bind(1, through);
  remove_settled_.bind(2, received_ns);
  remove_settled_.bind(3, rows);
  for (;;) {
    TRY_ASSIGN(const bool row, remove_settled_.step());
    if (!row) break;
    note_removed(static_cast<Priority>(remove_settled_.integer(0)),
                 static_cast<std::uint64_t>(remove_settled_.integer(1)));
    ++removed;
  }
  remove_settled_.reset();
  return removed;
}

// Settled ones went before: what is too old here is lost to some sink.
Result<Lost> Retention::remove_aged(std::int64_t through, std::int64_t oldest_waiting_ns,
                                    std::int64_t now_ns) {
  Lost lost{};
  const std::int64_t oldest_ns = now_ns - std::chrono::nanoseconds(options_.age_max).count();
  if (oldest_waiting_ns == 0 || oldest_waiting_ns >= oldest_ns) return lost;
  begin_evicting();
  TRY(for_gaps(0, [&](std::int64_t after, std::int64_t before) -> Result<bool> {
    for (;;) {
      std::int64_t removed = 0;
      remove_aged_.bind(1, oldest_ns);
      remove_aged_.bind(2, kRemoveRows);
      remove_aged_.bind(3, after);
      remove_aged_.bind(4, before);
      for (;;) {
        TRY_ASSIGN(const bool row, remove_aged_.step());
        if (!row) break;
        const auto priority = static_cast<Priority>(remove_aged_.integer(0));
        note_removed(priority, static_cast<std::uint64_t>(remove_aged_.integer(1)));
        if (remove_aged_.integer(2) > through) ++lost[static_cast<std::size_t>(priority)];
        ++removed;
      }
      remove_aged_.reset();
      if (removed < kRemoveRows) return false;
    }
  }));
  return lost;
}

Result<Lost> Retention::make_room(std::int64_t through, std::uint64_t bytes, Priority newcomer) {
  Lost lost{};
  const auto missing = [&]() -> std::uint64_t {
    const std::uint64_t used = inventory_.total_bytes() + bytes;
    return used > options_.bytes_max ? used - options_.bytes_max : 0;
  };
  // First what is only kept for queries, oldest first.
  while (missing() > 0) {
    TRY_ASSIGN(const std::int64_t removed,
               remove_oldest_settled(through, INT64_MAX,
                                     rows_for(missing(), inventory_.total_bytes(), inventory_.alerts())));
    if (removed == 0) break;
  }
  // Then, least severe first, what is worth less than the newcomer; but nothing when it would not be enough.
  std::uint64_t worth_less = 0;
  for (auto i = static_cast<std::size_t>(newcomer) + 1; i < kPriorityCount; ++i)
    worth_less += inventory_.bytes[i];
  if (worth_less < missing()) return lost;
  begin_evicting();
  for (std::size_t i = kPriorityCount; i-- > static_cast<std::size_t>(newcomer) + 1 && missing() > 0;) {
    const auto priority = static_cast<Priority>(i);
    while (missing() > 0 && inventory_.count[i] > 0) {
      TRY_ASSIGN(const std::uint64_t evicted, evict(priority, missing()));
      if (evicted == 0) break;
      lost[i] += evicted;
    }
  }
  return lost;
}

// The oldest of one priority, about as many as make `bytes`.
Result<std::uint64_t> Retention::evict(Priority priority, std::uint64_t bytes) {
  const auto i = static_cast<std::size_t>(priority);
  std::int64_t& through = inventory_.evicted_through[i];
  std::uint64_t evicted = 0;
  const auto take = [&](std::int64_t after, std::int64_t before) -> Result<bool> {
    evict_.bind(1, after);
    evict_.bind(2, static_cast<std::int64_t>(priority));
    evict_.bind(3, rows_for(bytes, inventory_.bytes[i], inventory_.count[i]));
    evict_.bind(4, before);
    through = after;
    for (;;) {
      TRY_ASSIGN(const bool row, evict_.step());
      if (!row) break;
      note_removed(priority, static_cast<std::uint64_t>(evict_.integer(0)));
      through = std::max(through, evict_.integer(1));
      ++evicted;
    }
    evict_.reset();
    return evicted > 0;
  };
  TRY(for_gaps(through, take));
  // What was in hand when we passed it may not be any more. To look for it costs a walk through all.
  if (evicted == 0 && in_hand_ != in_hand_when_none_[i]) TRY(for_gaps(0, take));
  if (evicted == 0) {
    in_hand_when_none_[i] = in_hand_;
    through = inventory_.last_id;
  }
  return evicted;
}

// The sinks say what they have in hand before they read it; one that says so from now on waits for us.
void Retention::begin_evicting() {
  const std::lock_guard lock(shared_.mutex);
  if (std::exchange(shared_.evicting, true)) return;
  in_hand_.clear();
  for (const auto& [sink, range] : shared_.in_hand) {
    if (range.first <= range.second) in_hand_.push_back(range);
  }
  std::ranges::sort(in_hand_);
}

void Retention::end_evicting() {
  const std::lock_guard lock(shared_.mutex);
  if (std::exchange(shared_.evicting, false)) shared_.more.notify_all();
}

// Calls take(after, before) for each row of numbers between those in hand, until it says true.
template <class Take>
Result<bool> Retention::for_gaps(std::int64_t after, Take take) {
  for (const auto& [first, last] : in_hand_) {
    if (first > after + 1) {
      TRY_ASSIGN(const bool enough, take(after, first));
      if (enough) return true;
    }
    after = std::max(after, last);
  }
  return take(after, INT64_MAX);
}

void Retention::note_removed(Priority priority, std::uint64_t bytes) {
  const auto i = static_cast<std::size_t>(priority);
  inventory_.count[i] -= std::min<std::uint64_t>(inventory_.count[i], 1);
  inventory_.bytes[i] -= std::min<std::uint64_t>(inventory_.bytes[i], bytes + kRowBytes);
}

}  // namespace saker::spool
