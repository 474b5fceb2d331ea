#include "relay/intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "http/gzip.h"

namespace saker::relay {
namespace {

using http::Request;
using http::Responder;
using http::Response;
using nlohmann::json;

constexpr const char* kRetryFull = "5";
constexpr const char* kRetryDrain = "2";
// Of the refused events of a batch, how many an answer names.
constexpr std::size_t kReasonsMax = 20;

Response refusal(unsigned status, std::string_view reason, const char* retry_after) {
  Response response = http::error_response(status, reason);
  response.headers.emplace_back("Retry-After", retry_after);
  return response;
}

Response wrong_method(const char* allowed) {
  Response response = http::error_response(405, fmt::format("only {} is allowed here", allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

json reasons(const std::vector<spool::EventError>& refused) {
  json list = json::array();
  for (const spool::EventError& one : refused) {
    if (list.size() >= kReasonsMax) break;
    list.push_back({{"index", one.index}, {"error", one.reason}});
  }
  return list;
}

Response all_refused(const std::vector<spool::EventError>& refused) {
  if (refused.size() == 1) return http::error_response(400, refused.front().reason);
  const json body{{"error", fmt::format("none of the {} events can be taken", refused.size())},
                  {"rejected", reasons(refused)}};
  return {.status = 400,
          .content_type = "application/json",
          .body = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"};
}

Response taken(std::size_t accepted, const std::vector<spool::EventError>& refused) {
  if (refused.empty()) return {.status = 200};
  const json body{{"accepted", accepted}, {"rejected", reasons(refused)}, {"rejected_count", refused.size()}};
  return {.status = 200,
          .content_type = "application/json",
          .body = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"};
}

bool is_get(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

}  // namespace

Intake::Intake(const Config& config, const Enrichment& enrichment, Metrics& metrics, spool::Spool& spool,
               std::function<std::string()> metrics_text)
    : config_(config),
      enrichment_(enrichment),
      metrics_(metrics),
      spool_(spool),
      metrics_text_(std::move(metrics_text)) {}

// With TLS, some paths are served without it, on a port of their own, and only there.
bool Intake::is_elsewhere(const Request& request) const {
  if (!config_.tlsserver.deploy) return false;
  const auto& plain = config_.tlsserver.notlspaths;
  const bool wants_plain = std::ranges::find(plain, request.path) != plain.end();
  return wants_plain != (request.listener == 1);
}

void Intake::handle(Request& request, Responder responder) {
  if (is_elsewhere(request))
    return responder.send(http::error_response(404, "this path is not served on this port"));
  if (request.path == "/") {
    if (request.method != "POST") return responder.send(wrong_method("POST"));
    return take(request, std::move(responder));
  }
  if (request.path == "/test") {
    if (request.method != "POST") return responder.send(wrong_method("POST"));
    return take_test(std::move(responder));
  }
  if (request.path != "/ping" && request.path != "/healthz" && request.path != "/metrics")
    return responder.send(http::error_response(404, "there is nothing here; events go to /"));
  if (!is_get(request)) return responder.send(wrong_method("GET"));
  if (request.path == "/ping")
    return responder.send({.status = 200, .content_type = "text/plain", .body = "pong\n"});
  if (request.path == "/healthz")
    return responder.send({.status = 200, .content_type = "application/json", .body = R"({"status": "ok"})"});
  responder.send(
      {.status = 200, .content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_text_()});
}

void Intake::take(Request& request, Responder responder) {
  if (draining_) return responder.send(refusal(503, "this relay is going down", kRetryDrain));
  if (request.content_encoding == "gzip") {
    auto plain = http::gunzip(request.body, static_cast<std::size_t>(config_.bodybytes));
    if (!plain) {
      metrics_.count_rejected();
      const unsigned status = plain.error().code == ErrorCode::kExhausted ? 413 : 400;
      return responder.send(http::error_response(status, plain.error().message));
    }
    request.body = *std::move(plain);
  } else if (!request.content_encoding.empty() && request.content_encoding != "identity") {
    metrics_.count_rejected();
    return responder.send(http::error_response(415, "the body may be plain or gzip"));
  }
  log(LogLevel::kDebug, "received from {}: {}", request.peer, request.body);
  auto parsed = spool::parse_events(request.body);
  if (!parsed) {
    metrics_.count_rejected();
    return responder.send(http::error_response(400, parsed.error().message));
  }
  store(*std::move(parsed), std::move(responder));
}

void Intake::take_test(Responder responder) {
  if (draining_) return responder.send(refusal(503, "this relay is going down", kRetryDrain));
  spool::ParsedEvents parsed;
  parsed.events.push_back(test_event(static_cast<std::int64_t>(wall_time_ns())));
  store(std::move(parsed), std::move(responder));
}

void Intake::store(spool::ParsedEvents parsed, Responder responder) {
  std::vector<spool::NewAlert> alerts;
  std::vector<std::string> series;
  alerts.reserve(parsed.events.size());
  series.reserve(parsed.events.size());
  std::vector<spool::EventError> refused_here;
  auto refused_before = parsed.refused.begin();
  std::size_t index = 0;
  for (spool::Event& event : parsed.events) {
    // The number of an event in the body counts the refused ones, too.
    for (; refused_before != parsed.refused.end() && refused_before->index == index; ++refused_before)
      ++index;
    const std::size_t number = index++;
    if (std::string reason = enrichment_.apply(event); !reason.empty()) {
      refused_here.push_back({number, std::move(reason)});
      continue;
    }
    series.push_back(metrics_.series_of(event));
    alerts.push_back({.time_ns = event.time_ns,
                      .priority = event.priority,
                      .rule = event.rule,
                      .uuid = event.uuid,
                      .line = spool::to_line(event)});
  }
  std::ranges::move(refused_here, std::back_inserter(parsed.refused));
  std::ranges::sort(parsed.refused, {}, &spool::EventError::index);
  metrics_.count_rejected(parsed.refused.size());
  if (alerts.empty() && !parsed.refused.empty()) return responder.send(all_refused(parsed.refused));
  if (alerts.empty()) return responder.send({.status = 200});
  // std::function copies what it holds, and a Responder is one.
  auto answer = std::make_shared<Responder>(std::move(responder));
  const std::size_t accepted = alerts.size();
  spool_.append(std::move(alerts), [this, answer, accepted, series = std::move(series),
                                    refused = std::move(parsed.refused)](spool::Stored stored) {
    switch (stored) {
      case spool::Stored::kYes:
        metrics_.count_accepted(series);
        return answer->send(taken(accepted, refused));
      case spool::Stored::kFull:
        return answer->send(refusal(429, "the spool is full", kRetryFull));
      case spool::Stored::kFailed:
        return answer->send(refusal(503, "the spool cannot be written", kRetryFull));
    }
  });
}

}  // namespace saker::relay
