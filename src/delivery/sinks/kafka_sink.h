// A Kafka topic, by librdkafka: an idempotent producer, so that its own retries neither double nor reorder.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "delivery/sink.h"

namespace saker::delivery {

struct KafkaOptions {
  std::string hostport;  // host:port, or several with commas
  std::string topic;
  std::map<std::string, std::string> settings;  // librdkafka's own names, as the configuration made them
};

// Fails on a setting that librdkafka does not take.
Result<std::unique_ptr<Sink>> make_kafka_sink(const KafkaOptions& options);

}  // namespace saker::delivery
