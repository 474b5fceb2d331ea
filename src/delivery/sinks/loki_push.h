// The body of Loki's push request, in both of its forms. The same entries make the same bytes.
#pragma once

#include <span>
#include <string>

#include "delivery/sinks/loki_entry.h"

namespace saker::delivery {

enum class LokiEncoding {
  kSnappy,  // protobuf in a snappy block: what Promtail and Alloy send; smallest and cheapest
  kGzip,    // JSON, gzip: for what stands in Loki's place and knows no protobuf
};

// Entries of one stream must stand together.
std::string push_body(LokiEncoding encoding, std::span<const LokiEntry* const> entries);

}  // namespace saker::delivery
