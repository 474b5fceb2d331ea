// How the agent answers over HTTP: the keys `webserver` and `metrics`.
#pragma once

#include <cstdint>
#include <string>

#include "observe/metrics.h"

namespace saker::app {

struct WebSettings {
  bool enabled = true;
  std::string address = "0.0.0.0";
  std::uint16_t port = 8765;
  std::string health_path = "/healthz";
  bool metrics = false;
  bool tls = false;
  std::string certificate = "/etc/falco/falco.pem";  // holds the key as well
  observe::MetricsOptions groups;

  bool operator==(const WebSettings&) const = default;
};

}  // namespace saker::app
