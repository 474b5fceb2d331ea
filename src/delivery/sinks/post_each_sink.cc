#include "delivery/sinks/post_each_sink.h"

#include "http/client.h"

namespace saker::delivery {
namespace {

class PostEachSink final : public Sink {
 public:
  explicit PostEachSink(PostEachOptions options)
      : options_(std::move(options)), client_(client_options(options_.http)), headers_(options_.headers) {
    add_custom_headers(options_.http, headers_);
  }

  // Few at a time, none is worth waiting for another.
  BatchLimits limits() const override { return {.alerts_max = 50, .bytes_max = 1 << 20, .linger = {}}; }
  void cancel() override { client_.cancel(); }
  std::vector<std::string> drop_reasons() const override { return {"unreadable", "http_400", "http_413"}; }

  Attempt deliver(Batch& batch) override {
    for (BatchItem& item : batch) {
      if (item.fate != Fate::kPending) continue;
      const auto event = spool::parse_line(item.alert.line);
      if (!event) {
        item.drop("unreadable", event.error().message);
        continue;
      }
      const std::string body = options_.body(*event, item.alert);
      const CallResult result =
          client_.call({.method = options_.method, .url = options_.url, .headers = headers_, .body = body});
      AnswerClass answer_class = classify(result);
      if (options_.second_look) answer_class = options_.second_look(answer_class, result);
      switch (answer_class) {
        case AnswerClass::kTaken:
          item.deliver();
          break;
        case AnswerClass::kRejected:
        case AnswerClass::kTooLarge:
          item.drop(reason_of(result), describe(result));
          break;
        default:
          return failed_attempt(answer_class, result);
      }
    }
    return {};
  }

 private:
  PostEachOptions options_;
  http::Client client_;
  std::vector<std::string> headers_;
};

}  // namespace

std::unique_ptr<Sink> make_post_each_sink(PostEachOptions options) {
  return std::make_unique<PostEachSink>(std::move(options));
}

}  // namespace saker::delivery
