// Metrics: Falcosidekick's three counters, and what there is to know about the spool and the sinks.
//
// What sinks have done comes from the spool's tallies, which survive a restart. The number of series of the
// one counter with labels from outside is capped: what is beyond is counted under one series of its own.
// Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "delivery/sink_worker.h"
#include "http/server.h"
#include "relay/config.h"
#include "spool/event.h"
#include "spool/spool.h"

namespace saker::relay {

class Metrics {
 public:
  explicit Metrics(const Config& config);

  void count_accepted(const std::vector<std::string>& series);
  void count_rejected(std::uint64_t events = 1) { rejected_ += events; }

  // The series of falco_events_total that an event belongs to, for count_accepted().
  std::string series_of(const spool::Event& event) const;

  // Prometheus' text format.
  std::string text(const spool::SpoolStats& spool,
                   const std::vector<std::unique_ptr<delivery::SinkWorker>>& sinks,
                   const http::ServerStats& server) const;

 private:
  Texts label_names_;   // as Prometheus takes them
  Texts field_labels_;  // the fields behind those after the first seven
  std::size_t series_max_;
  std::atomic<std::uint64_t> accepted_ = 0, rejected_ = 0;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::uint64_t> events_;
};

}  // namespace saker::relay
