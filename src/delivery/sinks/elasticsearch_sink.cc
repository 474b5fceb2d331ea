#include "delivery/sinks/elasticsearch_sink.h"

#include <absl/strings/escaping.h>
#include <absl/time/time.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "delivery/halves.h"
#include "http/gzip.h"
#include "spool/event.h"

namespace saker::delivery {
namespace {

using nlohmann::json;

std::string index_of(const ElasticsearchOptions& options, std::int64_t time_ns) {
  const char* format = options.suffix == "daily"      ? "%Y.%m.%d"
                       : options.suffix == "monthly"  ? "%Y.%m"
                       : options.suffix == "annually" ? "%Y"
                                                      : nullptr;
  if (format == nullptr) return options.index;
  return options.index + "-" + absl::FormatTime(format, absl::FromUnixNanos(time_ns), absl::UTCTimeZone());
}

class ElasticsearchSink final : public Sink {
 public:
  explicit ElasticsearchSink(ElasticsearchOptions options) : options_(std::move(options)) {
    http::ClientOptions client = client_options(options_.http);
    client.answer_bytes_max = 4 << 20;  // it answers for each document
    client_ = std::make_unique<http::Client>(std::move(client));
    url_ = options_.hostport + "/_bulk";
    if (!options_.pipeline.empty()) url_ += "?pipeline=" + options_.pipeline;
    headers_ = {"Content-Type: application/x-ndjson"};
    if (options_.compress) headers_.emplace_back("Content-Encoding: gzip");
    if (!options_.api_key.empty()) {
      headers_.push_back("Authorization: APIKey " + options_.api_key);
    } else if (!options_.user.empty()) {
      const std::string both = options_.user + ":" + options_.password;
      headers_.push_back("Authorization: Basic " +
                         absl::Base64Escape(absl::string_view(both.data(), both.size())));
    }
    add_custom_headers(options_.http, headers_);
  }

  BatchLimits limits() const override {
    return {.alerts_max = 2000, .bytes_max = 2 << 20, .linger = std::chrono::seconds(1)};
  }
  void cancel() override { client_->cancel(); }
  std::vector<std::string> drop_reasons() const override { return {"unreadable", "http_400", "http_413"}; }

  Attempt deliver(Batch& batch) override {
    return deliver_in_halves(batch, {.encode =
                                         [this](const spool::Event& event, const spool::StoredAlert& alert) {
                                           return action_and_document(event, alert.line);
                                         },
                                     .send = [this](Parts parts) { return send(parts); },
                                     .judge = judge});
  }

 private:
  using Parts = std::span<const std::string_view>;

  std::string action_and_document(const spool::Event& event, const std::string& line) const {
    const json action{{"create", {{"_index", index_of(options_, event.time_ns)}, {"_id", event.uuid}}}};
    std::string text = action.dump() + "\n{\"@timestamp\":";
    spool::append_json_text(text, event.time);
    text += ',';
    text.append(line, 1);
    text += '\n';
    return text;
  }

  CallResult send(Parts parts) {
    std::string body = fmt::format("{}", fmt::join(parts, ""));
    if (options_.compress) body = http::gzip(body);
    return client_->call({.url = url_, .headers = headers_, .body = body});
  }

  // One item of the answer for each document, in order.
  static Attempt judge(std::span<BatchItem* const> sent, const std::string& text) {
    const json answer = json::parse(text, nullptr, false);
    const json* items = answer.is_object() && answer.contains("items") ? &answer["items"] : nullptr;
    if (items == nullptr || !items->is_array() || items->size() != sent.size())
      return {.end = Attempt::End::kRetry,
              .problem = "the answer to a bulk request cannot be understood: " + text.substr(0, 200)};
    Attempt attempt;
    for (std::size_t n = 0; n < sent.size(); ++n) {
      const json& outer = (*items)[n];
      const json result = outer.is_object() && !outer.empty() ? *outer.begin() : json::object();
      const int status = result.is_object() ? result.value("status", 0) : 0;
      BatchItem& item = *sent[n];
      if ((status >= 200 && status < 300) || status == 409) {
        item.deliver();
      } else if (status == 429 || status >= 500 || status == 0) {
        attempt = {.end = Attempt::End::kRetry,
                   .problem = fmt::format("a document was answered with {}", status),
                   .may_be_content = status >= 500};
      } else {
        item.drop(fmt::format("http_{}", status),
                  result.contains("error") ? result["error"].dump().substr(0, kProblemBytesMax) : "");
      }
    }
    return attempt;
  }

  ElasticsearchOptions options_;
  std::unique_ptr<http::Client> client_;
  std::string url_;
  std::vector<std::string> headers_;
};

}  // namespace

std::unique_ptr<Sink> make_elasticsearch_sink(ElasticsearchOptions options) {
  return std::make_unique<ElasticsearchSink>(std::move(options));
}

}  // namespace saker::delivery
