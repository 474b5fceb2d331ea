// StoreOutput: alerts kept on this machine, in the relay's own spool with no sink behind it; `saker events`
// asks it.
//
// What the relay's intake does, without a network between: an alert becomes an event, is sealed, and is told
// to be delivered once the spool has it on disk. Alerts that come while some are being synced go into the
// next transaction together. What the spool keeps is bounded by bytes and age, oldest out first. When the
// disk fails, alerts wait in the worker's queue, and are counted there when it is full.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "alert/output.h"
#include "alert/spool_batch.h"
#include "base/result.h"

namespace saker::alert {

class StoreOutput final : public Output {
 public:
  struct Settings {
    std::string folder = "/var/lib/saker";
    std::uint64_t bytes_max = 64ULL << 20;
    std::chrono::seconds keep = std::chrono::hours(7 * 24);
  };

  explicit StoreOutput(Settings settings);
  ~StoreOutput() override;

  // Opens the spool, whose size tells how long that takes.
  Delivery begin() override;
  Delivery write(const Message& message) override;
  Delivery flush() override;
  bool flushes_when_idle() const override { return true; }
  void cancel() override { batch_.cancel(); }

 private:
  Settings settings_;
  std::unique_ptr<spool::Spool> spool_;  // null: could not be opened yet
  SpoolBatch batch_;
};

}  // namespace saker::alert
