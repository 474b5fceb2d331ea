// Loki: batches by the push API.
//
// Loki answers for a whole request, but refuses single entries and keeps the rest. So a refused batch is
// halved until the entries at fault stand alone; sending the others again does no harm, Loki knows them. An
// entry that is refused alone is mended if it can be (a stream of its own when it comes too late, fewer
// labels when there are too many streams) and else dropped with Loki's reason.
#pragma once

#include <memory>

#include "delivery/http_options.h"
#include "delivery/sink.h"
#include "delivery/sinks/loki_push.h"

namespace saker::delivery {

struct LokiOptions {
  std::string url;     // hostport and endpoint
  std::string tenant;  // X-Scope-OrgID
  std::string user, password;
  std::string bearer_token;
  LokiFormat format;
  LokiEncoding encoding = LokiEncoding::kSnappy;
  HttpOptions http;
  BatchLimits batch;
};

std::unique_ptr<Sink> make_loki_sink(LokiOptions options);

}  // namespace saker::delivery
