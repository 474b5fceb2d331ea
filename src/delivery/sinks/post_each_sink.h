// A sink that is one HTTP request for each alert: chat systems and webhooks, which know no batches.
//
// A body that is refused is dropped with the status as its reason; everything else waits.
#pragma once

#include <functional>
#include <memory>

#include "delivery/answer_class.h"
#include "delivery/http_options.h"
#include "delivery/sink.h"
#include "spool/event.h"

namespace saker::delivery {

struct PostEachOptions {
  std::string url;
  std::string method = "POST";
  std::vector<std::string> headers;
  HttpOptions http;
  std::function<std::string(const spool::Event& event, const spool::StoredAlert& alert)> body;
  // Some receivers say 200 and mean no.
  std::function<AnswerClass(AnswerClass, const CallResult&)> second_look{};
};

std::unique_ptr<Sink> make_post_each_sink(PostEachOptions options);

}  // namespace saker::delivery
