// HttpOutput: each line as the body of a POST of its own, as Falco sends it.
//
// Only a 2xx answer is a success. What a receiver may take later (no connection, no answer in time, 408, 429,
// 5xx) is given again by the worker; what it will never take (another status) is lost and counted.
#pragma once

#include <cstdint>
#include <string>

#include "alert/output.h"
#include "http/client.h"

namespace saker::alert {

class HttpOutput final : public Output {
 public:
  struct Settings {
    std::string url;
    std::string user_agent = "falcosecurity/falco";
    bool insecure = false;  // the certificate is not looked at
    std::string ca_cert = {}, ca_bundle = {};
    std::string ca_path = "/etc/ssl/certs";
    bool mtls = false;
    std::string client_cert = "/etc/ssl/certs/client.crt";
    std::string client_key = "/etc/ssl/certs/client.key";
    bool echo = false;  // the receiver's answers go to the log
    bool compress = false;
    bool keep_alive = false;
    std::uint32_t max_consecutive_timeouts = 5;  // so many in a row are said to be an outage
    std::uint32_t timeout_ms = 10'000;           // the whole call
    std::uint32_t connect_timeout_ms = 5'000;
  };

  explicit HttpOutput(Settings settings);

  Delivery write(const Message& message) override;
  void cancel() override { client_.cancel(); }

 private:
  Delivery judge(const http::Answer& answer);
  Delivery judge(const http::CallFailure& failure);

  Settings settings_;
  http::Client client_;
  std::uint32_t timeouts_ = 0;  // in a row
};

}  // namespace saker::alert
