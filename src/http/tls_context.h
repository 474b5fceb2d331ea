// TlsContext: the server side's certificates, read again when the files change.
//
// A context in use stays as it is: new connections get the new one. Not thread-safe.
#pragma once

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "http/server.h"

namespace saker::http {

class TlsContext {
 public:
  static Result<std::unique_ptr<TlsContext>> load(TlsFiles files);

  const std::shared_ptr<boost::asio::ssl::context>& current() const { return current_; }

  // Loads the files again if one of them is another than last time. A failure is logged once and changes
  // nothing.
  void refresh();

 private:
  // What tells that a file is another: a renewed secret is a new file behind the same link.
  struct Stamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::array<Stamp, 3>;

  explicit TlsContext(TlsFiles files) : files_(std::move(files)) {}
  static Stamps stamps_of(const TlsFiles& files);

  TlsFiles files_;
  Stamps stamps_;
  std::shared_ptr<boost::asio::ssl::context> current_;
};

}  // namespace saker::http
