#include "alert/http_output.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include "http/gzip.h"
#include "http/server.h"

namespace saker::alert {
namespace {

using testing::HasSubstr;

// A receiver whose next answers are given.
class Receiver {
 public:
  Receiver() {
    http::ServerOptions options;
    options.listeners = {{.address = "127.0.0.1"}};
    server_ = std::move(*http::Server::start(options, [this](http::Request& request,
                                                             http::Responder responder) {
      const std::lock_guard lock(mutex_);
      got.push_back({std::string(request.method), std::string(request.path),
                     std::string(request.content_type), std::string(request.content_encoding), request.body});
      http::Response response;
      if (!answers.empty()) {
        response = answers.front();
        answers.erase(answers.begin());
      }
      responder.send(std::move(response));
    }));
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}/hook", server_->port()); }

  struct Got {
    std::string method, path, content_type, content_encoding, body;
  };
  std::vector<Got> got;  // read when no call is under way
  std::vector<http::Response> answers;

 private:
  std::mutex mutex_;
  std::unique_ptr<http::Server> server_;
};

Message json(std::string line) { return {.line = std::move(line), .json = true}; }

TEST(HttpOutput, ALineIsAPost) {
  Receiver receiver;
  HttpOutput output({.url = receiver.url()});
  EXPECT_EQ(output.write(json("{\"a\":1}")).delivered, 1U);
  EXPECT_EQ(output.write({.line = "text"}).delivered, 1U);
  ASSERT_EQ(receiver.got.size(), 2U);
  EXPECT_EQ(receiver.got[0].method, "POST");
  EXPECT_EQ(receiver.got[0].path, "/hook");
  EXPECT_EQ(receiver.got[0].content_type, "application/json");
  EXPECT_EQ(receiver.got[0].body, "{\"a\":1}");
  EXPECT_EQ(receiver.got[1].content_type, "text/plain");
}

TEST(HttpOutput, Compressed) {
  Receiver receiver;
  HttpOutput output({.url = receiver.url(), .compress = true, .keep_alive = true});
  EXPECT_EQ(output.write(json("{\"a\":1}")).delivered, 1U);
  ASSERT_EQ(receiver.got.size(), 1U);
  EXPECT_EQ(receiver.got[0].content_encoding, "gzip");
  EXPECT_EQ(http::gunzip(receiver.got[0].body, 1000).value_or(""), "{\"a\":1}");
}

struct Row {
  unsigned status;
  const char* want;  // "done", "lost", "again"
};
constexpr Row kRows[] = {{200, "done"},  {201, "done"},  {204, "done"}, {301, "lost"},  {400, "lost"},
                         {404, "lost"},  {408, "again"}, {413, "lost"}, {429, "again"}, {500, "again"},
                         {502, "again"}, {503, "again"}, {504, "again"}};

TEST(HttpOutput, WhatAStatusMeans) {
  Receiver receiver;
  HttpOutput output({.url = receiver.url()});
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.status);
    receiver.answers = {{.status = row.status, .body = "why\nnot"}};
    const Delivery done = output.write(json("{}"));
    EXPECT_EQ(done.again ? "again" : done.lost > 0 ? "lost" : "done", std::string(row.want));
    if (row.status >= 300) {
      EXPECT_THAT(done.problem, HasSubstr(fmt::format("answered {}: why", row.status)));
    }
  }
}

TEST(HttpOutput, TheReceiverMaySayWhen) {
  Receiver receiver;
  HttpOutput output({.url = receiver.url()});
  receiver.answers = {{.status = 429, .headers = {{"Retry-After", "7"}}}};
  EXPECT_EQ(output.write(json("{}")).again_after_ns, 7'000'000'000U);
}

TEST(HttpOutput, NobodyThereIsForLaterANonsenseUrlIsNot) {
  HttpOutput nobody({.url = "http://127.0.0.1:1/"});
  EXPECT_TRUE(nobody.write(json("{}")).again);
  HttpOutput nonsense({.url = "nonsense://x"});
  const Delivery done = nonsense.write(json("{}"));
  EXPECT_FALSE(done.again);
  EXPECT_EQ(done.lost, 1U);
}

}  // namespace
}  // namespace saker::alert
