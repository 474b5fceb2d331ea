// The worker, with a spool that is real and a sink that does as it is told; Kafka, with librdkafka's own
// brokers.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <filesystem>
#include <future>
#include <mutex>
#include <set>

#include "delivery/answer_class.h"
#include "delivery/backoff.h"
#include "delivery/halves.h"
#include "delivery/isolate.h"
#include "delivery/sink_worker.h"
#include "delivery/sinks/chat.h"
#include "delivery/sinks/kafka_sink.h"
#include "delivery/sinks/syslog_sink.h"
#include "spool/event.h"

namespace saker::delivery {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

TEST(Backoff, DoublesWithJitterAndHearsTheReceiver) {
  Backoff backoff({.first = 100ms, .most = 400ms}, 1);
  for (const auto step : {100ms, 200ms, 400ms, 400ms}) {
    const auto wait = backoff.next({}, false);
    EXPECT_GE(wait, step / 2);
    EXPECT_LE(wait, step);
  }
  EXPECT_EQ(backoff.next(7s, false), 7s);
  EXPECT_EQ(backoff.next(100'000s, false), kRetryAfterMax);
  backoff.reset();
  EXPECT_LE(backoff.next({}, false), 100ms);
  EXPECT_GE(backoff.next({}, true), 200ms);
}

TEST(AnswerClass, ByStatus) {
  const std::pair<long, AnswerClass> rows[] = {
      {204, AnswerClass::kTaken},         {400, AnswerClass::kRejected},
      {422, AnswerClass::kRejected},      {413, AnswerClass::kTooLarge},
      {429, AnswerClass::kBusy},          {500, AnswerClass::kBusy},
      {503, AnswerClass::kBusy},          {408, AnswerClass::kBusy},
      {301, AnswerClass::kMisconfigured}, {401, AnswerClass::kMisconfigured},
      {403, AnswerClass::kMisconfigured}, {404, AnswerClass::kMisconfigured},
  };
  for (const auto& [status, want] : rows)
    EXPECT_EQ(classify(http::Answer{.status = status, .body = {}, .retry_after = {}}), want) << status;
}

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "saker-delivery-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

// Delivers as `script` says, call by call; then everything.
class ScriptedSink final : public Sink {
 public:
  using Step = std::function<Attempt(Batch&)>;
  explicit ScriptedSink(std::vector<Step> script, std::vector<std::int64_t>& got)
      : script_(std::move(script)), got_(got) {}

  BatchLimits limits() const override { return {.alerts_max = 4, .linger = 20ms}; }
  Attempt deliver(Batch& batch) override {
    if (next_ < script_.size()) return script_[next_++](batch);
    for (BatchItem& item : batch) {
      if (item.fate != Fate::kPending) continue;
      got_.push_back(item.alert.time_ns);
      item.deliver();
    }
    return {};
  }

 private:
  std::vector<Step> script_;
  std::vector<std::int64_t>& got_;
  std::size_t next_ = 0;
};

class WorkerTest : public FolderTest {
 protected:
  void SetUp() override { spool_ = *spool::Spool::open({.folder = folder_}, {"it"}); }

  void put(int from, int to, spool::Priority priority = spool::Priority::kError) {
    std::vector<spool::NewAlert> alerts;
    for (int i = from; i < to; ++i)
      alerts.push_back(
          {.time_ns = i, .priority = priority, .rule = "r", .uuid = std::to_string(i), .line = "{}"});
    std::promise<void> done;
    spool_->append(std::move(alerts), [&done](spool::Stored) { done.set_value(); });
    done.get_future().wait();
  }

  void run(std::vector<ScriptedSink::Step> script, spool::Priority least = spool::Priority::kDebug) {
    SinkWorker worker({.name = "it", .least = least, .backoff = {.first = 1ms, .most = 2ms}},
                      std::make_unique<ScriptedSink>(std::move(script), got_), *spool_);
    worker.stop(std::chrono::steady_clock::now() + 30s);  // ends when nothing is left
    worker.join();
    spool_->sync();
    retries_ = worker.stats().retries;
  }

  std::map<std::string, std::uint64_t> tallies() const {
    std::map<std::string, std::uint64_t> all;
    for (const spool::Tally& tally : spool_->stats().tallies)
      all[tally.outcome + ":" + tally.reason] += tally.count;
    return all;
  }

  std::unique_ptr<spool::Spool> spool_;
  std::vector<std::int64_t> got_;
  std::uint64_t retries_ = 0;
};

TEST_F(WorkerTest, DeliversInOrderAndLeavesNothing) {
  put(0, 10);
  run({});
  EXPECT_THAT(got_, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(spool_->stats().alerts, 0U);
  EXPECT_EQ(tallies()["delivered:"], 10U);
}

TEST_F(WorkerTest, AFailedAttemptIsRepeatedWithWhatIsPending) {
  put(0, 4);
  const auto half = [this](Batch& batch) {
    got_.push_back(batch[0].alert.time_ns);
    batch[0].deliver();
    batch[2].drop("poison", "no");
    return Attempt{.end = Attempt::End::kRetry, .problem = "away", .retry_after = {}};
  };
  run({half});
  EXPECT_THAT(got_, ElementsAre(0, 1, 3));
  EXPECT_EQ(retries_, 1U);
  EXPECT_EQ(tallies()["delivered:"], 3U);
  EXPECT_EQ(tallies()["dropped:poison"], 1U) << "counted once, though the batch was given again";
}

// Fails as a whole when a bad one is in the batch, as a receiver does that answers 500.
ScriptedSink::Step fails_at(std::set<std::int64_t> bad, std::vector<std::int64_t>& got) {
  return [bad = std::move(bad), &got](Batch& batch) -> Attempt {
    for (const BatchItem& item : batch) {
      if (item.fate == Fate::kPending && bad.contains(item.alert.time_ns))
        return {.end = Attempt::End::kRetry, .problem = "500", .may_be_content = true};
    }
    for (BatchItem& item : batch) {
      if (item.fate != Fate::kPending) continue;
      got.push_back(item.alert.time_ns);
      item.deliver();
    }
    return {};
  };
}

TEST_F(WorkerTest, AnAlertAtWhichTheSinkFailsHoldsUpNoOther) {
  put(0, 12);
  const auto step = fails_at({2, 5}, got_);
  run(std::vector(200, step));
  EXPECT_THAT(got_, UnorderedElementsAre(0, 1, 3, 4, 6, 7, 8, 9, 10, 11));
  EXPECT_EQ(tallies()["delivered:"], 10U);
  EXPECT_EQ(tallies()["dropped:poison"], 0U) << "not yet: it was not given enough tries";
  EXPECT_EQ(spool_->cursor("it"), 2) << "what was set aside is tried again after a restart";
}

TEST_F(WorkerTest, ItIsGivenUpWhenItFailsWhileOthersAreTaken) {
  put(0, 2);
  SinkWorker worker({.name = "it", .backoff = {.first = 1ms, .most = 2ms}},
                    std::make_unique<ScriptedSink>(std::vector(1'000'000, fails_at({1}, got_)), got_),
                    *spool_);
  int next = 2;
  while (worker.stats().dropped == 0 && next < 100'000) {
    put(next, next + 1);
    ++next;
  }
  worker.stop(std::chrono::steady_clock::now() + 30s);
  worker.join();
  spool_->sync();
  EXPECT_EQ(tallies()["dropped:poison"], 1U);
  EXPECT_EQ(tallies()["delivered:"], static_cast<std::uint64_t>(next - 1));
  EXPECT_EQ(spool_->stats().alerts, 0U);
  EXPECT_GE(next, static_cast<int>(SetAside::kStrikes)) << "each time another one had to be taken";
}

TEST_F(WorkerTest, InAnOutageNothingIsGivenUpAndTheOrderStays) {
  put(0, 10);
  int calls = 0;
  // It comes back between two calls, of which the second begins with the oldest.
  const auto outage = [&, taken = fails_at({}, got_)](Batch& batch) -> Attempt {
    const bool oldest = batch.front().alert.time_ns == 0;
    if (++calls < 500 || (got_.empty() && !oldest))
      return {.end = Attempt::End::kRetry, .problem = "500", .may_be_content = true};
    return taken(batch);
  };
  run(std::vector<ScriptedSink::Step>(100'000, outage));
  EXPECT_THAT(got_, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(tallies()["delivered:"], 10U);
}

TEST_F(WorkerTest, AloneNothingIsEverGivenUp) {
  put(0, 1);
  run(std::vector(500, fails_at({0}, got_)));
  EXPECT_EQ(tallies()["dropped:poison"], 0U);
}

TEST_F(WorkerTest, WhatWaitedLongerThanAlertsMayIsDropped) {
  put(0, 3);
  const auto away = [](Batch&) { return Attempt{.end = Attempt::End::kRetry, .problem = "away"}; };
  SinkWorker worker(
      {.name = "it", .backoff = {.first = 1ms, .most = 2ms}, .age_max = std::chrono::seconds(-1)},
      std::make_unique<ScriptedSink>(std::vector<ScriptedSink::Step>{away}, got_), *spool_);
  worker.stop(std::chrono::steady_clock::now() + 30s);
  worker.join();
  spool_->sync();
  EXPECT_EQ(tallies()["dropped:age"], 3U);
  EXPECT_THAT(got_, ElementsAre());
}

// What a worker has in its hands when the spool runs over is delivered, and not evicted as well.
TEST_F(WorkerTest, EachAlertIsEitherEvictedOrDelivered) {
  spool_.reset();
  spool_ = *spool::Spool::open({.folder = folder_, .bytes_max = 2000}, {"it"});
  put(0, 8, spool::Priority::kNotice);  // of 66 bytes each
  std::promise<void> entered, may_go;
  const auto hangs = [&](Batch&) {
    entered.set_value();
    may_go.get_future().wait();
    return Attempt{.end = Attempt::End::kRetry, .problem = "away"};
  };
  SinkWorker worker({.name = "it", .backoff = {.first = 1ms, .most = 2ms}},
                    std::make_unique<ScriptedSink>(std::vector<ScriptedSink::Step>{hangs}, got_), *spool_);
  entered.get_future().wait();
  put(8, 32, spool::Priority::kError);  // pushes out what is not in hand: 4 to 7 but for one
  spool_->sync();
  const std::uint64_t evicted = tallies()["evicted:full"];
  EXPECT_GT(evicted, 0U);
  may_go.set_value();
  worker.stop(std::chrono::steady_clock::now() + 30s);
  worker.join();
  spool_->sync();
  EXPECT_THAT(std::vector(got_.begin(), got_.begin() + 4), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(tallies()["evicted:full"], evicted);
  EXPECT_EQ(tallies()["delivered:"] + evicted, spool_->stats().stored);
  EXPECT_EQ(got_.size(), tallies()["delivered:"]);
}

TEST_F(WorkerTest, WhatIsBelowThePriorityIsPassed) {
  put(0, 3, spool::Priority::kDebug);
  put(3, 4, spool::Priority::kAlert);
  put(4, 6, spool::Priority::kNotice);
  run({}, spool::Priority::kWarning);
  EXPECT_THAT(got_, ElementsAre(3));
  EXPECT_EQ(tallies()["filtered:priority"], 5U);
  EXPECT_EQ(spool_->stats().alerts, 0U);
}

TEST_F(WorkerTest, WhatIsNotDeliveredInTimeStays) {
  put(0, 3);
  const auto away = [](Batch&) {
    return Attempt{.end = Attempt::End::kRetry, .problem = "away", .retry_after = 100s};
  };
  SinkWorker worker({.name = "it"},
                    std::make_unique<ScriptedSink>(std::vector<ScriptedSink::Step>(1000, away), got_),
                    *spool_);
  worker.stop(std::chrono::steady_clock::now() + 50ms);
  worker.join();
  EXPECT_EQ(spool_->stats().alerts, 3U);
  EXPECT_FALSE(worker.stats().up);
}

spool::Event an_event() {
  spool::Event event =
      spool::parse_events(
          R"({"output":"it happened","priority":"Critical","rule":"a|rule","source":"syscall","hostname":"n 1",)"
          R"("time":"2026-03-01T12:00:00.123456789Z","output_fields":{"proc.name":"a=b","n":1}})")
          ->events.front();
  spool::seal(event);
  return event;
}

TEST(Syslog, Messages) {
  const spool::Event event = an_event();
  EXPECT_EQ(syslog_message({}, event, "{}"), "<130>1 2026-03-01T12:00:00.123456Z n_1 saker-relay - - - {}");
  EXPECT_THAT(syslog_message({.cef = true}, event, ""),
              HasSubstr(R"(CEF:0|Falcosecurity|Falco|1.0|a\|rule|a\|rule|8|uuid=)"));
  EXPECT_THAT(syslog_message({.cef = true}, event, ""), HasSubstr(R"( n=1 proc_name=a\=b)"));
}

TEST(Chat, MessagesStayWithinTheLimits) {
  spool::Event event = an_event();
  event.output = std::string(100'000, 'x');
  for (int i = 0; i < 300; ++i) event.set_field("field" + std::to_string(i), std::string(3000, 'y'));
  EXPECT_LT(discord_message({}, event).size(), 9000U);
  EXPECT_LT(teams_message({}, event).size(), 28'000U);
  EXPECT_THAT(slack_message({.channel = "#c", .headline = [](const spool::Event& one) { return one.rule; }},
                            an_event()),
              HasSubstr(R"("channel":"#c","text":"a|rule")"));
}

// A cluster of librdkafka's own: the real protocol, in this process.
std::string line_of(const std::string& rule) {
  spool::Event event;
  event.rule = rule;
  event.time = "2026-03-01T12:00:00Z";
  seal(event);
  return to_line(event);
}

TEST(Halves, WhatIsRefusedIsFoundAndTheRestGoes) {
  Batch batch;
  for (const char* rule : {"a", "bad", "c", "d", "bad", "e", "f"})
    batch.push_back({.alert = {.rule = rule, .line = line_of(rule)}});
  batch.push_back({.alert = {.rule = "unreadable", .line = "no JSON"}});
  batch[3].deliver();  // at an earlier attempt
  std::string got;
  int calls = 0;
  const auto attempt = deliver_in_halves(
      batch, {.encode = [](const spool::Event& event, const spool::StoredAlert&) { return event.rule; },
              .send = [&](std::span<const std::string_view> parts) -> CallResult {
                ++calls;
                for (const std::string_view part : parts) {
                  if (part == "bad") return http::Answer{.status = 400, .body = "no", .retry_after = {}};
                }
                for (const std::string_view part : parts) got += part;
                return http::Answer{.status = 204, .body = {}, .retry_after = {}};
              },
              .judge = all_delivered});
  EXPECT_EQ(attempt.end, Attempt::End::kDone);
  EXPECT_EQ(got, "acef");
  EXPECT_LE(calls, 12);
  std::string reasons;
  for (const BatchItem& item : batch) reasons += item.reason.empty() ? "-" : item.reason + " ";
  EXPECT_EQ(reasons, "-http_400 --http_400 --unreadable ");
}

// librdkafka makes its threads by C11's calls, which this sanitizer does not follow.
#ifdef __SANITIZE_THREAD__
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif

class KafkaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kThreadSanitizer) GTEST_SKIP() << "librdkafka's threads are not seen";
    char problem[256];
    helper_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), problem, sizeof(problem));
    cluster_ = rd_kafka_mock_cluster_new(helper_, 1);
    rd_kafka_mock_topic_create(cluster_, "alerts", 1, 1);
  }
  void TearDown() override {
    if (cluster_ != nullptr) rd_kafka_mock_cluster_destroy(cluster_);
    if (helper_ != nullptr) rd_kafka_destroy(helper_);
  }

  Batch batch(int count) const {
    Batch made;
    for (int i = 0; i < count; ++i) {
      spool::StoredAlert alert;
      alert.line = fmt::format(R"({{"n":{}}})", i);
      made.push_back({.alert = std::move(alert)});
    }
    return made;
  }

  std::vector<std::string> consume(std::size_t count) const {
    rd_kafka_conf_t* settings = rd_kafka_conf_new();
    char problem[256];
    for (const auto& [name, value] :
         {std::pair{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_)},
          std::pair{"group.id", "g"}, std::pair{"auto.offset.reset", "earliest"}})
      rd_kafka_conf_set(settings, name, value, problem, sizeof(problem));
    rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, settings, problem, sizeof(problem));
    rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, "alerts", 0);
    rd_kafka_topic_partition_list_set_offset(topics, "alerts", 0, RD_KAFKA_OFFSET_BEGINNING);
    rd_kafka_assign(consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    std::vector<std::string> got;
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (got.size() < count && std::chrono::steady_clock::now() < until) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        got.emplace_back(static_cast<const char*>(message->payload), message->len);
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return got;
  }

  rd_kafka_t* helper_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

TEST_F(KafkaTest, AlertsArriveOnceAndInOrderThoughABrokerFails) {
  auto sink = make_kafka_sink(
      {.hostport = rd_kafka_mock_cluster_bootstraps(cluster_), .topic = "alerts", .settings = {}});
  ASSERT_TRUE(sink) << sink.error().message;
  constexpr std::int16_t kProduce = 0;
  rd_kafka_mock_push_request_errors(cluster_, kProduce, 2, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
  Batch sent = batch(50);
  const Attempt attempt = (*sink)->deliver(sent);
  EXPECT_EQ(attempt.end, Attempt::End::kDone) << attempt.problem;
  std::vector<std::string> want;
  for (const BatchItem& item : sent) {
    EXPECT_EQ(item.fate, Fate::kDelivered);
    want.push_back(item.alert.line);
  }
  EXPECT_EQ(consume(want.size()), want);
}

TEST_F(KafkaTest, AMessageThatIsTooLargeIsDroppedAndTheOthersGo) {
  auto sink = make_kafka_sink({.hostport = rd_kafka_mock_cluster_bootstraps(cluster_),
                               .topic = "alerts",
                               .settings = {{"message.max.bytes", "2000"}}});
  ASSERT_TRUE(sink);
  Batch sent = batch(3);
  sent[1].alert.line = std::string(5000, 'x');
  EXPECT_EQ((*sink)->deliver(sent).end, Attempt::End::kDone);
  EXPECT_EQ(sent[0].fate, Fate::kDelivered);
  EXPECT_EQ(sent[1].fate, Fate::kDropped);
  EXPECT_EQ(sent[2].fate, Fate::kDelivered);
}

TEST(Kafka, ASettingThatIsNoneIsAnError) {
  EXPECT_FALSE(
      make_kafka_sink({.hostport = "x:1", .topic = "t", .settings = {{"compression.type", "none such"}}}));
}

}  // namespace
}  // namespace saker::delivery
