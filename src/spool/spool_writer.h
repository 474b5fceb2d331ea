// The one thread of a spool that writes. Private to this folder.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "spool/recent_uuids.h"
#include "spool/retention.h"
#include "spool/shared.h"
#include "spool/spool.h"
#include "spool/spool_file.h"

namespace saker::spool {

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
  Result<> tally(const Lost& lost, const char* reason);
  Result<Stored> insert(const Append& append, std::int64_t now_ns);
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
  SpoolStats counts_;
  bool failing_ = false;  // the last transaction was

  RecentUuids recent_;
  Retention retention_{options_, shared_, inventory_};

  Statement begin_, commit_, rollback_, insert_, cursor_, tally_, oldest_, vacuum_;
};

}  // namespace saker::spool
