// What every sink over HTTP can be told, with Falcosidekick's names where it has them.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "http/client.h"

namespace saker::delivery {

struct HttpOptions {
  std::map<std::string, std::string> custom_headers;  // customheaders; set last, so they win
  bool check_cert = true;                             // checkcert
  bool mutual_tls = false;                            // mutualtls: a client certificate is shown
  std::string client_certificate, client_key;         // of mutualtlsfilespath or mutualtlsclient
  std::string client_ca;                              // the CA beside that certificate
  std::string ca_file;                                // tlsclient.cacertfile, beside the system's
  std::chrono::milliseconds timeout{10'000};
};

http::ClientOptions client_options(const HttpOptions& options);

// "Name: value" of each custom header; with another of the same name in `headers` the custom one wins.
void add_custom_headers(const HttpOptions& options, std::vector<std::string>& headers);

}  // namespace saker::delivery
