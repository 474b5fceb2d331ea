// One connection: read a request, hand it over, write the answer, again.
//
// The parser is fed by hand rather than by Beast's composed reads: so the first byte of a request is seen
// (from there its time runs), a request that is there whole costs one read, and "Expect: 100-continue" is
// answered only when the head says that the body will be taken.
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <type_traits>

#include "http/server_core.h"

namespace saker::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Error = boost::system::error_code;
using TlsStream = asio::ssl::stream<Socket>;

constexpr std::size_t kReadBytes = 16 * 1024;
// How long and how much is still read from a peer that was refused, so that it reads why.
constexpr std::chrono::seconds kLinger{2};
constexpr std::size_t kLingerBytesMax = 8 * 1024 * 1024;
constexpr std::chrono::seconds kHandshakeTimeout{10};

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

template <class Stream>
class StreamSession final : public Session {
 public:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  template <class... StreamArgs>
  StreamSession(std::shared_ptr<ServerCore> core, std::size_t listener, StreamArgs&&... args)
      : core_(std::move(core)), stream_(std::forward<StreamArgs>(args)...), listener_(listener) {
    Error ignored;
    const auto peer = socket().remote_endpoint(ignored);
    if (!ignored) peer_ = peer.address().to_string(ignored);
    socket().set_option(Tcp::no_delay(true), ignored);
  }

  void start() override {
    if constexpr (kTls) {
      enter(Phase::kHandshake, kHandshakeTimeout);
      stream_.async_handshake(asio::ssl::stream_base::server, [self = self()](Error error) {
        if (error) {
          ++self->core_->counters.tls_failed;
          return self->finish();
        }
        self->next_request();
      });
    } else {
      next_request();
    }
  }

  void answer(Response response) override {
    auto& io = core_->io;
    if (io.get_executor().running_in_this_thread()) return write(std::move(response));
    const std::lock_guard lock(core_->mutex);
    if (core_->stopped) return;
    asio::post(
        io, [self = self(), response = std::move(response)]() mutable { self->write(std::move(response)); });
  }

  void time_is_over() override {
    if (phase_ == Phase::kReading) {
      ++core_->counters.timeouts;
      return refuse(408, "the request took too long to arrive");
    }
    finish();
  }

  void finish() override {
    if (finished_) return;
    finished_ = true;
    forget_body();
    Error ignored;
    socket().shutdown(Socket::shutdown_both, ignored);
    socket().close(ignored);
    core_->remove(*this);
  }

 private:
  std::shared_ptr<StreamSession> self() {
    return std::static_pointer_cast<StreamSession>(shared_from_this());
  }

  Socket& socket() {
    if constexpr (kTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  void enter(Phase phase, std::chrono::milliseconds limit) {
    phase_ = phase;
    deadline_ = std::chrono::steady_clock::now() + limit;
  }

  void next_request() {
    if (finished_) return;
    if (core_->draining && buffer_.size() == 0) return finish();
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(static_cast<std::uint32_t>(core_->options.header_bytes_max));
    parser_->body_limit(core_->options.body_bytes_max);
    continue_said_ = false;
    enter(Phase::kIdle, core_->options.idle_timeout);
    if (buffer_.size() > 0) return parse();
    // An idle connection holds no buffer.
    buffer_.shrink_to_fit();
    read();
  }

  void read() {
    reading_ = true;
    stream_.async_read_some(buffer_.prepare(kReadBytes), [self = self()](Error error, std::size_t bytes) {
      self->reading_ = false;
      if (self->finished_) return;
      if (self->phase_ == Phase::kWriting) return;  // refused meanwhile; linger() reads on
      if (error) return self->finish();
      if (self->phase_ == Phase::kLingering) return self->forget(bytes);
      self->buffer_.commit(bytes);
      self->parse();
    });
  }

  void parse() {
    if (phase_ == Phase::kIdle) enter(Phase::kReading, core_->options.read_timeout);
    while (buffer_.size() > 0 && !parser_->is_done()) {
      Error error;
      const std::size_t used = parser_->put(buffer_.data(), error);
      buffer_.consume(used);
      if (error == beast::http::error::need_more) break;
      if (error) return refuse(error);
    }
    if (!note_body()) return;
    if (parser_->is_done()) return hand_over();
    if (parser_->is_header_done() && !continue_said_ &&
        beast::iequals(parser_->get()[beast::http::field::expect], "100-continue")) {
      return say_continue();
    }
    read();
  }

  // Keeps count of what has arrived of the body; false when all bodies together are too much.
  bool note_body() {
    const std::size_t bytes = parser_->get().body().size();
    core_->bodies_bytes += bytes - noted_bytes_;
    noted_bytes_ = bytes;
    if (core_->bodies_bytes <= core_->options.bodies_bytes_max) return true;
    ++core_->counters.too_busy;
    refuse(503, "too many requests are arriving at once");
    return false;
  }
  void forget_body() {
    core_->bodies_bytes -= noted_bytes_;
    noted_bytes_ = 0;
  }

  void say_continue() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    continue_said_ = true;
    asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                      [self = self()](Error error, std::size_t) {
                        if (self->finished_) return;
                        if (error) return self->finish();
                        self->read();
                      });
  }

