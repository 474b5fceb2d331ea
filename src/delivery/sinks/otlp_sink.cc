#include "delivery/sinks/otlp_sink.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <nlohmann/json.hpp>

#include "delivery/halves.h"

namespace saker::delivery {
namespace {

using nlohmann::json;

// OpenTelemetry's severity numbers, by priority from Emergency on.
constexpr std::array<int, spool::kPriorityCount> kSeverities = {24, 22, 21, 17, 13, 10, 9, 5};

json attribute(std::string_view key, json value) { return {{"key", key}, {"value", std::move(value)}}; }
json text(std::string_view value) { return {{"stringValue", value}}; }

class OtlpSink final : public Sink {
 public:
  explicit OtlpSink(OtlpOptions options)
      : options_(std::move(options)), client_(client_options(options_.http)), headers_(options_.headers) {
    headers_.emplace_back("Content-Type: application/json");
    add_custom_headers(options_.http, headers_);
  }

  void cancel() override { client_.cancel(); }
  std::vector<std::string> drop_reasons() const override {
    return {"unreadable", "http_400", "http_413", "partial_success"};
  }

  Attempt deliver(Batch& batch) override {
    return deliver_in_halves(batch, {.encode =
                                         [](const spool::Event& event, const spool::StoredAlert& alert) {
                                           return otlp_record(event, alert.received_ns);
                                         },
                                     .send = [this](Parts records) { return send(records); },
                                     .judge = judge});
  }

 private:
  using Parts = std::span<const std::string_view>;

  CallResult send(Parts records) {
    const std::string body = fmt::format(
        R"({{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"saker"}}}}]}},)"
        R"("scopeLogs":[{{"scope":{{"name":"saker-relay"}},"logRecords":[{}]}}]}}]}})",
        fmt::join(records, ","));
    return client_.call({.url = options_.url, .headers = headers_, .body = body});
  }

  // A receiver may take a part; it says how many it refused but not which, and that they must not be sent
  // again.
  static Attempt judge(std::span<BatchItem* const> sent, const std::string& text) {
    const json answer = json::parse(text, nullptr, false);
    std::uint64_t refused = 0;
    std::string why;
    if (answer.is_object() && answer.contains("partialSuccess") && answer["partialSuccess"].is_object()) {
      const json& partial = answer["partialSuccess"];
      if (partial.contains("errorMessage") && partial["errorMessage"].is_string())
        why = partial["errorMessage"];
      // 64-bit numbers are texts in this JSON.
      if (partial.contains("rejectedLogRecords")) {
        const json& count = partial["rejectedLogRecords"];
        if (count.is_number_unsigned()) refused = count.get<std::uint64_t>();
        if (count.is_string())
          refused = std::strtoull(count.get_ref<const std::string&>().c_str(), nullptr, 10);
      }
    }
    for (std::size_t n = 0; n < sent.size(); ++n) {
      if (sent.size() - n <= refused) {
        sent[n]->drop("partial_success", why);
      } else {
        sent[n]->deliver();
      }
    }
    return {};
  }

  OtlpOptions options_;
  http::Client client_;
  std::vector<std::string> headers_;
};

}  // namespace

std::string otlp_record(const spool::Event& event, std::int64_t observed_ns) {
  json attributes = json::array({attribute("rule", text(event.rule)), attribute("source", text(event.source)),
                                 attribute("uuid", text(event.uuid))});
  if (!event.hostname.empty()) attributes.push_back(attribute("hostname", text(event.hostname)));
  if (!event.tags.empty()) {
    json values = json::array();
    for (const std::string& tag : event.tags) values.push_back(text(tag));
    attributes.push_back(attribute("tags", {{"arrayValue", {{"values", std::move(values)}}}}));
  }
  for (const spool::Field& field : event.fields) {
    if (field.value == "null" && !field.is_text) continue;
    attributes.push_back(attribute(field.name, text(field.value)));
  }
  const json record{{"timeUnixNano", fmt::to_string(event.time_ns)},
                    {"observedTimeUnixNano", fmt::to_string(observed_ns)},
                    {"severityNumber", kSeverities[static_cast<std::size_t>(event.priority)]},
                    {"severityText", spool::name_of(event.priority)},
                    {"body", text(event.output)},
                    {"attributes", std::move(attributes)}};
  return record.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::unique_ptr<Sink> make_otlp_sink(OtlpOptions options) {
  return std::make_unique<OtlpSink>(std::move(options));
}

}  // namespace saker::delivery
