// OpenTelemetry logs over HTTP, as JSON (OTLP/HTTP knows both encodings).
#pragma once

#include <memory>

#include "delivery/http_options.h"
#include "delivery/sink.h"
#include "spool/event.h"

namespace saker::delivery {

struct OtlpOptions {
  std::string url;  // with /v1/logs
  std::vector<std::string> headers;
  HttpOptions http;
};

std::string otlp_record(const spool::Event& event, std::int64_t observed_ns);
std::unique_ptr<Sink> make_otlp_sink(OtlpOptions options);

}  // namespace saker::delivery
