// RecentUuids: which alerts have come lately, by which one that is sent again is known.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <cstddef>
#include <deque>
#include <string_view>
#include <vector>

namespace saker::spool {

// The last kRecentMax. Those of a transaction under way may be taken back.
class RecentUuids {
 public:
  bool contains(std::string_view uuid) const;
  void add(std::string_view uuid);

  // What was added since then is there to stay; or was never there.
  void keep() { new_.clear(); }
  void take_back();

 private:
  std::deque<std::size_t> order_;  // hashes
  absl::flat_hash_set<std::size_t> known_;
  std::vector<std::size_t> new_;
};

}  // namespace saker::spool
