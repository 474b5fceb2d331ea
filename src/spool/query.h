// Query: the alerts of a spool that answer a description, oldest first. Another process may be writing the
// spool.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "spool/spool.h"

namespace saker::spool {

struct Query {
  std::int64_t since_ns = 0, until_ns = INT64_MAX;  // the alert's own time
  Priority least = Priority::kDebug;                // this severe or more
  std::string rule{};                               // a part of the rule's name, any case; "" = every rule
  std::string text{};                               // a part of the line; "" = every line
  std::uint64_t most = UINT64_MAX;                  // the newest so many
};

// Calls `take` for each. Fails when there is no spool in that folder or it cannot be read.
Result<std::uint64_t> query(const std::string& folder, const Query& query,
                            const std::function<void(const StoredAlert&)>& take);

// "90s", "15m", "1h", "7d": nanoseconds. Or an RFC 3339 time: then what has passed of `now_ns` since it.
std::optional<std::int64_t> time_before(std::string_view text, std::int64_t now_ns);

}  // namespace saker::spool
