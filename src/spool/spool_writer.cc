#include "spool/spool_writer.h"

#include <absl/hash/hash.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace saker::spool {
namespace {

constexpr std::uint64_t kGroupBytesMax = 8 << 20;
// Rows that one DELETE takes, so that a transaction stays short and its list of rows small.
constexpr std::int64_t kRemoveRows = 4096;
constexpr std::int64_t kEvictRows = 256;

std::int64_t now_wall_ns() { return static_cast<std::int64_t>(wall_time_ns()); }

// How many rows of that mean size make `bytes`, within what one DELETE takes.
std::int64_t rows_for(std::uint64_t bytes, std::uint64_t all_bytes, std::uint64_t all_rows) {
  const std::uint64_t mean = std::max<std::uint64_t>(1, all_bytes / std::max<std::uint64_t>(1, all_rows));
  return std::clamp<std::int64_t>(static_cast<std::int64_t>((bytes + mean - 1) / mean), 1, kEvictRows);
}

}  // namespace

Result<> SpoolWriter::begin(const std::vector<std::string>& sinks) {
  auto loaded = load();
  if (!loaded && is_corrupt(loaded.error())) {
    TRY(file_.replace());
    loaded = load();
  }
  TRY(loaded);
  std::map<std::string, std::int64_t> wanted;
  for (const std::string& sink : sinks) wanted[sink] = cursors_.contains(sink) ? cursors_[sink] : 0;
  for (const auto& [sink, id] : cursors_) {
    if (wanted.contains(sink)) continue;
    TRY_ASSIGN(Statement forget, file_.database().prepare("DELETE FROM cursors WHERE sink = ?"));
    forget.bind(1, sink);
    TRY(forget.run());
  }
  cursors_ = std::move(wanted);
  for (const auto& [sink, id] : cursors_) TRY(settle({.sink = sink, .id = id, .tallies = {}}));
  publish();
  return {};
}

Result<> SpoolWriter::load() {
  TRY(prepare());
  TRY_ASSIGN(SpoolContent content, file_.read_content());
  inventory_ = content.inventory;
  cursors_ = std::move(content.cursors);
  tallies_.clear();
  for (const Tally& tally : content.tallies)
    tallies_[{tally.sink, tally.outcome, tally.reason, tally.priority}] = tally.count;
  for (const std::string& uuid : content.recent_uuids) remember(uuid);
  recent_new_.clear();
  return {};
}

Result<> SpoolWriter::prepare() {
  Database& database = file_.database();
  const std::pair<Statement*, const char*> statements[] = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&rollback_, "ROLLBACK"},
      {&insert_,
       "INSERT INTO alerts(id, received_ns, time_ns, priority, bytes, rule, line) VALUES(?, ?, ?, ?, ?, ?, "
       "?)"},
      {&cursor_, "INSERT INTO cursors(sink, id) VALUES(?, ?) ON CONFLICT DO UPDATE SET id = excluded.id"},
      {&tally_,
       "INSERT INTO tallies(sink, outcome, reason, priority, count) VALUES(?, ?, ?, ?, ?) "
       "ON CONFLICT DO UPDATE SET count = count + excluded.count"},
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
      {&oldest_, "SELECT received_ns FROM alerts WHERE id > ? ORDER BY id LIMIT 1"},
      {&vacuum_, "PRAGMA incremental_vacuum(256)"},
  };
  for (const auto& [statement, sql] : statements) {
    TRY_ASSIGN(*statement, database.prepare(sql));
  }
  return {};
}

void SpoolWriter::run() {
  std::unique_lock lock(shared_.mutex);
  for (;;) {
    // After a failure settlements alone do not wake us: they would fail again at once.
    shared_.work.wait_for(lock, options_.housekeeping, [this] {
      return shared_.stopping || shared_.damaged || !shared_.appends.empty() ||
             (!shared_.settlements.empty() && !failing_);
    });
    if (shared_.stopping && shared_.appends.empty() && (shared_.settlements.empty() || failing_)) return;
    Group group;
    std::uint64_t bytes = 0;
    while (!shared_.appends.empty() && bytes < kGroupBytesMax) {
      bytes += shared_.appends.front().bytes;
      group.appends.push_back(std::move(shared_.appends.front()));
      shared_.appends.pop_front();
    }
    group.settlements.swap(shared_.settlements);
    const std::uint64_t given = shared_.given;
    const bool all_taken = shared_.appends.empty();
    const bool damaged = std::exchange(shared_.damaged, false);
    lock.unlock();

    if (damaged) {
      if (const auto replaced = file_.replace(); !replaced)
        log(LogLevel::kError, "{}", replaced.error().message);
      if (const auto loaded = load(); !loaded) log(LogLevel::kError, "the spool: {}", loaded.error().message);
    }
    const bool nothing = group.appends.empty() && group.settlements.empty();
    if (nothing) give_back_pages();
    if (!nothing || inventory_.alerts() > 0) write(group);
    for (std::size_t i = 0; i < group.appends.size(); ++i) group.appends[i].done(group.outcomes[i]);

    lock.lock();
    shared_.append_bytes -= bytes;
    if (all_taken) shared_.done = given;
    shared_.more.notify_all();
  }
}

