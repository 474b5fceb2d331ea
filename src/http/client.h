// Client: HTTP requests to one peer over a connection that is kept, by libcurl.
//
// A call blocks until the answer is there, the time is over, or it is cancelled. Redirects are never
// followed: a 3xx is an answer like any other. Proxies come from the environment as curl reads it
// (http_proxy, HTTPS_PROXY, NO_PROXY).
//
// Not thread-safe, but cancel() may be called from any thread. One thread owns a Client.
#pragma once

#include <atomic>
#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace saker::http {

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{10'000};  // the whole call
  bool verify = true;                         // the peer's certificate and its name
  std::string ca_file{};                      // PEM; "" = the system's
  std::string ca_path{};                      // a directory of hashed certificates, or ""
  bool add_system_ca = false;                 // ca_file beside the system's authorities, not instead of them
  std::string client_certificate{}, client_key{};
  std::string user_agent = "saker";
  bool keep_alive = true;  // false: a new connection for each call
  std::size_t answer_bytes_max = 64 * 1024;
};

struct Call {
  std::string_view method = "POST";
  std::string url{};
  std::vector<std::string> headers{};  // "Name: value"
  std::string_view body{};             // must hold during the call
};

struct Answer {
  long status = 0;
  std::string body;                                 // cut at answer_bytes_max
  std::optional<std::chrono::seconds> retry_after;  // of that header, when it is a number or a date to come
};

// No answer came.
struct CallFailure {
  enum class Kind {
    kConnect,    // no such name, refused, unreachable
    kTls,        // handshake or certificate
    kTimeout,    // the time was over; the peer may have taken it
    kBroken,     // the connection ended early; the peer may have taken it
    kCancelled,  // by cancel()
    kInvalid,    // the URL or an option cannot be used: trying again is of no use
  };
  Kind kind = Kind::kConnect;
  std::string message;  // one sentence, with the URL's host
};

class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  std::expected<Answer, CallFailure> call(const Call& call);

  // Ends the call in progress, and every later one at once.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
  ClientOptions options_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace saker::http
