// What the threads of a spool share, and the one thread that writes. Private to this folder.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <tuple>

#include "spool/spool.h"
#include "spool/spool_file.h"

namespace saker::spool {

struct Append {
  std::vector<NewAlert> alerts;
  std::uint64_t bytes = 0;
  std::function<void(Stored)> done;
};

struct Settlement {
  std::string sink;
  std::int64_t id = 0;
  std::vector<Tally> tallies;
};

struct Shared {
  mutable std::mutex mutex;
  mutable std::condition_variable work;  // for the writer
  mutable std::condition_variable more;  // for sinks and sync()
  std::deque<Append> appends;
  std::uint64_t append_bytes = 0;
  std::vector<Settlement> settlements;
  std::uint64_t given = 0, done = 0;  // requests to the writer, for sync()
  bool stopping = false;
  bool damaged = false;  // a reader found it so
  std::uint64_t generation = 0;  // of the file: readers open it again when it changes
  std::int64_t last_id = 0;
  std::map<std::string, std::int64_t> cursors;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> in_hand;  // by sink, first and last
  bool evicting = false;  // the transaction under way does, but for what was in hand when it began to
  SpoolStats stats;
};

class SpoolWriter {
 public:
  SpoolWriter(SpoolOptions options, SpoolFile file, Shared& shared)
      : options_(std::move(options)), file_(std::move(file)), shared_(shared) {}

  // Reads what is there and sets the cursors of `sinks`.
  Result<> begin(const std::vector<std::string>& sinks);

  // The thread: until Shared::stopping, and until all that was given before is written.
  void run();

 private:
  struct Group {
    std::vector<Append> appends;
    std::vector<Settlement> settlements;
    std::vector<Stored> outcomes;  // of appends
  };
  using TallyKey = std::tuple<std::string, std::string, std::string, Priority>;

  Result<> prepare();
  Result<> load();
  void write(Group& group);
  Result<> transact(Group& group);
  Result<> settle(const Settlement& settlement);
  Result<> tally(const Tally& tally);
  Result<Stored> insert(const Append& append, std::int64_t now_ns);
  Result<> remove_settled(std::int64_t now_ns);
  Result<> remove_aged(std::int64_t now_ns);
  Result<> make_room(std::uint64_t bytes, Priority newcomer);
  Result<std::uint64_t> evict(Priority priority, std::uint64_t bytes);
  void begin_evicting();
  void end_evicting();
  template <class Take>
  Result<bool> for_gaps(std::int64_t after, Take take);
  void note_removed(Priority priority, std::uint64_t bytes);
  bool is_recent(std::string_view uuid) const;
  void remember(std::string_view uuid);
  std::int64_t settled_through() const;
  void reset_statements();
  void give_back_pages();
  void publish();

  SpoolOptions options_;
  SpoolFile file_;
  Shared& shared_;

  Inventory inventory_;
  std::map<std::string, std::int64_t> cursors_;
  std::map<TallyKey, std::uint64_t> tallies_;
  std::int64_t oldest_waiting_ns_ = 0;
  using Ranges = std::vector<std::pair<std::int64_t, std::int64_t>>;
  Ranges in_hand_;                                        // while evicting: sorted
  std::array<Ranges, kPriorityCount> in_hand_when_none_;  // when nothing could be evicted of a priority
  SpoolStats counts_;
  bool failing_ = false;  // the last transaction was

  std::deque<std::size_t> recent_order_;  // hashes of uuids
  absl::flat_hash_set<std::size_t> recent_;
  std::vector<std::size_t> recent_new_;  // of the transaction under way

  Statement begin_, commit_, rollback_, insert_, cursor_, tally_, remove_settled_, remove_aged_, evict_,
      oldest_, vacuum_;
};

}  // namespace saker::spool
