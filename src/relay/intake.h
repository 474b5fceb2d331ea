// Intake: the HTTP side of the relay.
//
//   POST /        one event, a JSON array of them, or NDJSON; gzip is understood. 200 when all of it is
//   durable POST /test    the test event GET /ping /healthz /metrics
//
// Answers: 400 and why, as JSON; 404; 405; 413; 415; 429 with Retry-After when the spool is full; 503 while
// draining or when the disk fails. Of a batch the good events are taken; the 200 then says which were not.
//
// Thread-safe. The handler runs on the server's thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "http/message.h"
#include "http/server.h"
#include "relay/enrichment.h"
#include "relay/metrics.h"
#include "spool/spool.h"

namespace saker::relay {

class Intake {
 public:
  // All must outlive the intake. `metrics_text` is what /metrics says.
  Intake(const Config& config, const Enrichment& enrichment, Metrics& metrics, spool::Spool& spool,
         std::function<std::string()> metrics_text);

  void handle(http::Request& request, http::Responder responder);

  // From now on events are refused with 503; the rest is still answered.
  void begin_drain() { draining_ = true; }

 private:
  void take(http::Request& request, http::Responder responder);
  void take_test(http::Responder responder);
  void store(spool::ParsedEvents parsed, http::Responder responder);
  bool is_elsewhere(const http::Request& request) const;

  const Config& config_;
  const Enrichment& enrichment_;
  Metrics& metrics_;
  spool::Spool& spool_;
  std::function<std::string()> metrics_text_;
  std::atomic<bool> draining_ = false;
};

}  // namespace saker::relay
