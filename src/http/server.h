// Server: a small HTTP/1.1 server inside a program, on one thread of its own.
//
//   auto server = http::Server::start({.listeners = {{.port = 8765}}}, handler);
//
// The handler runs on the server's thread and must not block: it answers at once, or keeps the Responder and
// answers later from any thread. One request of a connection is handled at a time; pipelined ones wait.
//
// Everything is bounded: header and body bytes, connections (at the limit the connection idle longest makes
// room; when none is idle new ones wait in the kernel's queue), the time a request may take to arrive, a
// connection may be idle, an answer may take to be taken. What breaks a limit gets its status (400, 408, 413,
// 431) where there is still somebody to tell, is counted, and its connection is closed.
//
// TLS is OpenSSL's, 1.2 or newer, HTTP/1.1 only. Certificate files that change on disk are read again within
// some seconds; if the new ones do not load, the old ones stay and the log says so.
//
// Thread-safety: every member of Server and Responder may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace saker::http {

struct TlsFiles {
  std::string certificate{};  // PEM, with its chain
  std::string key{};          // PEM; may be the same file
  std::string client_ca{};    // "" = clients need no certificate; else one signed by these (mTLS)
};

struct Listener {
  std::string address{};   // an IP address; "" = every address of both families
  std::uint16_t port = 0;  // 0 = the system chooses; see Server::port()
  std::optional<TlsFiles> tls{};
};

struct ServerOptions {
  std::vector<Listener> listeners{};
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 1024 * 1024;
  std::size_t bodies_bytes_max = 64 * 1024 * 1024;  // of all requests that are still arriving
  std::size_t connections_max = 64;
  std::chrono::milliseconds read_timeout{30'000};   // the whole request, from its first byte
  std::chrono::milliseconds idle_timeout{60'000};   // between requests
  std::chrono::milliseconds write_timeout{30'000};  // the whole answer
  std::string server_name = "saker";                // the Server header
};

struct ServerStats {
  std::uint64_t connections = 0;  // accepted so far
  std::uint64_t open = 0;         // now
  std::uint64_t requests = 0;     // handed to the handler
  std::uint64_t malformed = 0;    // 400, 431 by the server itself
  std::uint64_t too_large = 0;    // 413
  std::uint64_t too_busy = 0;     // 503: bodies_bytes_max
  std::uint64_t timeouts = 0;     // 408, idle ends not counted
  std::uint64_t evicted = 0;      // idle connections closed to make room
  std::uint64_t tls_failed = 0;   // handshakes
};

class Exchange;
struct ServerCore;

// The right and duty to answer one request. Destroyed without an answer it sends a 500.
class Responder {
 public:
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&&) noexcept;
  ~Responder();

  // Once. Later calls do nothing; neither does an answer to a connection that is gone.
  void send(Response response);

 private:
  std::shared_ptr<Exchange> exchange_;
};

using Handler = std::function<void(Request& request, Responder responder)>;

class Server {
 public:
  // Listens, then serves. Errors: an address that is none or is taken, TLS files that do not load.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Handler handler);

  // Stops at once; drain() first for a graceful end.
  ~Server();

  // Takes no more connections, closes idle ones, and answers what is in flight; returns when all is done or
  // the time is over. True when nothing was cut off.
  bool drain(std::chrono::milliseconds grace);

  std::uint16_t port(std::size_t listener = 0) const;
  ServerStats stats() const;

 private:
  explicit Server(std::shared_ptr<ServerCore> core);
  std::shared_ptr<ServerCore> core_;
};

}  // namespace saker::http
