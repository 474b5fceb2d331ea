// SpoolFile: the database file of a spool: its tables, and what is done when it is damaged.
//
// Not thread-safe. The spool's writer owns it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "spool/database.h"
#include "spool/spool.h"

namespace saker::spool {

// What lies in the file. Changed with every transaction, and put back when one fails.
struct Inventory {
  std::array<std::uint64_t, kPriorityCount> count{}, bytes{};
  std::int64_t last_id = 0;
  std::array<std::int64_t, kPriorityCount> evicted_through{};  // nothing of this priority is left up to here

  std::uint64_t alerts() const;
  std::uint64_t total_bytes() const;
};

struct SpoolContent {
  Inventory inventory;
  std::map<std::string, std::int64_t> cursors;
  std::vector<Tally> tallies;
  std::vector<std::string> recent_uuids;  // oldest first
};

// What a row costs beside its line: the other columns and its share of the tree.
inline constexpr std::uint64_t kRowBytes = 64;

class SpoolFile {
 public:
  // Makes the folder, takes its lock, opens or makes the file. A damaged file is set aside and counted in
  // `corruptions`.
  static Result<SpoolFile> open(const std::string& folder);

  Result<SpoolContent> read_content();

  // Closes the file, keeps it beside a new one, and copies what can be read of it.
  Result<> replace();

  Database& database() { return *database_; }
  std::uint64_t corruptions() const { return corruptions_; }
  std::uint64_t salvaged() const { return salvaged_; }

 private:
  SpoolFile(std::string folder, UniqueFd lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}
  Result<> open_database();
  void salvage_from(const std::string& damaged);

  std::string folder_;
  UniqueFd lock_;
  std::unique_ptr<Database> database_;
  std::uint64_t corruptions_ = 0, salvaged_ = 0;
};

}  // namespace saker::spool
