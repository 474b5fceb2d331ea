// Board: where the pipeline hangs out its newest snapshot, once a second.
//
// Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "observe/snapshot.h"

namespace saker::observe {

class Board {
 public:
  void publish(std::shared_ptr<const Snapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    newest_ = std::move(snapshot);
  }

  // Null until the first is there.
  std::shared_ptr<const Snapshot> newest() const {
    const std::lock_guard lock(mutex_);
    return newest_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> newest_;
};

}  // namespace saker::observe
