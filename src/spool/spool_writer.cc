#include "spool/spool_writer.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace saker::spool {
namespace {

constexpr std::uint64_t kGroupBytesMax = 8 << 20;
std::int64_t now_wall_ns() { return static_cast<std::int64_t>(wall_time_ns()); }

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
  for (const std::string& uuid : content.recent_uuids) recent_.add(uuid);
  recent_.keep();
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
      {&oldest_, "SELECT received_ns FROM alerts WHERE id > ? ORDER BY id LIMIT 1"},
      {&vacuum_, "PRAGMA incremental_vacuum(256)"},
  };
  for (const auto& [statement, sql] : statements) {
    TRY_ASSIGN(*statement, database.prepare(sql));
  }
  return retention_.prepare(database);
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
      retention_.end_evicting();
      recent_.keep();
      ++counts_.commits;
      return publish();
    }
    reset_statements();
    static_cast<void>(rollback_.run());  // fails where the transaction has ended already
    retention_.end_evicting();
    inventory_ = before;
    cursors_ = cursors_before;
    tallies_ = tallies_before;
    counts_ = counts_before;
    recent_.take_back();
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
  // Those that are settled go first: what is too old then is lost to some sink.
  TRY(retention_.remove_settled(settled_through(), now_ns));
  TRY_ASSIGN(const Lost aged, retention_.remove_aged(settled_through(), oldest_waiting_ns_, now_ns));
  TRY(tally(aged, kEvictedAge));
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

Result<> SpoolWriter::tally(const Lost& lost, const char* reason) {
  for (std::size_t i = 0; i < kPriorityCount; ++i) {
    if (lost[i] == 0) continue;
    TRY(tally({.sink = "",
               .outcome = "evicted",
               .reason = reason,
               .priority = static_cast<Priority>(i),
               .count = lost[i]}));
  }
  return {};
}

Result<Stored> SpoolWriter::insert(const Append& append, std::int64_t now_ns) {
  const auto is_new = [this](const NewAlert& alert) { return !recent_.contains(alert.uuid); };
  std::uint64_t needed = 0;
  Priority most_severe = Priority::kDebug;
  for (const NewAlert& alert : append.alerts) {
    if (!is_new(alert)) continue;
    needed += alert.line.size() + kRowBytes;
    most_severe = std::min(most_severe, alert.priority);
  }
  if (inventory_.total_bytes() + needed > options_.bytes_max) {
    TRY_ASSIGN(const Lost evicted, retention_.make_room(settled_through(), needed, most_severe));
    TRY(tally(evicted, kEvictedFull));
  }
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
    recent_.add(alert.uuid);
  }
  return Stored::kYes;
}

std::int64_t SpoolWriter::settled_through() const {
  std::int64_t through = inventory_.last_id;
  for (const auto& [sink, id] : cursors_) through = std::min(through, id);
  return through;
}

void SpoolWriter::reset_statements() {
  for (Statement* statement : {&begin_, &commit_, &insert_, &cursor_, &tally_, &oldest_, &vacuum_})
    statement->reset();
  retention_.reset_statements();
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
