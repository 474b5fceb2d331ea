#include "delivery/http_options.h"

#include <strings.h>

namespace saker::delivery {

http::ClientOptions client_options(const HttpOptions& options) {
  http::ClientOptions client;
  client.timeout = options.timeout;
  client.verify = options.check_cert || options.mutual_tls;
  client.user_agent = "saker-relay";
  client.ca_file = options.ca_file;
  client.add_system_ca = true;
  if (options.mutual_tls) {
    client.client_certificate = options.client_certificate;
    client.client_key = options.client_key;
    if (!options.client_ca.empty()) client.ca_file = options.client_ca;
  }
  return client;
}

void add_custom_headers(const HttpOptions& options, std::vector<std::string>& headers) {
  for (const auto& [name, value] : options.custom_headers) {
    std::erase_if(headers, [&wanted = name](const std::string& header) {
      return header.size() > wanted.size() && header[wanted.size()] == ':' &&
             ::strncasecmp(header.c_str(), wanted.c_str(), wanted.size()) == 0;
    });
    headers.push_back(name + ": " + value);
  }
}

}  // namespace saker::delivery
