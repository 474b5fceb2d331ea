#include "http/message.h"

#include <nlohmann/json.hpp>

namespace saker::http {

Response error_response(unsigned status, std::string_view reason) {
  const nlohmann::json body{{"error", reason}};
  return {.status = status,
          .content_type = "application/json",
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n'};
}

}  // namespace saker::http
