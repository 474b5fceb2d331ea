// HTTP and gRPC over a unix socket: how runtimes' APIs are asked. A call blocks until it is answered or its
// time is over, so it belongs into a thread of its own.
//
// gRPC is a unary call: HTTP/2 from the first byte, one message each way behind five bytes of length, the
// status in the trailers (the gRPC project's "gRPC over HTTP2").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace saker::capture {

class UnixHttp {
 public:
  explicit UnixHttp(std::string socket);
  ~UnixHttp();
  UnixHttp(UnixHttp&&) noexcept;

  // The body of a 200. kNotFound for a 404, kIo for what else is no answer, kExhausted when the time is over.
  Result<std::string> get(const std::string& path);

  // The answer's message. kNotFound and kUnsupported (no such method) as the server says, kIo and kExhausted
  // as above. `headers` are whole lines.
  Result<std::string> call(const std::string& method, const std::string& message,
                           const std::vector<std::string>& headers = {});

  const std::string& socket() const { return socket_; }

 private:
  struct Handle;
  std::string socket_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace saker::capture
