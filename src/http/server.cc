#include "http/server.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <ctime>

#include "base/log.h"
#include "http/exchange.h"
#include "http/server_core.h"

namespace saker::http {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;

// The Date header goes by seconds.
constexpr std::chrono::milliseconds kTickMax{1000};
constexpr std::chrono::milliseconds kTickMin{10};

std::string date_now() {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::time(nullptr)));
}

std::string place_of(const Listener& listener) {
  return fmt::format("{}:{}", listener.address.empty() ? "*" : listener.address, listener.port);
}

Result<AcceptorSocket> open_acceptor(asio::io_context& io, const Listener& listener) {
  Tcp::endpoint endpoint(Tcp::v6(), listener.port);
  Error error;
  if (!listener.address.empty()) {
    const auto address = asio::ip::make_address(listener.address, error);
    if (error) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("'{}' is not an IP address to listen on", listener.address));
    }
    endpoint = Tcp::endpoint(address, listener.port);
  }
  AcceptorSocket acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (error && listener.address.empty()) {  // a kernel without IPv6
    endpoint = Tcp::endpoint(Tcp::v4(), listener.port);
    acceptor.open(endpoint.protocol(), error);
  }
  if (!error && listener.address.empty() && endpoint.protocol() == Tcp::v6()) {
    acceptor.set_option(asio::ip::v6_only(false), error);
  }
  if (!error) acceptor.set_option(AcceptorSocket::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(ErrorCode::kIo, fmt::format("cannot listen on {}: {}", place_of(listener), error.message()));
  }
  return acceptor;
}

}  // namespace

Responder& Responder::operator=(Responder&& other) noexcept {
  std::swap(exchange_, other.exchange_);
  return *this;
}

Responder::~Responder() {
  if (exchange_) send(error_response(500, "the request was not answered"));
}

void Responder::send(Response response) {
  if (const auto exchange = std::exchange(exchange_, nullptr)) exchange->answer(std::move(response));
}

ServerCore::ServerCore(ServerOptions the_options, Handler the_handler)
    : options(std::move(the_options)), handler(std::move(the_handler)) {
  const auto shortest = std::min({options.read_timeout, options.idle_timeout, options.write_timeout});
  tick_interval = std::clamp(shortest / 4, kTickMin, kTickMax);
}

Result<> ServerCore::listen() {
  for (std::size_t i = 0; i < options.listeners.size(); ++i) {
    const Listener& listener = options.listeners[i];
    std::shared_ptr<TlsContext> tls;
    if (listener.tls) {
      TRY_ASSIGN(tls, TlsContext::load(*listener.tls));
    }
    TRY_ASSIGN(auto socket, open_acceptor(io, listener));
    Error ignored;
    ports.push_back(socket.local_endpoint(ignored).port());
    acceptors.push_back({std::move(socket), std::move(tls), i, false});
  }
  for (Acceptor& acceptor : acceptors) accept(acceptor);
  tick();
  return {};
}

void ServerCore::run() { io.run(); }

void ServerCore::accept(Acceptor& acceptor) {
  acceptor.waiting = false;
  if (sessions.size() < options.connections_max) return take(acceptor);
  // Full: somebody must make room, but only when there is a newcomer.
  acceptor.socket.async_wait(AcceptorSocket::wait_read, [core = shared_from_this(), &acceptor](Error error) {
    if (error || core->draining) return;
    if (core->sessions.size() < core->options.connections_max || core->make_room())
      return core->take(acceptor);
    acceptor.waiting = true;
  });
}

void ServerCore::take(Acceptor& acceptor) {
  acceptor.socket.async_accept([core = shared_from_this(), &acceptor](Error error, Socket socket) {
    if (error == asio::error::operation_aborted || core->draining) return;
    if (error) {  // of descriptors there are none left, most likely: the tick tries again
      acceptor.waiting = true;
      return;
    }
    ++core->counters.connections;
    ++core->counters.open;
    const auto session =
        acceptor.tls ? make_tls_session(core, std::move(socket), acceptor.listener, acceptor.tls->current())
                     : make_plain_session(core, std::move(socket), acceptor.listener);
    core->sessions.emplace(session.get(), session);
    session->start();
    core->accept(acceptor);
  });
}

