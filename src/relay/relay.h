// Relay: intake, spool and sinks put together.
#pragma once

#include <chrono>
#include <memory>

#include "base/result.h"
#include "relay/config.h"

namespace saker::relay {

class Relay {
 public:
  // Opens the spool, starts the sinks, listens. What fails is named.
  static Result<std::unique_ptr<Relay>> start(const Config& config);
  ~Relay();

  // Refuses events, delivers what is there, and ends within the time; the rest stays in the spool.
  void stop(std::chrono::milliseconds grace);

  // What happened since the last call, one line of log; nothing when nothing did.
  void log_summary();

  std::uint16_t port() const;

 private:
  struct Parts;
  explicit Relay(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace saker::relay