void SpoolWriter::write(Group& group) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const Inventory before = inventory_;
    const auto cursors_before = cursors_;
    const auto tallies_before = tallies_;
    const SpoolStats counts_before = counts_;
    const auto written = transact(group);
    failing_ = !written;
    if (written) {
      end_evicting();
      recent_new_.clear();
      ++counts_.commits;
      return publish();
    }
    reset_statements();
    static_cast<void>(rollback_.run());  // fails where the transaction has ended already
    end_evicting();
    inventory_ = before;
    cursors_ = cursors_before;
    tallies_ = tallies_before;
    counts_ = counts_before;
    for (const std::size_t hash : recent_new_) recent_.erase(hash);
    recent_order_.resize(recent_order_.size() - recent_new_.size());
    recent_new_.clear();
    if (counts_.write_errors++ == 0 || is_corrupt(written.error()))
      log(LogLevel::kError, "the spool cannot be written: {}", written.error().message);
    if (!is_corrupt(written.error())) break;
    if (const auto replaced = file_.replace(); !replaced) {
      log(LogLevel::kError, "{}", replaced.error().message);
      break;
    }
    const auto recent_cursors = cursors_;
    if (!load()) break;
    for (const auto& [sink, id] : recent_cursors) cursors_[sink] = std::max(cursors_[sink], id);
    inventory_.last_id = std::max(inventory_.last_id, before.last_id);  // a number is never given twice
    const std::lock_guard lock(shared_.mutex);
    ++shared_.generation;
  }
  group.outcomes.assign(group.appends.size(), Stored::kFailed);
  const std::lock_guard lock(shared_.mutex);
  // What sinks have done is still true; it is written with the next transaction that succeeds.
  shared_.settlements.insert(shared_.settlements.begin(), std::make_move_iterator(group.settlements.begin()),
                             std::make_move_iterator(group.settlements.end()));
  shared_.stats.write_errors = counts_.write_errors;
}

Result<> SpoolWriter::transact(Group& group) {
  const std::int64_t now_ns = now_wall_ns();
  group.outcomes.clear();
  TRY(begin_.run());
  for (const Settlement& settlement : group.settlements) TRY(settle(settlement));
  TRY(remove_settled(now_ns));
  TRY(remove_aged(now_ns));
  for (const Append& append : group.appends) {
    TRY_ASSIGN(const Stored stored, insert(append, now_ns));
    group.outcomes.push_back(stored);
  }
  // With no sink everything is settled as it comes.
  oldest_.bind(1, settled_through());
  TRY_ASSIGN(const bool row, oldest_.step());
  oldest_waiting_ns_ = row ? oldest_.integer(0) : 0;
  oldest_.reset();
  return commit_.run();
}

Result<> SpoolWriter::settle(const Settlement& settlement) {
  std::int64_t& cursor = cursors_[settlement.sink];
  cursor = std::max(cursor, settlement.id);
  cursor_.bind(1, settlement.sink);
  cursor_.bind(2, cursor);
  TRY(cursor_.run());
  for (const Tally& one : settlement.tallies) TRY(tally(one));
  return {};
}

Result<> SpoolWriter::tally(const Tally& tally) {
  tallies_[{tally.sink, tally.outcome, tally.reason, tally.priority}] += tally.count;
  tally_.bind(1, tally.sink);
  tally_.bind(2, tally.outcome);
  tally_.bind(3, tally.reason);
  tally_.bind(4, static_cast<std::int64_t>(tally.priority));
  tally_.bind(5, static_cast<std::int64_t>(tally.count));
  return tally_.run();
}

