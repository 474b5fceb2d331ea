#include "delivery/sinks/elasticsearch_sink.h"

#include <absl/strings/escaping.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "delivery/answer_class.h"
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
    return {.alerts_max = 2000, .bytes_max = 4 << 20, .linger = std::chrono::seconds(1)};
  }
  void cancel() override { client_->cancel(); }

  Attempt deliver(Batch& batch) override {
    while (true) {
      std::vector<std::size_t> sent;
      std::string body = body_of(batch, sent);
      if (sent.empty()) return {};
      if (options_.compress) body = http::gzip(body);
      const CallResult result = client_->call({.url = url_, .headers = headers_, .body = body});
      const AnswerClass answer_class = classify(result);
      if (answer_class == AnswerClass::kTaken) {
        sent_max_ = SIZE_MAX;
        const Attempt attempt = judge(batch, sent, result->body);
        if (attempt.end != Attempt::End::kDone) return attempt;
      } else if ((answer_class == AnswerClass::kTooLarge || answer_class == AnswerClass::kRejected) &&
                 sent.size() > 1) {
        sent_max_ = sent.size() / 2;
      } else if (answer_class == AnswerClass::kTooLarge || answer_class == AnswerClass::kRejected) {
        batch[sent.front()].drop(reason_of(result), describe(result));
        sent_max_ = SIZE_MAX;
      } else {
        return failed_attempt(answer_class, result);
      }
    }
  }

 private:
  std::string body_of(Batch& batch, std::vector<std::size_t>& sent) const {
    std::string body;
    for (std::size_t i = 0; i < batch.size() && sent.size() < sent_max_; ++i) {
      if (batch[i].fate != Fate::kPending) continue;
      const auto event = spool::parse_line(batch[i].alert.line);
      if (!event) {
        batch[i].drop("unreadable", event.error().message);
        continue;
      }
      const json action{{"create", {{"_index", index_of(options_, event->time_ns)}, {"_id", event->uuid}}}};
      body += action.dump() + "\n{\"@timestamp\":";
      spool::append_json_text(body, event->time);
      body += ',';
      body.append(batch[i].alert.line, 1);
      body += '\n';
      sent.push_back(i);
    }
    return body;
  }

  // One item of the answer for each document, in order.
  static Attempt judge(Batch& batch, const std::vector<std::size_t>& sent, const std::string& text) {
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
      BatchItem& item = batch[sent[n]];
      if ((status >= 200 && status < 300) || status == 409) {
        item.deliver();
      } else if (status == 429 || status >= 500 || status == 0) {
        attempt = {.end = Attempt::End::kRetry,
                   .problem = fmt::format("a document was answered with {}", status)};
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
  std::size_t sent_max_ = SIZE_MAX;  // alerts in a request, after one was too large
};

}  // namespace

std::unique_ptr<Sink> make_elasticsearch_sink(ElasticsearchOptions options) {
  return std::make_unique<ElasticsearchSink>(std::move(options));
}

}  // namespace saker::delivery
