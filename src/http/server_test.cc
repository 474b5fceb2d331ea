// Drives the server over real sockets: raw bytes where the protocol is the point, http::Client elsewhere.
#include "http/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "http/certificates_for_tests.h"
#include "http/client.h"

namespace saker::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Says what it got.
void echo(Request& request, Responder responder) {
  responder.send({.status = 200,
                  .content_type = "text/plain",
                  .body = std::string(request.method) + " " + std::string(request.path) + " " +
                          std::string(request.query) + " " + request.body});
}

std::unique_ptr<Server> started(ServerOptions options, Handler handler = echo) {
  if (options.listeners.empty()) options.listeners = {{.address = "127.0.0.1", .port = 0}};
  auto server = Server::start(std::move(options), std::move(handler));
  if (!server) ADD_FAILURE() << server.error().message;
  return server ? *std::move(server) : nullptr;
}

class Connection {
 public:
  explicit Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0)
      ADD_FAILURE() << "connect";
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Up to and with `last`, or to the end of the connection.
  std::string read_until(std::string_view last) {
    while (got_.find(last) == std::string::npos) {
      char some[4096];
      const ssize_t got = ::recv(fd_.get(), some, sizeof(some), 0);
      if (got <= 0) return std::exchange(got_, {});
      got_.append(some, static_cast<std::size_t>(got));
    }
    const std::size_t end = got_.find(last) + last.size();
    std::string part = got_.substr(0, end);
    got_.erase(0, end);
    return part;
  }
  // To the end of the connection; then this side ends too.
  std::string read_all() {
    std::string all = read_until("\x01no such text");
    fd_.reset();
    return all;
  }

 private:
  UniqueFd fd_;
  std::string got_;
};

std::string talk(const Server& server, std::string_view bytes) {
  Connection connection(server.port());
  connection.send(bytes);
  return connection.read_all();
}