Result<Stored> SpoolWriter::insert(const Append& append, std::int64_t now_ns) {
  const auto is_new = [this](const NewAlert& alert) { return !is_recent(alert.uuid); };
  std::uint64_t needed = 0;
  Priority most_severe = Priority::kDebug;
  for (const NewAlert& alert : append.alerts) {
    if (!is_new(alert)) continue;
    needed += alert.line.size() + kRowBytes;
    most_severe = std::min(most_severe, alert.priority);
  }
  if (inventory_.total_bytes() + needed > options_.bytes_max) TRY(make_room(needed, most_severe));
  if (inventory_.total_bytes() + needed > options_.bytes_max) {
    ++counts_.refused_full;
    return Stored::kFull;
  }
  for (const NewAlert& alert : append.alerts) {
    if (!is_new(alert)) {
      ++counts_.duplicates;
      continue;
    }
    insert_.bind(1, inventory_.last_id + 1);
    insert_.bind(2, now_ns);
    insert_.bind(3, alert.time_ns);
    insert_.bind(4, static_cast<std::int64_t>(alert.priority));
    insert_.bind(5, static_cast<std::int64_t>(alert.line.size()));
    insert_.bind(6, alert.rule);
    insert_.bind(7, alert.line);
    TRY(insert_.run());
    ++inventory_.last_id;
    const auto priority = static_cast<std::size_t>(alert.priority);
    ++inventory_.count[priority];
    inventory_.bytes[priority] += alert.line.size() + kRowBytes;
    ++counts_.stored;
    remember(alert.uuid);
  }
  return Stored::kYes;
}

Result<> SpoolWriter::remove_settled(std::int64_t now_ns) {
  const std::int64_t through = settled_through();
  const std::int64_t keep_ns = std::chrono::nanoseconds(options_.keep).count();
  for (;;) {
    std::int64_t removed = 0;
    remove_settled_.bind(1, through);
    remove_settled_.bind(2, now_ns - keep_ns);
    remove_settled_.bind(3, kRemoveRows);
    for (;;) {
      TRY_ASSIGN(const bool row, remove_settled_.step());
      if (!row) break;
      note_removed(static_cast<Priority>(remove_settled_.integer(0)),
                   static_cast<std::uint64_t>(remove_settled_.integer(1)));
      ++removed;
    }
    remove_settled_.reset();
    if (removed < kRemoveRows) return {};
  }
}

// Settled ones went before: what is too old here is lost to some sink.
Result<> SpoolWriter::remove_aged(std::int64_t now_ns) {
  const std::int64_t through = settled_through();
  const std::int64_t oldest_ns = now_ns - std::chrono::nanoseconds(options_.age_max).count();
  if (oldest_waiting_ns_ == 0 || oldest_waiting_ns_ >= oldest_ns) return {};
  std::array<std::uint64_t, kPriorityCount> lost{};
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
  for (std::size_t i = 0; i < kPriorityCount; ++i) {
    if (lost[i] == 0) continue;
    TRY(tally({.sink = "",
               .outcome = "evicted",
               .reason = kEvictedAge,
               .priority = static_cast<Priority>(i),
               .count = lost[i]}));
  }
  return {};
}

Result<> SpoolWriter::make_room(std::uint64_t bytes, Priority newcomer) {
  const auto missing = [&]() -> std::uint64_t {
    const std::uint64_t used = inventory_.total_bytes() + bytes;
    return used > options_.bytes_max ? used - options_.bytes_max : 0;
  };
  // First what is only kept for queries, oldest first.
  const std::int64_t through = settled_through();
  while (missing() > 0) {
    std::int64_t removed = 0;
    remove_settled_.bind(1, through);
    remove_settled_.bind(2, INT64_MAX);
    remove_settled_.bind(3, rows_for(missing(), inventory_.total_bytes(), inventory_.alerts()));
    for (;;) {
      TRY_ASSIGN(const bool row, remove_settled_.step());
      if (!row) break;
      note_removed(static_cast<Priority>(remove_settled_.integer(0)),
                   static_cast<std::uint64_t>(remove_settled_.integer(1)));
      ++removed;
    }
    remove_settled_.reset();
    if (removed == 0) break;
  }
  // Then, least severe first, what is worth less than the newcomer; but nothing when it would not be enough.
  std::uint64_t worth_less = 0;
  for (auto i = static_cast<std::size_t>(newcomer) + 1; i < kPriorityCount; ++i)
    worth_less += inventory_.bytes[i];
  if (worth_less < missing()) return {};
  begin_evicting();
  for (std::size_t i = kPriorityCount; i-- > static_cast<std::size_t>(newcomer) + 1 && missing() > 0;) {
    const auto priority = static_cast<Priority>(i);
    while (missing() > 0 && inventory_.count[i] > 0) {
      TRY_ASSIGN(const std::uint64_t evicted, evict(priority, missing()));
      if (evicted == 0) break;
      TRY(tally({.sink = "",
                 .outcome = "evicted",
                 .reason = kEvictedFull,
                 .priority = priority,
                 .count = evicted}));
    }
  }
  return {};
}

