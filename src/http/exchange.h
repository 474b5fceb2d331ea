// Exchange: one request being handled, as its Responder sees it.
#pragma once

#include "http/message.h"

namespace saker::http {

class Exchange {
 public:
  virtual ~Exchange() = default;

  // From any thread, once for each request.
  virtual void answer(Response response) = 0;
};

}  // namespace saker::http
