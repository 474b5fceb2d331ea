#include "spool/recent_uuids.h"

#include <absl/hash/hash.h>

#include "spool/spool.h"

namespace saker::spool {

bool RecentUuids::contains(std::string_view uuid) const { return known_.contains(absl::HashOf(uuid)); }

void RecentUuids::add(std::string_view uuid) {
  const std::size_t hash = absl::HashOf(uuid);
  if (!known_.insert(hash).second) return;
  order_.push_back(hash);
  new_.push_back(hash);
  // Never one of the transaction under way: a group holds fewer.
  while (order_.size() > kRecentMax + new_.size()) {
    known_.erase(order_.front());
    order_.pop_front();
  }
}

void RecentUuids::take_back() {
  for (const std::size_t hash : new_) known_.erase(hash);
  order_.resize(order_.size() - new_.size());
  new_.clear();
}

}  // namespace saker::spool