// The oldest of one priority, about as many as make `bytes`.
Result<std::uint64_t> SpoolWriter::evict(Priority priority, std::uint64_t bytes) {
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
void SpoolWriter::begin_evicting() {
  const std::lock_guard lock(shared_.mutex);
  if (std::exchange(shared_.evicting, true)) return;
  in_hand_.clear();
  for (const auto& [sink, range] : shared_.in_hand) {
    if (range.first <= range.second) in_hand_.push_back(range);
  }
  std::ranges::sort(in_hand_);
}

void SpoolWriter::end_evicting() {
  const std::lock_guard lock(shared_.mutex);
  if (std::exchange(shared_.evicting, false)) shared_.more.notify_all();
}

// Calls take(after, before) for each row of numbers between those in hand, until it says true.
template <class Take>
Result<bool> SpoolWriter::for_gaps(std::int64_t after, Take take) {
  for (const auto& [first, last] : in_hand_) {
    if (first > after + 1) {
      TRY_ASSIGN(const bool enough, take(after, first));
      if (enough) return true;
    }
    after = std::max(after, last);
  }
  return take(after, INT64_MAX);
}

void SpoolWriter::note_removed(Priority priority, std::uint64_t bytes) {
  const auto i = static_cast<std::size_t>(priority);
  inventory_.count[i] -= std::min<std::uint64_t>(inventory_.count[i], 1);
  inventory_.bytes[i] -= std::min<std::uint64_t>(inventory_.bytes[i], bytes + kRowBytes);
}

bool SpoolWriter::is_recent(std::string_view uuid) const { return recent_.contains(absl::HashOf(uuid)); }

void SpoolWriter::remember(std::string_view uuid) {
  const std::size_t hash = absl::HashOf(uuid);
  if (!recent_.insert(hash).second) return;
  recent_order_.push_back(hash);
  recent_new_.push_back(hash);
  // Never one of the transaction under way: a group holds fewer.
  while (recent_order_.size() > kRecentMax + recent_new_.size()) {
    recent_.erase(recent_order_.front());
    recent_order_.pop_front();
  }
}

std::int64_t SpoolWriter::settled_through() const {
  std::int64_t through = inventory_.last_id;
  for (const auto& [sink, id] : cursors_) through = std::min(through, id);
  return through;
}

void SpoolWriter::reset_statements() {
  for (Statement* statement : {&begin_, &commit_, &insert_, &cursor_, &tally_, &remove_settled_,
                               &remove_aged_, &evict_, &oldest_, &vacuum_}) {
    statement->reset();
  }
}

// A little at a time, when there is nothing else to do: a spool that was full once need not stay a large
// file.
void SpoolWriter::give_back_pages() {
  for (;;) {
    const auto row = vacuum_.step();
    if (!row || !*row) break;
  }
  vacuum_.reset();
}

void SpoolWriter::publish() {
  const std::lock_guard lock(shared_.mutex);
  shared_.last_id = inventory_.last_id;
  shared_.cursors = cursors_;
  SpoolStats& stats = shared_.stats;
  stats = counts_;
  stats.alerts = inventory_.alerts();
  stats.bytes = inventory_.total_bytes();
  stats.bytes_max = options_.bytes_max;
  const auto after_settled = static_cast<std::uint64_t>(inventory_.last_id - settled_through());
  stats.waiting = std::min(stats.alerts, after_settled);
  stats.oldest_waiting_ns = oldest_waiting_ns_;
  stats.corruptions = file_.corruptions();
  stats.salvaged = file_.salvaged();
  for (const auto& [sink, id] : cursors_)
    stats.behind[sink] = static_cast<std::uint64_t>(inventory_.last_id - id);
  stats.tallies.reserve(tallies_.size());
  for (const auto& [key, count] : tallies_) {
    const auto& [sink, outcome, reason, priority] = key;
    stats.tallies.push_back({sink, outcome, reason, priority, count});
  }
  shared_.more.notify_all();
}

}  // namespace saker::spool
