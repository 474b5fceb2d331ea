#include "delivery/sinks/alertmanager_sink.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "delivery/halves.h"

namespace saker::delivery {
namespace {

using nlohmann::json;
using spool::Event;
using spool::Priority;

std::string severity_of(const AlertmanagerOptions& options, Priority priority) {
  if (const auto at = options.severity.find(priority); at != options.severity.end()) return at->second;
  if (priority <= Priority::kCritical) return "critical";
  return priority <= Priority::kWarning ? "warning" : "information";
}

std::string label_name(std::string_view name) {
  std::string label;
  for (const char c : name) {
    if (c == ']') continue;
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                      (c >= '0' && c <= '9' && !label.empty());
    label += good ? c : '_';
  }
  return label;
}

class AlertmanagerSink final : public Sink {
 public:
  explicit AlertmanagerSink(AlertmanagerOptions options)
      : options_(std::move(options)),
        client_(client_options(options_.http)),
        headers_{"Content-Type: application/json"} {
    add_custom_headers(options_.http, headers_);
  }

  BatchLimits limits() const override {
    return {.alerts_max = 100, .bytes_max = 512 * 1024, .linger = std::chrono::milliseconds(500)};
  }
  void cancel() override { client_.cancel(); }
  std::vector<std::string> drop_reasons() const override { return {"unreadable", "http_400", "http_413"}; }

  Attempt deliver(Batch& batch) override {
    return deliver_in_halves(
        batch, {.encode = [this](const Event& event,
                                 const spool::StoredAlert&) { return alertmanager_alert(options_, event); },
                .send = [this](Parts alerts) { return send(alerts); },
                .judge = all_delivered});
  }

 private:
  using Parts = std::span<const std::string_view>;

  // To all; good when one of them has it, since they tell each other.
  CallResult send(Parts alerts) {
    const std::string body = fmt::format("[{}]", fmt::join(alerts, ","));
    std::optional<CallResult> best;
    for (const std::string& url : options_.urls) {
      CallResult result = client_.call({.url = url, .headers = headers_, .body = body});
      if (!best || classify(result) == AnswerClass::kTaken) best = std::move(result);
    }
    return *std::move(best);
  }

  AlertmanagerOptions options_;
  http::Client client_;
  std::vector<std::string> headers_;
};

}  // namespace

std::string alertmanager_alert(const AlertmanagerOptions& options, const Event& event) {
  json labels{{"source", "falco"},
              {"rule", event.rule},
              {"eventsource", event.source},
              {"priority", spool::name_of(event.priority)},
              {"severity", severity_of(options, event.priority)}};
  if (!event.hostname.empty()) labels["hostname"] = event.hostname;
  std::string tags;
  for (const std::string& tag : event.tags) tags += (tags.empty() ? "" : ",") + tag;
  if (!tags.empty()) labels["tags"] = tags;
  for (const spool::Field& field : event.fields) {
    const std::string name = label_name(field.name);
    if (field.is_text && !field.value.empty() && !name.empty() && !labels.contains(name))
      labels[name] = field.value;
  }
  for (const auto& [name, value] : options.extra_labels) labels[name] = value;
  json annotations{{"info", event.output}, {"description", event.output}, {"summary", event.rule}};
  for (const auto& [name, value] : options.extra_annotations) annotations[name] = value;
  json alert{{"labels", std::move(labels)},
             {"annotations", std::move(annotations)},
             {"startsAt", spool::format_time_utc(event.time_ns)}};
  if (options.expires_after.count() > 0)
    alert["endsAt"] =
        spool::format_time_utc(event.time_ns + std::chrono::nanoseconds(options.expires_after).count());
  return alert.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::unique_ptr<Sink> make_alertmanager_sink(AlertmanagerOptions options) {
  return std::make_unique<AlertmanagerSink>(std::move(options));
}

}  // namespace saker::delivery