TEST(Server, WhatIsAskedAndWhatIsAnswered) {
  const auto server = started({});
  struct Row {
    std::string name, sent, status, ending;
  };
  const Row rows[] = {
      {"get", "GET /a/b?c=d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK",
       "GET /a/b c=d "},
      {"body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
       "HTTP/1.1 200 OK", "POST /  abc"},
      {"chunked",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
       "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
       "HTTP/1.1 200 OK", "POST /  abc"},
      {"http 1.0 closes", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK", "GET /  "},
      {"head has no body", "HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK",
       "\r\n\r\n"},
      {"two in one write",
       "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
       "HTTP/1.1 200 OK", "GET /2  "},
      {"no http", "hello\r\n\r\n", "HTTP/1.1 400 Bad Request", "}\n"},
      {"length that is none", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400 Bad Request",
       "}\n"},
      {"two lengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
       "HTTP/1.1 400 Bad Request", "}\n"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const std::string answer = talk(*server, row.sent);
    EXPECT_THAT(answer, StartsWith(row.status));
    EXPECT_THAT(answer, ::testing::EndsWith(row.ending));
  }
  EXPECT_EQ(server->stats().malformed, 3U);
}

TEST(Server, HeadSaysTheLengthOfTheBody) {
  const auto server = started({});
  EXPECT_THAT(talk(*server, "HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("Content-Length: 9\r\n"));
}

TEST(Server, AConnectionIsKept) {
  const auto server = started({});
  Connection connection(server->port());
  for (int i = 0; i < 3; ++i) {
    connection.send("GET /again HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(connection.read_until("GET /again  "), StartsWith("HTTP/1.1 200 OK"));
  }
  EXPECT_EQ(server->stats().connections, 1U);
  EXPECT_EQ(server->stats().requests, 3U);
}

TEST(Server, ABodyThatIsTooLargeIsRefusedAndTheSenderReadsWhy) {
  const auto server = started({.body_bytes_max = 1000});
  // Larger than the socket's buffers: without lingering the connection would be reset under the answer.
  const std::string large(6'000'000, 'x');
  for (const std::string& how : {"Content-Length: 6000000\r\n\r\n" + large,
                                 "Transfer-Encoding: chunked\r\n\r\n5b8d80\r\n" + large + "\r\n0\r\n\r\n"}) {
    EXPECT_THAT(talk(*server, "POST / HTTP/1.1\r\nHost: x\r\n" + how), StartsWith("HTTP/1.1 413 "));
  }
  EXPECT_EQ(server->stats().too_large, 2U);
  EXPECT_EQ(server->stats().requests, 0U);
}

TEST(Server, AHeadThatIsTooLargeIsRefused) {
  const auto server = started({.header_bytes_max = 1000});
  EXPECT_THAT(talk(*server, "GET / HTTP/1.1\r\nX: " + std::string(5000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
}

TEST(Server, ContinueIsSaidOnlyForABodyThatWillBeTaken) {
  const auto server = started({.body_bytes_max = 10});
  Connection good(server->port());
  good.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(good.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  good.send("abc");
  EXPECT_THAT(good.read_until("abc"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(
      talk(*server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
}

TEST(Server, ARequestThatDoesNotArriveEndsWith408AndAnIdleConnectionInSilence) {
  const auto server = started({.read_timeout = 50ms, .idle_timeout = 100ms});
  EXPECT_THAT(talk(*server, "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(talk(*server, ""), "");
  EXPECT_EQ(server->stats().timeouts, 1U);
}

TEST(Server, AtTheLimitTheConnectionIdleLongestMakesRoom) {
  const auto server = started({.connections_max = 2});
  Connection first(server->port()), second(server->port());
  for (Connection* one : {&first, &second}) {
    one->send("GET /mine HTTP/1.1\r\nHost: x\r\n\r\n");
    one->read_until("GET /mine  ");
  }
  Connection third(server->port());
  third.send("GET /third HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(third.read_until("GET /third  "), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_EQ(first.read_all(), "");
  EXPECT_LE(server->stats().open, 2U);
}

TEST(Server, WhereNoneIsIdleNewOnesWaitUntilOneEnds) {
  std::mutex mutex;
  std::vector<Responder> kept;
  std::condition_variable changed;
  const auto server = started({.connections_max = 1}, [&](Request&, Responder responder) {
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(responder));
    changed.notify_all();
  });
  const auto answer_one = [&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !kept.empty(); });
    kept.back().send({.status = 204, .close = true});
    kept.pop_back();
  };
  Connection busy(server->port());
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  Connection waiting(server->port());
  waiting.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  answer_one();
  EXPECT_THAT(busy.read_all(), StartsWith("HTTP/1.1 204 "));
  answer_one();
  EXPECT_THAT(waiting.read_all(), StartsWith("HTTP/1.1 204 "));
}

TEST(Server, AnswersComeLaterFromOtherThreads) {
  std::vector<std::thread> threads;
  const auto server = started({}, [&](Request& request, Responder responder) {
    threads.emplace_back([body = std::move(request.body), responder = std::move(responder)]() mutable {
      responder.send({.status = 202, .body = "late " + body});
    });
  });
  Client client({});
  const std::string url = "http://127.0.0.1:" + std::to_string(server->port()) + "/";
  for (int i = 0; i < 20; ++i) {
    const std::string body = std::to_string(i);
    const auto answer = client.call({.url = url, .body = body});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 202);
    EXPECT_EQ(answer->body, "late " + body);
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Server, ARequestThatNobodyAnswersIsA500) {
  const auto server = started({}, [](Request&, Responder) {});
  EXPECT_THAT(talk(*server, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 500 "));
}

TEST(Server, AResponderMayOutliveItsServer) {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Responder> kept;
  {
    const auto server = started({}, [&](Request&, Responder responder) {
      const std::lock_guard lock(mutex);
      kept.emplace(std::move(responder));
      changed.notify_all();
    });
    Connection connection(server->port());
    connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return kept.has_value(); });
  }
  kept->send({});
}

TEST(Server, ADrainEndsIdleConnectionsAndAnswersWhatIsInFlight) {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Responder> kept;
  const auto server = started({}, [&](Request& request, Responder responder) {
    if (request.path != "/slow") return echo(request, std::move(responder));
    const std::lock_guard lock(mutex);
    kept.emplace(std::move(responder));
    changed.notify_all();
  });
  Connection idle(server->port());
  idle.send("GET /once HTTP/1.1\r\nHost: x\r\n\r\n");
  idle.read_until("GET /once  ");
  Connection slow(server->port());
  slow.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return kept.has_value(); });
  }
  EXPECT_FALSE(server->drain(20ms)) << "one is still in flight";
  EXPECT_EQ(idle.read_all(), "");
  kept->send({.status = 200, .body = "at last"});
  const std::string answer = slow.read_all();
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("at last"));
  EXPECT_TRUE(server->drain(10s));
}

TEST(Server, WhatCannotBeListenedOn) {
  const auto first = started({});
  struct Row {
    Listener listener;
    std::string says;
  };
  const Row rows[] = {
      {{.address = "127.0.0.1", .port = first->port()}, "Address already in use"},
      {{.address = "localhost", .port = 0}, "'localhost' is not an IP address"},
      {{.address = "", .port = 0, .tls = TlsFiles{"/no/cert", "/no/key", ""}}, "/no/cert"},
  };
  for (const Row& row : rows) {
    const auto server = Server::start({.listeners = {row.listener}}, echo);
    ASSERT_FALSE(server);
    EXPECT_THAT(server.error().message, HasSubstr(row.says));
  }
}

TEST(Server, EveryAddressOfBothFamiliesAndSeveralListeners) {
  const auto server = started({.listeners = {{}, {.address = "127.0.0.1", .port = 0}}});
  Client client({});
  for (const std::size_t listener : {0U, 1U}) {
    const auto answer =
        client.call({.method = "GET", .url = "http://127.0.0.1:" + std::to_string(server->port(listener))});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
  }
}

class TlsServer : public ::testing::Test {
 protected:
  std::unique_ptr<Server> serve(bool mutual) {
    return started({.listeners = {{.address = "127.0.0.1",
                                   .port = 0,
                                   .tls = TlsFiles{files_.certificate("server"), files_.key("server"),
                                                   mutual ? files_.ca() : ""}}},
                    .read_timeout = 200ms});
  }
  std::expected<Answer, CallFailure> get(const Server& server, ClientOptions options,
                                         std::string_view body = {}) {
    Client client(std::move(options));
    return client.call(
        {.method = "POST", .url = "https://localhost:" + std::to_string(server.port()) + "/x", .body = body});
  }

  TestCertificates files_;
};

TEST_F(TlsServer, TheClientKnowsTheServer) {
  const auto server = serve(false);
  const std::string large(500'000, 'x');
  const auto good = get(*server, {.ca_file = files_.ca(), .answer_bytes_max = 1'000'000}, large);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->body, "POST /x  " + large);
  const auto stranger = get(*server, {});
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().kind, CallFailure::Kind::kTls);
  EXPECT_TRUE(get(*server, {.verify = false}));
}

TEST_F(TlsServer, WithMutualTlsTheServerKnowsTheClient) {
  const auto server = serve(true);
  EXPECT_TRUE(get(*server, {.ca_file = files_.ca(),
                            .client_certificate = files_.certificate("client"),
                            .client_key = files_.key("client")}));
  EXPECT_FALSE(get(*server, {.ca_file = files_.ca()}));
  const TestCertificates other;
  EXPECT_FALSE(get(*server, {.ca_file = files_.ca(),
                             .client_certificate = other.certificate("client"),
                             .client_key = other.key("client")}));
  EXPECT_EQ(server->stats().requests, 1U);
}

TEST_F(TlsServer, ANewCertificateIsTakenWithoutARestart) {
  const auto server = serve(false);
  ASSERT_TRUE(get(*server, {.ca_file = files_.ca()}));
  TestCertificates renewed;
  std::rename(renewed.key("server").c_str(), files_.key("server").c_str());
  std::rename(renewed.certificate("server").c_str(), files_.certificate("server").c_str());
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!get(*server, {.ca_file = renewed.ca()})) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(10ms);
  }
}

}  // namespace
}  // namespace saker::http
