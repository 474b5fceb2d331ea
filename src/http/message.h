// What an HTTP server is asked and what it answers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saker::http {

// The views hold until the request is answered. The body may be moved away.
struct Request {
  std::string_view method;  // as sent: "GET"
  std::string_view path;    // the target up to '?', as sent
  std::string_view query;   // what follows the '?'
  std::string_view content_type, content_encoding, accept, authorization;
  std::string body;
  std::string peer;          // the other end's address
  std::size_t listener = 0;  // which one of ServerOptions::listeners it came in by
};

struct Response {
  unsigned status = 200;
  std::string content_type{};  // "" = none
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};  // further ones
  bool close = false;                                          // end the connection after this answer
};

// {"error": "..."} with its status.
Response error_response(unsigned status, std::string_view reason);

}  // namespace saker::http
