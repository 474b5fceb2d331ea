#include "app/web.h"

#include <bpf/libbpf.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "base/clock.h"

namespace saker::app {
namespace {

constexpr const char* kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kJson = "application/json";
constexpr std::string_view kEngineVersion = "0.63.0";  // of Falco's, whose rules we read

http::Response answer(const http::Request& request, const WebSettings& settings,
                      const Web::Sources& sources) {
  if (request.method != "GET" && request.method != "HEAD")
    return http::error_response(405, "only GET is answered here");
  const std::uint64_t now = boot_time_ns();
  const auto health = [&] {
    return observe::health_of(sources.state.view(), sources.self_test.stats(), now);
  };
  if (request.path == settings.health_path) {
    const observe::Health found = health();
    return {.status = found.good ? 200U : 503U,
            .content_type = kJson,
            .body = observe::health_json(found, sources.state.view(), sources.self_test.stats(), now)};
  }
  if (request.path == "/metrics" && settings.metrics)
    return {.content_type = kPrometheusText,
            .body = observe::prometheus_text(metrics_input(sources), settings.groups)};
  if (request.path == "/status")
    return {.content_type = kJson, .body = observe::status_json(metrics_input(sources), health())};
  if (request.path == "/versions") {
    const nlohmann::json versions = {{"falco_version", version()},
                                     {"saker_version", version()},
                                     {"engine_version", "63"},
                                     {"engine_version_semver", kEngineVersion},
                                     {"libbpf_version", libbpf_version_string()}};
    return {.content_type = kJson, .body = versions.dump()};
  }
  return http::error_response(404, "there are " + settings.health_path + ", /metrics, /status and /versions");
}

}  // namespace

observe::MetricsInput metrics_input(const Web::Sources& sources) {
  return {.version = version(),
          .hostname = sources.hostname,
          .start_wall_ns = sources.start_wall_ns,
          .snapshot = sources.board.newest(),
          .state = sources.state.view(),
          .self_test = sources.self_test.stats(),
          .host = observe::read_host_facts(sources.host_root, sources.start_boot_ns)};
}

Result<std::unique_ptr<Web>> Web::start(const WebSettings& settings, const Sources& sources) {
  http::Listener listener;
  listener.address = settings.address;
  listener.port = settings.port;
  if (settings.tls)
    listener.tls = http::TlsFiles{.certificate = settings.certificate, .key = settings.certificate};
  http::ServerOptions options;
  options.listeners.push_back(std::move(listener));
  std::unique_ptr<Web> made(new Web);
  TRY_ASSIGN(made->server_,
             http::Server::start(std::move(options),
                                 [settings, sources](http::Request& request, http::Responder responder) {
                                   responder.send(answer(request, settings, sources));
                                 }));
  return made;
}

}  // namespace saker::app