// Closes the connection that has been idle longest; false when none is idle.
bool ServerCore::make_room() {
  Session* oldest = nullptr;
  const auto now = std::chrono::steady_clock::now();
  for (const auto& [session, owner] : sessions) {
    if (!session->may_make_room(now)) continue;
    if (oldest == nullptr || session->deadline() < oldest->deadline()) oldest = session;
  }
  if (oldest == nullptr) return false;
  ++counters.evicted;
  oldest->finish();
  return true;
}

void ServerCore::resume_accepting() {
  for (Acceptor& acceptor : acceptors) {
    if (acceptor.waiting && !draining) accept(acceptor);
  }
}

void ServerCore::remove(Session& session) {
  if (sessions.erase(&session) == 0) return;
  --counters.open;
  if (!draining) {
    asio::post(io, [core = shared_from_this()] { core->resume_accepting(); });
  } else if (sessions.empty()) {
    const std::lock_guard lock(mutex);
    idle = true;
    idle_changed.notify_all();
  }
}

void ServerCore::tick() {
  date = date_now();
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<Session>> late;
  for (const auto& [session, owner] : sessions) {
    if (session->deadline() <= now) late.push_back(owner);
  }
  for (const auto& session : late) session->time_is_over();
  for (const Acceptor& acceptor : acceptors) {
    if (acceptor.tls) acceptor.tls->refresh();
  }
  resume_accepting();
  timer.expires_after(tick_interval);
  timer.async_wait([core = shared_from_this()](Error error) {
    if (!error) core->tick();
  });
}

void ServerCore::begin_drain() {
  draining = true;
  Error ignored;
  for (Acceptor& acceptor : acceptors) acceptor.socket.close(ignored);
  std::vector<std::shared_ptr<Session>> idle_ones;
  for (const auto& [session, owner] : sessions) {
    if (session->phase() == Session::Phase::kIdle) idle_ones.push_back(owner);
  }
  for (const auto& session : idle_ones) session->finish();
  if (!sessions.empty()) return;
  const std::lock_guard lock(mutex);
  idle = true;
  idle_changed.notify_all();
}

Server::Server(std::shared_ptr<ServerCore> core) : core_(std::move(core)) {}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler handler) {
  auto core = std::make_shared<ServerCore>(std::move(options), std::move(handler));
  if (auto listening = core->listen(); !listening) {
    core->timer.cancel();
    for (ServerCore::Acceptor& acceptor : core->acceptors) acceptor.socket.close();
    core->io.poll();  // lets the operations that hold the core end
    return std::unexpected(std::move(listening).error());
  }
  // Signals are the main thread's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  core->thread = std::thread([core = core.get()] { core->run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return std::unique_ptr<Server>(new Server(std::move(core)));
}

Server::~Server() {
  {
    const std::lock_guard lock(core_->mutex);
    core_->stopped = true;
  }
  core_->io.stop();
  core_->thread.join();
  // From here this thread is the server's. Everything that is open ends, so that no operation holds the core.
  core_->draining = true;
  core_->timer.cancel();
  Error ignored;
  for (ServerCore::Acceptor& acceptor : core_->acceptors) acceptor.socket.close(ignored);
  while (!core_->sessions.empty()) {
    const auto session = core_->sessions.begin()->second;
    session->finish();
  }
  core_->io.restart();
  core_->io.poll();
  core_->handler = nullptr;
}

bool Server::drain(std::chrono::milliseconds grace) {
  asio::post(core_->io, [core = core_] { core->begin_drain(); });
  std::unique_lock lock(core_->mutex);
  return core_->idle_changed.wait_for(lock, grace, [this] { return core_->idle; });
}

std::uint16_t Server::port(std::size_t listener) const { return core_->ports.at(listener); }

ServerStats Server::stats() const {
  const ServerCore::Counters& c = core_->counters;
  return {.connections = c.connections,
          .open = c.open,
          .requests = c.requests,
          .malformed = c.malformed,
          .too_large = c.too_large,
          .too_busy = c.too_busy,
          .timeouts = c.timeouts,
          .evicted = c.evicted,
          .tls_failed = c.tls_failed};
}

}  // namespace saker::http
