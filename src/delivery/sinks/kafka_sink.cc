#include "delivery/sinks/kafka_sink.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <atomic>

#include "base/log.h"

namespace saker::delivery {
namespace {

constexpr int kPollMs = 100;
// How long one attempt waits for the brokers; what is then undecided is purged and tried again.
constexpr int kAttemptMs = 15'000;

struct Free {
  void operator()(rd_kafka_t* producer) const { rd_kafka_destroy(producer); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_conf_t* settings) const { rd_kafka_conf_destroy(settings); }
};
using Settings = std::unique_ptr<rd_kafka_conf_t, Free>;

bool is_permanent(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || error == RD_KAFKA_RESP_ERR_INVALID_MSG ||
         error == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

bool is_configuration(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
         error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         error == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED;
}

class KafkaSink final : public Sink {
 public:
  explicit KafkaSink(std::string topic) : topic_(std::move(topic)) {}

  Result<> start(Settings settings) {
    rd_kafka_conf_set_opaque(settings.get(), this);
    rd_kafka_conf_set_dr_msg_cb(settings.get(), &KafkaSink::reported);
    rd_kafka_conf_set_log_cb(settings.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
    char problem[512] = {};
    producer_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, settings.get(), problem, sizeof(problem)));
    if (!producer_) return fail(ErrorCode::kInvalid, fmt::format("kafka: {}", problem));
    static_cast<void>(settings.release());  // the producer's now
    topic_handle_.reset(rd_kafka_topic_new(producer_.get(), topic_.c_str(), nullptr));
    if (!topic_handle_)
      return fail(ErrorCode::kInvalid, fmt::format("kafka: the topic '{}' cannot be used", topic_));
    return {};
  }

  void cancel() override { cancelled_ = true; }
  std::vector<std::string> drop_reasons() const override { return {"refused"}; }

  Attempt deliver(Batch& batch) override {
    problem_.clear();
    end_ = Attempt::End::kDone;
    undecided_ = 0;
    for (BatchItem& item : batch) {
      if (item.fate != Fate::kPending) continue;
      std::string& line = item.alert.line;
      const int produced = rd_kafka_produce(topic_handle_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                                            line.data(), line.size(), nullptr, 0, &item);
      const rd_kafka_resp_err_t error = produced == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++undecided_;
      } else {
        judge(item, error);
      }
    }
    for (int waited = 0; undecided_ > 0 && waited < kAttemptMs && !cancelled_; waited += kPollMs)
      rd_kafka_poll(producer_.get(), kPollMs);
    // No report may come when its item is gone.
    if (undecided_ > 0) {
      rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
      while (undecided_ > 0) rd_kafka_poll(producer_.get(), kPollMs);
    }
    if (cancelled_) return {.end = Attempt::End::kCancelled};
    if (rd_kafka_fatal_error(producer_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR &&
        end_ == Attempt::End::kDone)
      end_ = Attempt::End::kRetry;
    return {.end = end_, .problem = problem_};
  }

 private:
  static void reported(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
    auto& sink = *static_cast<KafkaSink*>(self);
    --sink.undecided_;
    sink.judge(*static_cast<BatchItem*>(message->_private), message->err);
  }

  void judge(BatchItem& item, rd_kafka_resp_err_t error) {
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return item.deliver();
    const std::string text = rd_kafka_err2str(error);
    if (is_permanent(error)) return item.drop("refused", text);
    if (problem_.empty()) problem_ = fmt::format("topic {}: {}", topic_, text);
    end_ = is_configuration(error) ? Attempt::End::kMisconfigured : Attempt::End::kRetry;
  }

  std::string topic_;
  std::unique_ptr<rd_kafka_t, Free> producer_;
  std::unique_ptr<rd_kafka_topic_t, Free> topic_handle_;
  std::size_t undecided_ = 0;
  std::string problem_;
  Attempt::End end_ = Attempt::End::kDone;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_kafka_sink(const KafkaOptions& options) {
  Settings settings(rd_kafka_conf_new());
  std::map<std::string, std::string> all = {{"bootstrap.servers", options.hostport},
                                            {"enable.idempotence", "true"},
                                            {"message.timeout.ms", "10000"},
                                            {"queue.buffering.max.kbytes", "8192"},
                                            {"linger.ms", "5"}};
  for (const auto& [name, value] : options.settings) all[name] = value;
  for (const auto& [name, value] : all) {
    char problem[512] = {};
    if (rd_kafka_conf_set(settings.get(), name.c_str(), value.c_str(), problem, sizeof(problem)) !=
        RD_KAFKA_CONF_OK)
      return fail(ErrorCode::kInvalid, fmt::format("kafka: {}", problem));
  }
  auto sink = std::make_unique<KafkaSink>(options.topic);
  TRY(sink->start(std::move(settings)));
  return sink;
}

}  // namespace saker::delivery
