// The sinks that a configuration switches on.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "delivery/sink.h"
#include "delivery/sink_worker.h"
#include "relay/config.h"

namespace saker::relay {

struct ConfiguredSink {
  delivery::SinkConfig config;
  std::unique_ptr<delivery::Sink> sink;
};

Result<std::vector<ConfiguredSink>> make_sinks(const Config& config);

}  // namespace saker::relay