  void refuse(Error error) {
    if (error == beast::http::error::body_limit) {
      ++core_->counters.too_large;
      return refuse(413, "the body is larger than this server takes");
    }
    ++core_->counters.malformed;
    if (error == beast::http::error::header_limit) return refuse(431, "the request's head is too large");
    refuse(400, "this is not an HTTP request: " + error.message());
  }

  void refuse(unsigned status, std::string_view reason) {
    Response response = error_response(status, reason);
    response.close = true;
    if (status == 503) response.headers.emplace_back("Retry-After", "1");
    refused_ = true;
    forget_body();
    write(std::move(response));
  }

  void hand_over() {
    forget_body();
    phase_ = Phase::kHandling;
    served_ = true;
    deadline_ = SteadyTime::max();
    ++core_->counters.requests;
    auto& message = parser_->get();
    const std::string_view target = view(message.target());
    const std::size_t mark = target.find('?');
    using beast::http::field;
    Request request;
    request.method = view(message.method_string());
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
    request.content_type = view(message[field::content_type]);
    request.content_encoding = view(message[field::content_encoding]);
    request.accept = view(message[field::accept]);
    request.authorization = view(message[field::authorization]);
    request.body = std::move(message.body());
    request.peer = peer_;
    request.listener = listener_;
    core_->handler(request, Responder(self()));
  }

  void write(Response&& from) {
    if (finished_) return;
    enter(Phase::kWriting, core_->options.write_timeout);
    const bool head_only = parser_->is_header_done() && parser_->get().method() == beast::http::verb::head;
    const bool keep = !refused_ && !from.close && !core_->draining && parser_->get().keep_alive();
    auto& response = response_.emplace();
    response.result(from.status);
    if (!refused_) response.version(parser_->get().version());
    response.keep_alive(keep);
    using beast::http::field;
    response.set(field::server, core_->options.server_name);
    response.set(field::date, core_->date);
    if (!from.content_type.empty()) response.set(field::content_type, from.content_type);
    for (const auto& [name, value] : from.headers) response.set(name, value);
    if (from.status >= 200 && from.status != 204 && from.status != 304) {
      response.content_length(from.body.size());
      if (!head_only) response.body() = std::move(from.body);
    }
    beast::http::async_write(stream_, response, [self = self(), keep](Error error, std::size_t) {
      if (self->finished_) return;
      self->response_.reset();
      if (error) return self->finish();
      if (keep) return self->next_request();
      self->linger();
    });
  }

  // Says that no more will come and waits for the other end to say so too: a socket closed with unread bytes
  // is reset, and the answer with it.
  void linger() {
    enter(Phase::kLingering, kLinger);
    if constexpr (kTls) {
      stream_.async_shutdown([self = self()](Error) { self->finish(); });
    } else {
      Error ignored;
      socket().shutdown(Socket::shutdown_send, ignored);
      if (!reading_) forget(0);
    }
  }

  void forget(std::size_t bytes) {
    forgotten_ += bytes;
    if (forgotten_ > kLingerBytesMax) return finish();
    buffer_.clear();
    read();
  }

  std::shared_ptr<ServerCore> core_;  // first: outlives the stream
  Stream stream_;
  std::size_t listener_;
  std::string peer_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
  std::optional<beast::http::response<beast::http::string_body>> response_;
  std::size_t noted_bytes_ = 0;  // of the body, in ServerCore::bodies_bytes
  std::size_t forgotten_ = 0;
  bool continue_said_ = false;
  bool reading_ = false;  // a read is on its way, into buffer_
  bool refused_ = false;
  bool finished_ = false;
};

}  // namespace

std::shared_ptr<Session> make_plain_session(std::shared_ptr<ServerCore> core, Socket socket,
                                            std::size_t listener) {
  return std::make_shared<StreamSession<Socket>>(std::move(core), listener, std::move(socket));
}

std::shared_ptr<Session> make_tls_session(std::shared_ptr<ServerCore> core, Socket socket,
                                          std::size_t listener,
                                          std::shared_ptr<boost::asio::ssl::context> context) {
  return std::make_shared<StreamSession<TlsStream>>(std::move(core), listener, std::move(socket), *context);
}

}  // namespace saker::http
