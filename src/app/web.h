// Web: /metrics, /healthz, /versions and /status over HTTP, as `webserver` and `metrics` configure them.
#pragma once

#include <memory>
#include <string>

#include "app/web_settings.h"
#include "base/result.h"
#include "http/server.h"
#include "observe/board.h"
#include "observe/health.h"

namespace saker::app {

class Web {
 public:
  struct Sources {  // all outlive it
    observe::Board& board;
    observe::AgentState& state;
    observe::SelfTest& self_test;
    std::string hostname, host_root;
    std::uint64_t start_wall_ns = 0, start_boot_ns = 0;
  };

  static Result<std::unique_ptr<Web>> start(const WebSettings& settings, const Sources& sources);

  std::uint16_t port() const { return server_->port(); }

 private:
  Web() = default;
  std::unique_ptr<http::Server> server_;
};

observe::MetricsInput metrics_input(const Web::Sources& sources);

}  // namespace saker::app
