// What the connections of a server share. Private to this folder: asio stays behind server.h.
//
// All but `stopped` and the counters is touched by the server's thread alone. A session owns a reference to
// the core, so that a Responder that outlives its Server still finds the io_context under its socket.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "http/exchange.h"
#include "http/server.h"
#include "http/tls_context.h"

namespace saker::http {

// Bound to the io_context's own executor: the general one costs a virtual call an operation.
using Executor = boost::asio::io_context::executor_type;
using Tcp = boost::asio::ip::tcp;
using Socket = boost::asio::basic_stream_socket<Tcp, Executor>;
using AcceptorSocket = boost::asio::basic_socket_acceptor<Tcp, Executor>;
using Timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
using SteadyTime = std::chrono::steady_clock::time_point;

// One connection. It is in Core::sessions from start() until finish().
class Session : public Exchange, public std::enable_shared_from_this<Session> {
 public:
  enum class Phase { kHandshake, kIdle, kReading, kHandling, kWriting, kLingering };

  virtual void start() = 0;
  virtual void time_is_over() = 0;  // the deadline of the phase has passed
  virtual void finish() = 0;        // closes; the session is gone when its last operation has ended

  Phase phase() const { return phase_; }
  SteadyTime deadline() const { return deadline_; }

  // Idle, and not so new that its first request may be on the way.
  bool may_make_room(SteadyTime now) const {
    return phase_ == Phase::kIdle && (served_ || now - born_ >= std::chrono::seconds(1));
  }

 protected:
  Phase phase_ = Phase::kHandshake;
  SteadyTime deadline_ = SteadyTime::max();
  bool served_ = false;

 private:
  SteadyTime born_ = std::chrono::steady_clock::now();
};

struct ServerCore : std::enable_shared_from_this<ServerCore> {
  struct Acceptor {
    AcceptorSocket socket;
    std::shared_ptr<TlsContext> tls;  // null = plain
    std::size_t listener = 0;
    bool waiting = false;  // for room: no accept is under way
  };
  struct Counters {
    std::atomic<std::uint64_t> connections = 0, open = 0, requests = 0, malformed = 0, too_large = 0,
                               too_busy = 0, timeouts = 0, evicted = 0, tls_failed = 0;
  };

  ServerCore(ServerOptions the_options, Handler the_handler);

  Result<> listen();
  void run();  // on the caller's thread, until stop()

  void accept(Acceptor& acceptor);
  void take(Acceptor& acceptor);
  void resume_accepting();
  bool make_room();
  void remove(Session& session);
  void tick();
  void begin_drain();

  boost::asio::io_context io{1};
  ServerOptions options;
  Handler handler;
  std::list<Acceptor> acceptors;
  std::vector<std::uint16_t> ports;
  std::unordered_map<Session*, std::shared_ptr<Session>> sessions;
  Timer timer{io};
  std::chrono::milliseconds tick_interval;
  std::string date;  // the Date header, right to the second
  bool draining = false;
  std::size_t bodies_bytes = 0;  // of requests that are still arriving
  Counters counters;

  std::mutex mutex;  // guards what follows
  bool stopped = false;
  bool idle = false;  // draining, and no session is left
  std::condition_variable idle_changed;

  std::thread thread;
};

std::shared_ptr<Session> make_plain_session(std::shared_ptr<ServerCore> core, Socket socket,
                                            std::size_t listener);
std::shared_ptr<Session> make_tls_session(std::shared_ptr<ServerCore> core, Socket socket,
                                          std::size_t listener,
                                          std::shared_ptr<boost::asio::ssl::context> context);

}  // namespace saker::http
