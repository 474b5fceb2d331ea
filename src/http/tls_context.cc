#include "http/tls_context.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <utility>

#include "base/log.h"

namespace saker::http {
namespace {

namespace ssl = boost::asio::ssl;

Result<std::shared_ptr<ssl::context>> make_context(const TlsFiles& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  // Sessions are resumed by tickets only; a server-side cache would grow with the number of clients.
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  context->use_certificate_chain_file(files.certificate, error);
  if (error) {
    return fail(ErrorCode::kInvalid,
                fmt::format("cannot use TLS certificate {}: {}", files.certificate, error.message()));
  }
  context->use_private_key_file(files.key, ssl::context::pem, error);
  if (error || SSL_CTX_check_private_key(context->native_handle()) != 1) {
    return fail(ErrorCode::kInvalid,
                fmt::format("cannot use TLS key {}: {}", files.key,
                            error ? error.message() : "it does not belong to the certificate"));
  }
  if (!files.client_ca.empty()) {
    context->load_verify_file(files.client_ca, error);
    if (error) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("cannot use client CA {}: {}", files.client_ca, error.message()));
    }
    context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
    // A resumed session must belong to this server, not to another one with the same ticket keys.
    static constexpr unsigned char kContextId[] = "saker";
    SSL_CTX_set_session_id_context(context->native_handle(), kContextId, sizeof(kContextId) - 1);
  }
  return context;
}

}  // namespace

TlsContext::Stamps TlsContext::stamps_of(const TlsFiles& files) {
  Stamps stamps;
  std::size_t i = 0;
  for (const std::string* path : {&files.certificate, &files.key, &files.client_ca}) {
    struct stat about{};
    if (!path->empty() && ::stat(path->c_str(), &about) == 0) {
      stamps[i] = {about.st_dev, about.st_ino,
                   std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec};
    }
    ++i;
  }
  return stamps;
}

Result<std::unique_ptr<TlsContext>> TlsContext::load(TlsFiles files) {
  std::unique_ptr<TlsContext> made(new TlsContext(std::move(files)));
  made->stamps_ = stamps_of(made->files_);
  TRY_ASSIGN(made->current_, make_context(made->files_));
  return made;
}

void TlsContext::refresh() {
  const Stamps now = stamps_of(files_);
  if (now == stamps_) return;
  stamps_ = now;
  auto made = make_context(files_);
  if (!made) {
    log(LogLevel::kError, "TLS files changed but do not load, the old ones stay in use: {}",
        made.error().message);
    return;
  }
  current_ = *std::move(made);
  log(LogLevel::kInfo, "TLS certificate {} read again", files_.certificate);
}

}  // namespace saker::http
