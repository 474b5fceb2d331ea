#include "spool/spool_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <numeric>

#include "base/clock.h"
#include "base/log.h"

namespace saker::spool {
namespace {

// `bytes` is the length of `line`, before it so that sums need not read long lines.
constexpr const char* kSchema = R"(
  CREATE TABLE IF NOT EXISTS alerts(
    id INTEGER PRIMARY KEY, received_ns INTEGER NOT NULL, time_ns INTEGER NOT NULL, priority INTEGER NOT NULL,
    bytes INTEGER NOT NULL, rule TEXT NOT NULL, line TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS cursors(sink TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tallies(
    sink TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, priority INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY(sink, outcome, reason, priority)) WITHOUT ROWID;
)";

constexpr const char* kSettings = R"(
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA journal_size_limit = 16777216;
  PRAGMA cache_size = -2000;
  PRAGMA temp_store = MEMORY;
)";

constexpr int kAlertColumns = 7;

constexpr std::string_view kDamagedSuffix = ".damaged-";

// Only the newest damaged file is kept: a failing disk must not fill itself with copies.
void forget_older_damaged(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().find(kDamagedSuffix) != std::string::npos)
      std::filesystem::remove(entry.path(), ignored);
  }
}

}  // namespace

std::string database_path(const std::string& folder) { return folder + "/spool.db"; }

std::uint64_t Inventory::alerts() const {
  return std::accumulate(count.begin(), count.end(), std::uint64_t{0});
}
std::uint64_t Inventory::total_bytes() const {
  return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
}

Result<SpoolFile> SpoolFile::open(const std::string& folder) {
  // Alerts are not for everybody to read.
  std::error_code error;
  if (std::filesystem::create_directories(folder, error))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  const std::string lock_path = folder + "/spool.lock";
  UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) {
    return fail(ErrorCode::kPermission,
                fmt::format("cannot use {} as spool: {}", folder, std::strerror(errno)));
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::kIo, fmt::format("another process uses the spool in {}", folder));
  }
  SpoolFile file(folder, std::move(lock));
  auto opened = file.open_database();
  if (!opened && is_corrupt(opened.error())) opened = file.replace();
  if (!opened) return std::unexpected(std::move(opened).error());
  return file;
}

Result<> SpoolFile::open_database() {
  // SQLite would make it for all to read, and gives its other files the rights of this one.
  UniqueFd(::open(database_path(folder_).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)).reset();
  TRY_ASSIGN(Database opened, Database::open(database_path(folder_), Database::Mode::kReadWrite));
  TRY(opened.execute(kSettings));
  TRY(opened.execute(kSchema));
  database_ = std::make_unique<Database>(std::move(opened));
  return {};
}

Result<SpoolContent> SpoolFile::read_content() {
  SpoolContent content;
  // This reads every page of the table, and so finds a file that was cut.
  TRY_ASSIGN(
      Statement sums,
      database_->prepare("SELECT priority, count(*), sum(bytes), max(id) FROM alerts GROUP BY priority"));
  for (;;) {
    TRY_ASSIGN(const bool row, sums.step());
    if (!row) break;
    const auto priority =
        static_cast<std::size_t>(std::clamp<std::int64_t>(sums.integer(0), 0, kPriorityCount - 1));
    const auto count = static_cast<std::uint64_t>(sums.integer(1));
    content.inventory.count[priority] += count;
    content.inventory.bytes[priority] += static_cast<std::uint64_t>(sums.integer(2)) + count * kRowBytes;
    content.inventory.last_id = std::max(content.inventory.last_id, sums.integer(3));
  }
  TRY_ASSIGN(Statement cursors, database_->prepare("SELECT sink, id FROM cursors"));
  for (;;) {
    TRY_ASSIGN(const bool row, cursors.step());
    if (!row) break;
    content.cursors[std::string(cursors.text(0))] = cursors.integer(1);
    content.inventory.last_id = std::max(content.inventory.last_id, cursors.integer(1));
  }
  TRY_ASSIGN(Statement tallies,
             database_->prepare("SELECT sink, outcome, reason, priority, count FROM tallies"));
  for (;;) {
    TRY_ASSIGN(const bool row, tallies.step());
    if (!row) break;
    content.tallies.push_back({.sink = std::string(tallies.text(0)),
                               .outcome = std::string(tallies.text(1)),
                               .reason = std::string(tallies.text(2)),
                               .priority = static_cast<Priority>(
                                   std::clamp<std::int64_t>(tallies.integer(3), 0, kPriorityCount - 1)),
                               .count = static_cast<std::uint64_t>(tallies.integer(4))});
  }
  TRY_ASSIGN(Statement recent,
             database_->prepare("SELECT substr(line, 10, 36) FROM alerts ORDER BY id DESC LIMIT ?"));
  recent.bind(1, static_cast<std::int64_t>(kRecentMax));
  for (;;) {
    TRY_ASSIGN(const bool row, recent.step());
    if (!row) break;
    content.recent_uuids.emplace_back(recent.text(0));
  }
  std::ranges::reverse(content.recent_uuids);
  return content;
}

