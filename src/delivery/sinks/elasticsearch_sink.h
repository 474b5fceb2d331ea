// Elasticsearch and OpenSearch, by the bulk API. The alert's uuid is the document's id: what is sent again is
// answered with a conflict for that document, which means that it is there.
#pragma once

#include <memory>

#include "delivery/http_options.h"
#include "delivery/sink.h"

namespace saker::delivery {

struct ElasticsearchOptions {
  std::string hostport;
  std::string index = "falco";
  std::string suffix = "daily";  // daily, monthly, annually, none: of the index, by the alert's time
  std::string pipeline;
  std::string user, password, api_key;
  bool compress = false;
  HttpOptions http;
};

std::unique_ptr<Sink> make_elasticsearch_sink(ElasticsearchOptions options);

}  // namespace saker::delivery
