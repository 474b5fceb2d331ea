#include "http/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace saker::http {
namespace {

void init_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct SliceFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, SliceFree>;

struct Incoming {
  std::string body;
  std::size_t bytes_max = 0;
};

// What is beyond the limit is read and forgotten, so that the connection stays usable.
std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* to) {
  auto& incoming = *static_cast<Incoming*>(to);
  const std::size_t got = size * count;
  const std::size_t room = incoming.bytes_max - std::min(incoming.bytes_max, incoming.body.size());
  incoming.body.append(bytes, std::min(got, room));
  return got;
}

int is_cancelled(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::atomic<bool>*>(cancelled)->load(std::memory_order_relaxed) ? 1 : 0;
}

CallFailure::Kind kind_of(CURLcode code) {
  using Kind = CallFailure::Kind;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Kind::kTimeout;
    case CURLE_ABORTED_BY_CALLBACK:
      return Kind::kCancelled;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_INTERFACE_FAILED:
      return Kind::kConnect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
      return Kind::kTls;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return Kind::kInvalid;
    default:
      return Kind::kBroken;
  }
}

// A URL without what may be secret in it: user, path and query stay out of logs (a webhook's path is its
// password).
std::string host_of(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return "the configured URL";
  std::string host;
  for (const CURLUPart part : {CURLUPART_HOST, CURLUPART_PORT}) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) continue;
    if (!host.empty()) host += ':';
    host += text;
    curl_free(text);
  }
  return host;
}

}  // namespace

struct Client::Handle {
  CURL* curl = nullptr;
  char error[CURL_ERROR_SIZE] = {};
  Handle() {
    init_curl_once();
    curl = curl_easy_init();
  }
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(curl, option, value);
  }
  void set_if(CURLoption option, const std::string& value) {
    if (!value.empty()) set(option, value.c_str());
  }
};

Client::Client(ClientOptions options) : handle_(std::make_unique<Handle>()), options_(std::move(options)) {
  Handle& handle = *handle_;
  handle.set(CURLOPT_NOSIGNAL, 1L);
  handle.set(CURLOPT_ERRORBUFFER, handle.error);
  handle.set(CURLOPT_PROTOCOLS_STR, "http,https");
  handle.set(CURLOPT_FOLLOWLOCATION, 0L);
  handle.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  handle.set(CURLOPT_TCP_KEEPALIVE, 1L);
  handle.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  handle.set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
  handle.set(CURLOPT_MAXCONNECTS, 1L);
  handle.set(CURLOPT_FORBID_REUSE, options_.keep_alive ? 0L : 1L);
  handle.set_if(CURLOPT_USERAGENT, options_.user_agent);
  handle.set(CURLOPT_SSL_VERIFYPEER, options_.verify ? 1L : 0L);
  handle.set(CURLOPT_SSL_VERIFYHOST, options_.verify ? 2L : 0L);
  handle.set_if(CURLOPT_CAINFO, options_.ca_file);
  handle.set_if(CURLOPT_CAPATH, options_.ca_path);
  // A CA file of its own replaces the built-in file but not the built-in directory: that must be said.
  if (!options_.ca_file.empty() && options_.ca_path.empty() && !options_.add_system_ca) {
    handle.set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  handle.set_if(CURLOPT_SSLCERT, options_.client_certificate);
  handle.set_if(CURLOPT_SSLKEY, options_.client_key);
  handle.set(CURLOPT_WRITEFUNCTION, &take_body);
  handle.set(CURLOPT_NOPROGRESS, 0L);
  handle.set(CURLOPT_XFERINFOFUNCTION, &is_cancelled);
  handle.set(CURLOPT_XFERINFODATA, &cancelled_);
}

Client::~Client() = default;

std::expected<Answer, CallFailure> Client::call(const Call& call) {
  Handle& handle = *handle_;
  Headers headers;
  const auto add = [&headers](const std::string& line) {
    if (curl_slist* longer = curl_slist_append(headers.get(), line.c_str())) {
      static_cast<void>(headers.release());
      headers.reset(longer);
    }
  };
  add("Expect:");  // no round trip before the body
  for (const std::string& line : call.headers) add(line);
  handle.set(CURLOPT_HTTPHEADER, headers.get());
  handle.set(CURLOPT_URL, call.url.c_str());
  if (call.method == "GET") {
    handle.set(CURLOPT_HTTPGET, 1L);
    handle.set(CURLOPT_CUSTOMREQUEST, static_cast<char*>(nullptr));
  } else {
    handle.set(CURLOPT_POST, 1L);
    handle.set(CURLOPT_POSTFIELDS, call.body.data());
    handle.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    handle.set(CURLOPT_CUSTOMREQUEST, std::string(call.method).c_str());
  }
  Incoming incoming{.body = {}, .bytes_max = options_.answer_bytes_max};
  handle.set(CURLOPT_WRITEDATA, &incoming);
  handle.error[0] = '\0';
  const CURLcode code = curl_easy_perform(handle.curl);
  handle.set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  if (code != CURLE_OK) {
    const char* reason = handle.error[0] != '\0' ? handle.error : curl_easy_strerror(code);
    return std::unexpected(CallFailure{kind_of(code), fmt::format("{}: {}", host_of(call.url), reason)});
  }
  Answer answer;
  curl_easy_getinfo(handle.curl, CURLINFO_RESPONSE_CODE, &answer.status);
  answer.body = std::move(incoming.body);
  curl_off_t retry_after = 0;
  curl_easy_getinfo(handle.curl, CURLINFO_RETRY_AFTER, &retry_after);
  if (retry_after > 0) answer.retry_after = std::chrono::seconds(retry_after);
  return answer;
}

}  // namespace saker::http
