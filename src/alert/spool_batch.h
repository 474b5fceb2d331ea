// SpoolBatch: an output's way into a spool on disk. Alerts that come while some are being synced go into the
// next transaction together; none counts as delivered before it is on disk.
//
// One thread uses it; cancel() may come from any.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "alert/output.h"
#include "spool/spool.h"

namespace saker::alert {

class SpoolBatch {
 public:
  static constexpr std::size_t kAlertsMax = 512;
  static constexpr std::size_t kBytesMax = 256 << 10;

  // What a spool without room for them means.
  enum class Full {
    kWait,  // for it to be emptied
    kLose,  // they are larger than it may be at all: whatever fits is kept in place of what is older
  };
  SpoolBatch(std::string folder, Full full);

  // Buffers the alert; when it is one too many, flushes. `again`: the alert was not taken.
  Delivery write(spool::Spool& spool, spool::NewAlert alert);

  // Waits until all that is buffered is on disk.
  Delivery flush(spool::Spool& spool);

  void cancel();

 private:
  struct Answer {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<spool::Stored> stored;
    bool cancelled = false;
  };

  const std::string folder_;
  const Full full_;
  std::vector<spool::NewAlert> pending_;
  std::size_t pending_bytes_ = 0;
  std::shared_ptr<Answer> answer_;  // shared with the spool's thread, which may come late
};

}  // namespace saker::alert
