#include "http/client.h"

#include <gtest/gtest.h>

#include <thread>

#include "http/server.h"

namespace saker::http {
namespace {

using namespace std::chrono_literals;
using Kind = CallFailure::Kind;

class ClientTest : public ::testing::Test {
 protected:
  void serve(Handler handler) {
    auto server = Server::start({.listeners = {{.address = "127.0.0.1", .port = 0}}}, std::move(handler));
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }

  std::unique_ptr<Server> server_;
};

TEST_F(ClientTest, MethodHeadersAndBodyArriveOverOneConnection) {
  serve([](Request& request, Responder responder) {
    responder.send({.status = 200,
                    .content_type = {},
                    .body = std::string(request.method) + ' ' + std::string(request.content_type) + ' ' +
                            std::string(request.authorization) + ' ' + request.body});
  });
  Client client({});
  const auto put = client.call({.method = "PUT",
                                .url = url(),
                                .headers = {"Content-Type: application/json", "Authorization: Bearer x"},
                                .body = "{}"});
  ASSERT_TRUE(put);
  EXPECT_EQ(put->body, "PUT application/json Bearer x {}");
  const auto get = client.call({.method = "GET", .url = url()});
  ASSERT_TRUE(get);
  EXPECT_EQ(get->body, "GET   ");
  EXPECT_EQ(server_->stats().connections, 1U);
}

TEST_F(ClientTest, ARedirectIsAnAnswerAndRetryAfterIsRead) {
  serve([](Request& request, Responder responder) {
    if (request.path == "/moved") {
      return responder.send({.status = 301, .headers = {{"Location", "/"}}, .close = false});
    }
    responder.send({.status = 429, .body = "slow down", .headers = {{"Retry-After", "7"}}, .close = false});
  });
  Client client({});
  const auto moved = client.call({.url = url("/moved")});
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->status, 301);
  const auto limited = client.call({.url = url()});
  ASSERT_TRUE(limited);
  EXPECT_EQ(limited->status, 429);
  EXPECT_EQ(limited->retry_after, 7s);
}

TEST_F(ClientTest, ALargeAnswerIsCutAndTheConnectionStays) {
  serve([](Request&, Responder responder) {
    responder.send({.status = 500, .body = std::string(100'000, 'x')});
  });
  Client client({.answer_bytes_max = 1024});
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.call({.url = url()});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body.size(), 1024U);
  }
  EXPECT_EQ(server_->stats().connections, 1U);
}

TEST_F(ClientTest, WhyNoAnswerCame) {
  auto never = std::make_shared<std::vector<Responder>>();
  serve([never](Request&, Responder responder) { never->push_back(std::move(responder)); });
  struct Row {
    std::string url;
    Kind kind;
    std::chrono::milliseconds timeout = 60s;
  };
  const Row rows[] = {
      {"http://127.0.0.1:1/", Kind::kConnect}, {"http://no-such-host.invalid/", Kind::kConnect},
      {"ftp://127.0.0.1/", Kind::kInvalid},    {"http://[/", Kind::kInvalid},
      {url("/hangs"), Kind::kTimeout, 300ms},  {"https" + url().substr(4), Kind::kTls},
  };
  for (const Row& row : rows) {
    Client client({.connect_timeout = row.timeout, .timeout = row.timeout});
    const auto answer = client.call({.url = row.url});
    ASSERT_FALSE(answer) << row.url;
    EXPECT_EQ(answer.error().kind, row.kind) << row.url << ": " << answer.error().message;
  }
}

TEST_F(ClientTest, ACallIsCancelledFromAnotherThread) {
  Client client({.timeout = 60s});
  serve([&client, kept = std::make_shared<std::vector<Responder>>()](Request&, Responder responder) {
    kept->push_back(std::move(responder));
    client.cancel();
  });
  const auto answer = client.call({.url = url()});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::kCancelled);
}

TEST_F(ClientTest, AFailureDoesNotTellSecretsOfTheUrl) {
  Client client({});
  const auto answer = client.call({.url = "http://user:secret@127.0.0.1:1/hooks/T000/secret"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message.find("secret"), std::string::npos) << answer.error().message;
}

}  // namespace
}  // namespace saker::http
