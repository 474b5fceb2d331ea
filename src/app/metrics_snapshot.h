// "Falco internal: metrics snapshot": the counters as a message among the alerts, or as a line of a file.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "alert/internal_message.h"
#include "base/result.h"
#include "observe/metrics.h"

namespace saker::app {

struct MetricsSnapshotSettings {
  bool enabled = false;
  std::uint64_t interval_ns = 3'600'000'000'000;
  bool output_rule = false;
  std::string output_file;
  bool megabytes = true;  // memory in MB, otherwise in bytes
  bool empty_values = false;
};

// Makes one snapshot after the other; remembers the last one for rates. Not thread-safe.
class MetricsSnapshot {
 public:
  // Falco's field names, for what exists here.
  std::map<std::string, alert::InternalValue> fields(const observe::MetricsInput& input,
                                                     const MetricsSnapshotSettings& settings,
                                                     const observe::MetricsOptions& groups);

 private:
  std::uint64_t taken_ns_ = 0, sent_ = 0, judged_ = 0, dropped_ = 0;
};

}  // namespace saker::app
