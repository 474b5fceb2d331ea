// What the threads of a spool share. Private to this folder.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "spool/spool.h"

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
  bool damaged = false;          // a reader found it so
  std::uint64_t generation = 0;  // of the file: readers open it again when it changes
  std::int64_t last_id = 0;
  std::map<std::string, std::int64_t> cursors;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> in_hand;  // by sink, first and last
  bool evicting = false;  // the transaction under way does, but for what was in hand when it began to
  SpoolStats stats;
};

}  // namespace saker::spool
