// Retention: what leaves a spool, within a transaction of the writer's: what all sinks are done with and
// nobody keeps, what is too old, and, when room is wanted, what is worth less than what comes. Private to
// this folder.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "spool/database.h"
#include "spool/shared.h"
#include "spool/spool.h"
#include "spool/spool_file.h"

namespace saker::spool {

// By priority: how many alerts a sink has not had.
using Lost = std::array<std::uint64_t, kPriorityCount>;

class Retention {
 public:
  // Keeps `inventory` up to date. All outlive it.
  Retention(const SpoolOptions& options, Shared& shared, Inventory& inventory)
      : options_(options), shared_(shared), inventory_(inventory) {}

  Result<> prepare(Database& database);
  void reset_statements();

  // `through`: all sinks are done with alerts up to that number.
  Result<> remove_settled(std::int64_t through, std::int64_t now_ns);
  Result<Lost> remove_aged(std::int64_t through, std::int64_t oldest_waiting_ns, std::int64_t now_ns);
  Result<Lost> make_room(std::int64_t through, std::uint64_t bytes, Priority newcomer);
  // After the transaction: sinks may take in hand again what they like.
  void end_evicting();

 private:
  Result<std::int64_t> remove_oldest_settled(std::int64_t through, std::int64_t received_ns,
                                             std::int64_t rows);
  Result<std::uint64_t> evict(Priority priority, std::uint64_t bytes);
  void begin_evicting();
  template <class Take>
  Result<bool> for_gaps(std::int64_t after, Take take);
  void note_removed(Priority priority, std::uint64_t bytes);

  const SpoolOptions& options_;
  Shared& shared_;
  Inventory& inventory_;
  using Ranges = std::vector<std::pair<std::int64_t, std::int64_t>>;
  Ranges in_hand_;                                        // while evicting: sorted
  std::array<Ranges, kPriorityCount> in_hand_when_none_;  // when nothing could be evicted of a priority
  Statement remove_settled_, remove_aged_, evict_;
};

}  // namespace saker::spool
