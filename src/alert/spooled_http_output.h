// SpooledHttpOutput: HttpOutput with a spool on disk before it, the relay's own. What was written is
// delivered in its order whenever the receiver takes it, also by the next agent: neither a restart nor kill
// -9 loses it.
//
// Two threads: the output's worker brings alerts to the disk, the spool's sink worker from there to the
// receiver. To the first an alert is delivered when it is on disk; spool() says what became of it then. The
// spool is bounded in bytes and age: when it is full, less severe alerts make room for more severe ones,
// counted, and others wait in the worker's queue.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "alert/http_output.h"
#include "alert/output.h"
#include "alert/spool_batch.h"

namespace saker::delivery {
class SinkWorker;
}

namespace saker::alert {

class SpooledHttpOutput final : public Output {
 public:
  struct Settings {
    HttpOutput::Settings http;
    std::string folder = "/var/lib/saker/http";
    std::uint64_t bytes_max = 64ULL << 20;
    std::chrono::seconds age_max = std::chrono::hours(7 * 24);
  };

  explicit SpooledHttpOutput(Settings settings);
  ~SpooledHttpOutput() override;

  Delivery begin() override;
  Delivery write(const Message& message) override;
  Delivery flush() override;
  bool flushes_when_idle() const override { return true; }
  void cancel() override { batch_.cancel(); }
  std::optional<SpoolState> spool() const override;

 private:
  Settings settings_;
  SpoolBatch batch_;
  mutable std::mutex mutex_;  // guards the making of these two; the worker's thread reads them without
  std::unique_ptr<spool::Spool> spool_;  // null: could not be opened yet
  std::unique_ptr<delivery::SinkWorker> sender_;
  std::string life_;  // of this spool: what uuids begin with
  std::uint64_t count_ = 0;
};

}  // namespace saker::alert