Result<> SpoolFile::replace() {
  database_.reset();
  ++corruptions_;
  forget_older_damaged(folder_);
  const std::string path = database_path(folder_);
  const std::string damaged = fmt::format("{}{}{}", path, kDamagedSuffix, wall_time_ns() / 1'000'000'000);
  for (const char* part : {"", "-wal"}) {
    if (std::rename((path + part).c_str(), (damaged + part).c_str()) != 0 && errno != ENOENT) {
      return fail(ErrorCode::kIo, fmt::format("cannot set {} aside: {}", path + part, std::strerror(errno)));
    }
  }
  std::error_code ignored;
  std::filesystem::remove(path + "-shm", ignored);
  TRY(open_database());
  salvage_from(damaged);
  log(LogLevel::kError, "the spool was damaged; it is kept as {}; {} alerts of it were taken over", damaged,
      salvaged_);
  return {};
}

// As far as it goes: from the front until something cannot be read, then from the back until the same.
void SpoolFile::salvage_from(const std::string& damaged) {
  auto source = Database::open(damaged, Database::Mode::kReadWrite);
  // Writable_schema lets SQLite read a file that is shorter than its head says.
  if (!source || !source->execute("PRAGMA writable_schema = ON") || !database_->execute("BEGIN")) return;
  const auto copy = [&](const char* select, const char* insert, int columns,
                        int texts_from) -> std::uint64_t {
    auto from = source->prepare(select);
    auto to = database_->prepare(insert);
    std::uint64_t copied = 0;
    while (from && to) {
      const auto row = from->step();
      if (!row || !*row) break;
      // Where the end of a line is missing it reads as zeros, which no JSON holds.
      if (columns == kAlertColumns && from->text(6).find('\0') != std::string_view::npos) continue;
      for (int i = 0; i < columns; ++i) {
        if (i >= texts_from) {
          to->bind(i + 1, from->text(i));
        } else {
          to->bind(i + 1, from->integer(i));
        }
      }
      if (to->run() && database_->changes() > 0) ++copied;
    }
    return copied;
  };
  copy("SELECT id, sink FROM cursors", "INSERT OR IGNORE INTO cursors(id, sink) VALUES(?, ?)", 2, 1);
  copy("SELECT priority, count, sink, outcome, reason FROM tallies",
       "INSERT OR IGNORE INTO tallies(priority, count, sink, outcome, reason) VALUES(?, ?, ?, ?, ?)", 5, 2);
  static constexpr const char* kInsert =
      "INSERT OR IGNORE INTO alerts(id, received_ns, time_ns, priority, bytes, rule, line) VALUES(?, ?, ?, "
      "?, ?, ?, ?)";
  for (const char* select :
       {"SELECT id, received_ns, time_ns, priority, bytes, rule, line FROM alerts ORDER BY id",
        "SELECT id, received_ns, time_ns, priority, bytes, rule, line FROM alerts ORDER BY id DESC"}) {
    salvaged_ += copy(select, kInsert, kAlertColumns, 5);
  }
  if (const auto committed = database_->execute("COMMIT"); !committed) {
    log(LogLevel::kError, "what was taken over of the damaged spool cannot be written: {}",
        committed.error().message);
    static_cast<void>(database_->execute("ROLLBACK"));
    salvaged_ = 0;
  }
}

}  // namespace saker::spool
