// An HTTP receiver whose next answers are given.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/server.h"

namespace saker::alert {

class Receiver {
 public:
  // `port`: 0 = any.
  explicit Receiver(std::optional<http::TlsFiles> tls = std::nullopt, std::uint16_t port = 0)
      : scheme_(tls ? "https" : "http") {
    http::ServerOptions options;
    options.listeners = {{.address = "127.0.0.1", .port = port, .tls = std::move(tls)}};
    server_ =
        std::move(*http::Server::start(options, [this](http::Request& request, http::Responder responder) {
          const std::lock_guard lock(mutex_);
          got_.push_back({std::string(request.method), std::string(request.path),
                          std::string(request.content_type), std::string(request.content_encoding),
                          request.body});
          http::Response response;
          if (!answers_.empty()) {
            response = answers_.front();
            answers_.erase(answers_.begin());
          }
          responder.send(std::move(response));
        }));
  }

  std::string url() const { return fmt::format("{}://127.0.0.1:{}/hook", scheme_, server_->port()); }
  std::uint16_t port() const { return server_->port(); }
  http::ServerStats stats() const { return server_->stats(); }

  struct Got {
    std::string method, path, content_type, content_encoding, body;
  };
  std::vector<Got> got() const {
    const std::lock_guard lock(mutex_);
    return got_;
  }
  std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const Got& one : got()) all.push_back(one.body);
    return all;
  }
  void answer(std::vector<http::Response> next) {
    const std::lock_guard lock(mutex_);
    answers_ = std::move(next);
  }

 private:
  const char* scheme_;
  mutable std::mutex mutex_;
  std::vector<Got> got_;
  std::vector<http::Response> answers_;
  std::unique_ptr<http::Server> server_;  // the last: its thread uses the others
};

}  // namespace saker::alert
