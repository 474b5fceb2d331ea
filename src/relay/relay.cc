#include "relay/relay.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "http/server.h"
#include "relay/intake.h"
#include "relay/make_sinks.h"

namespace saker::relay {
namespace {

using Clock = std::chrono::steady_clock;

// Bodies on their way in, of all connections.
constexpr std::size_t kBodiesBytesMax = 24 << 20;

http::ServerOptions server_options(const Config& config) {
  http::ServerOptions options;
  const auto port = [](std::int64_t number) { return static_cast<std::uint16_t>(number); };
  http::Listener main{.address = config.listenaddress, .port = port(config.listenport)};
  if (config.tlsserver.deploy) {
    main.tls = http::TlsFiles{config.tlsserver.certfile, config.tlsserver.keyfile,
                              config.tlsserver.mutualtls ? config.tlsserver.cacertfile : ""};
  }
  options.listeners.push_back(std::move(main));
  if (config.tlsserver.deploy && !config.tlsserver.notlspaths.empty())
    options.listeners.push_back({.address = config.listenaddress, .port = port(config.tlsserver.notlsport)});
  options.body_bytes_max = static_cast<std::size_t>(config.bodybytes);
  options.bodies_bytes_max = kBodiesBytesMax;
  options.connections_max = static_cast<std::size_t>(config.connections);
  options.server_name = "saker-relay";
  return options;
}

}  // namespace

// In the order in which they are made; they end the other way round.
struct Relay::Parts {
  explicit Parts(const Config& the_config) : config(the_config), enrichment(config), metrics(config) {}

  Config config;
  Enrichment enrichment;
  Metrics metrics;
  std::unique_ptr<spool::Spool> spool;
  std::vector<std::unique_ptr<delivery::SinkWorker>> sinks;
  std::unique_ptr<Intake> intake;
  std::unique_ptr<http::Server> server;
  std::uint64_t stored_before = 0, delivered_before = 0;
};

Relay::Relay(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Relay::~Relay() = default;

Result<std::unique_ptr<Relay>> Relay::start(const Config& config) {
  auto parts = std::make_unique<Parts>(config);
  TRY_ASSIGN(auto sinks, make_sinks(config));
  std::vector<std::string> names;
  for (const ConfiguredSink& one : sinks) names.push_back(one.config.name);
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::seconds;
  const auto age_max = duration_cast<seconds>(milliseconds(*milliseconds_of(config.spool.maxage)));
  TRY_ASSIGN(
      parts->spool,
      spool::Spool::open({.folder = config.spool.path,
                          .bytes_max = static_cast<std::uint64_t>(config.spool.maxbytes),
                          .age_max = age_max,
                          .keep = duration_cast<seconds>(milliseconds(*milliseconds_of(config.spool.keep)))},
                         names));
  for (ConfiguredSink& one : sinks) {
    one.config.age_max = age_max;
    parts->sinks.push_back(
        std::make_unique<delivery::SinkWorker>(std::move(one.config), std::move(one.sink), *parts->spool));
  }
  Parts& p = *parts;
  parts->intake = std::make_unique<Intake>(p.config, p.enrichment, p.metrics, *p.spool, [&p] {
    return p.metrics.text(p.spool->stats(), p.sinks, p.server ? p.server->stats() : http::ServerStats{});
  });
  TRY_ASSIGN(parts->server, http::Server::start(server_options(config),
                                                [&p](http::Request& request, http::Responder responder) {
                                                  p.intake->handle(request, std::move(responder));
                                                }));
  const spool::SpoolStats stats = p.spool->stats();
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  log(LogLevel::kInfo, "listening on port {}; sinks: {}; {} alerts wait in {}", p.server->port(),
      all.empty() ? "none" : all, stats.waiting, config.spool.path);
  if (names.empty() && config.spool.keep == "0s")
    log(LogLevel::kWarning, "no output is configured: alerts are taken and go nowhere");
  return std::unique_ptr<Relay>(new Relay(std::move(parts)));
}

std::uint16_t Relay::port() const { return parts_->server->port(); }

void Relay::stop(std::chrono::milliseconds grace) {
  const auto until = Clock::now() + grace;
  parts_->intake->begin_drain();
  parts_->spool->sync();
  for (const auto& sink : parts_->sinks) sink->stop(until);
  for (const auto& sink : parts_->sinks) sink->join();
  parts_->spool->sync();
  parts_->server->drain(std::max(std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()),
                                 std::chrono::milliseconds(200)));
  log_summary();
  const std::uint64_t waiting = parts_->spool->stats().waiting;
  log(LogLevel::kInfo, "stopped; {} alerts stay in the spool", waiting);
}

void Relay::log_summary() {
  const spool::SpoolStats stats = parts_->spool->stats();
  std::uint64_t delivered = 0;
  std::string sinks;
  for (const auto& sink : parts_->sinks) {
    const delivery::SinkStats& one = sink->stats();
    delivered += one.delivered + one.dropped;
    sinks += fmt::format("; {}: {} delivered, {} dropped, {} retries, {}", sink->name(), one.delivered.load(),
                         one.dropped.load(), one.retries.load(), one.up ? "up" : "down");
  }
  if (stats.stored == parts_->stored_before && delivered == parts_->delivered_before && stats.waiting == 0)
    return;
  parts_->stored_before = stats.stored;
  parts_->delivered_before = delivered;
  log(LogLevel::kInfo, "alerts stored: {}, sent twice: {}, refused: {}, waiting: {}, spool: {} of {} bytes{}",
      stats.stored, stats.duplicates, stats.refused_full, stats.waiting, stats.bytes, stats.bytes_max, sinks);
}

}  // namespace saker::relay
