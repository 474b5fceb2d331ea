// Spool: alerts on disk, from the moment they are acknowledged until every sink is done with them.
//
// One SQLite file in WAL mode, one thread that writes. What came while the last transaction was being synced
// goes into the next one (group commit), so the cost of a sync is shared by all senders of that moment. An
// alert is told to be stored only after that sync: neither kill -9 nor a power cut loses it.
//
// Alerts stand in the order they came, numbered upwards. Each sink has a cursor: all up to it is settled,
// that is delivered or dropped for a reason that is counted. A cursor and its counts are written in one
// transaction. One that is lost in a crash means that alerts are delivered again, with the same bytes.
//
// Bounded by bytes and age. When full, alerts that are settled and only kept for queries go first; then a
// newcomer pushes out the oldest of a lower priority; where there is none it is refused and the sender keeps
// it. A file that is damaged is kept aside, what can be read of it is taken over, and the service goes on.
//
// Thread-safe, but for Reader: one thread owns each.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "spool/priority.h"

namespace saker::spool {

struct SpoolOptions {
  std::string folder{};  // is made when it is not there
  std::uint64_t bytes_max = 256ULL << 20;
  std::chrono::seconds age_max = std::chrono::hours(7 * 24);  // since it came; older ones are evicted
  std::chrono::seconds keep{0};                               // settled alerts stay this long, for queries
  std::uint64_t queue_bytes_max = 16ULL << 20;                // given to append() and not yet stored
  std::chrono::seconds housekeeping{1};  // how often ages are looked at when nothing comes
};

struct NewAlert {
  std::int64_t time_ns = 0;
  Priority priority = Priority::kDebug;
  std::string rule;
  std::string uuid;  // an alert with one of the last kRecentMax uuids is the same alert, sent again
  std::string line;
};

inline constexpr std::size_t kRecentMax = 65'536;

enum class Stored {
  kYes,     // durable
  kFull,    // nothing of it is stored: no room, try again later
  kFailed,  // nothing of it is stored: the disk failed
};

struct StoredAlert {
  std::int64_t id = 0;
  std::int64_t received_ns = 0, time_ns = 0;
  Priority priority = Priority::kDebug;
  std::string rule;
  std::string line;
};

// What became of some alerts, for the counts that outlive a restart. `sink` is "" for the spool itself.
struct Tally {
  std::string sink;
  std::string outcome;  // "delivered", "dropped", "filtered", "evicted"
  std::string reason;   // why dropped or evicted
  Priority priority = Priority::kDebug;
  std::uint64_t count = 0;
};

// The reasons of "evicted".
inline constexpr const char* kEvictedFull = "full";
inline constexpr const char* kEvictedAge = "age";

struct SpoolStats {
  std::uint64_t alerts = 0, bytes = 0;       // stored now
  std::uint64_t waiting = 0;                 // of them not settled by every sink
  std::int64_t oldest_waiting_ns = 0;        // when the oldest of those came; 0 = none
  std::uint64_t bytes_max = 0;               //
  std::uint64_t stored = 0, duplicates = 0;  // since start
  std::uint64_t refused_full = 0, write_errors = 0;
  std::uint64_t commits = 0;
  std::uint64_t corruptions = 0, salvaged = 0;
  std::map<std::string, std::uint64_t> behind;  // for each sink, alerts after its cursor
  std::vector<Tally> tallies;                   // since the spool was made
};

class Reader;

class Spool {
 public:
  // Fails when the folder cannot be written or another process has the spool. A damaged file is no failure.
  // Cursors of sinks that are not named here are forgotten; a new sink begins with the oldest alert that is
  // there.
  static Result<std::unique_ptr<Spool>> open(SpoolOptions options, std::vector<std::string> sinks);

  // Stores what was given to append(), then ends.
  ~Spool();

  // All of them or none. `done` is called once with what became of them, on the spool's thread, or at once on
  // the caller's when the queue is full; it must not block.
  void append(std::vector<NewAlert> alerts, std::function<void(Stored)> done);

  // From now on `sink` has the alerts from `first` to `last` in hand, and no others: they are not evicted, so
  // that none is counted both as evicted and as delivered. To be called before they are read. Waits for a
  // transaction that evicts.
  void hold(const std::string& sink, std::int64_t first, std::int64_t last);

  // `sink` is done with everything up to `id`. Durable with one of the next transactions.
  void settle(const std::string& sink, std::int64_t id, std::vector<Tally> tallies);

  std::int64_t cursor(const std::string& sink) const;

  // Until there is an alert after `id`, or `until`, or `*stop` after a wake(). True: there is one.
  bool wait_beyond(std::int64_t id, std::chrono::steady_clock::time_point until,
                   const std::atomic<bool>* stop = nullptr) const;
  void wake();

  // Until everything given to append() and settle() so far is on disk.
  void sync();

  SpoolStats stats() const;

  std::unique_ptr<Reader> reader() const;

 private:
  struct State;
  explicit Spool(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
  friend class Reader;
};

class Reader {
 public:
  struct Request {
    std::int64_t after = 0;
    std::size_t alerts_max = 1000;
    std::int64_t numbers_max = INT64_MAX;  // no further than `after` and so many
    std::size_t bytes_max = 1 << 20;       // of lines; one alert is returned even if larger
    Priority least = Priority::kDebug;     // less severe ones are left out, but not kTestRule
  };
  struct Page {
    std::vector<StoredAlert> alerts;
    std::int64_t through = 0;    // everything up to here is in `alerts` or left out
    bool more = false;           // there are alerts after that
    std::uint64_t left_out = 0;  // by priority
  };

  ~Reader();
  Result<Page> read(const Request& request);

 private:
  struct Connection;
  explicit Reader(const Spool& spool);
  const Spool& spool_;
  std::unique_ptr<Connection> connection_;
  friend class Spool;
};

// The file of a spool in that folder.
std::string database_path(const std::string& folder);

}  // namespace saker::spool
