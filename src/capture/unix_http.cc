#include "capture/unix_http.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace saker::capture {
namespace {

constexpr std::size_t kAnswerBytesMax = std::size_t{8} * 1024 * 1024;
constexpr long kConnectMs = 2'000;
constexpr long kAnswerMs = 5'000;
constexpr long kOk = 200, kNotFound = 404;

// Codes of gRPC that are told apart.
constexpr int kGrpcOk = 0, kGrpcInvalidArgument = 3, kGrpcNotFound = 5, kGrpcUnimplemented = 12;
// Of a message: whether it is compressed, then its length, big endian.
constexpr std::size_t kPrefixBytes = 5;

std::string framed(const std::string& message) {
  std::string frame(kPrefixBytes, '\0');
  for (std::size_t i = 1; i < kPrefixBytes; ++i)
    frame[i] = static_cast<char>((message.size() >> (8 * (kPrefixBytes - 1 - i))) & 0xff);
  return frame + message;
}

Result<std::string> unframed(const std::string& body) {
  std::size_t size = 0;
  for (std::size_t i = 1; i < kPrefixBytes && i < body.size(); ++i)
    size = size << 8 | static_cast<unsigned char>(body[i]);
  if (body.size() < kPrefixBytes || body[0] != 0 || size != body.size() - kPrefixBytes)
    return fail(ErrorCode::kIo, "the answer is no whole uncompressed gRPC message");
  return body.substr(kPrefixBytes);
}

struct Answer {
  std::string body;
  std::optional<int> grpc_status;
  std::string grpc_message;
};

std::size_t take_body(char* data, std::size_t, std::size_t size, void* into) {
  auto& answer = *static_cast<Answer*>(into);
  if (answer.body.size() + size > kAnswerBytesMax) return 0;  // ends the transfer with an error
  answer.body.append(data, size);
  return size;
}

// Trailers come the same way.
std::size_t take_header(char* data, std::size_t, std::size_t size, void* into) {
  auto& answer = *static_cast<Answer*>(into);
  std::string_view line(data, size);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  constexpr std::string_view kStatus = "grpc-status: ", kMessage = "grpc-message: ";
  if (line.starts_with(kStatus)) {
    int status = -1;
    const std::string_view digits = line.substr(kStatus.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), status);
    answer.grpc_status = status;
  } else if (line.starts_with(kMessage)) {
    answer.grpc_message = line.substr(kMessage.size());
  }
  return size;
}

struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, ListFree>;

void add(Headers& headers, const std::string& line) {
  if (curl_slist* longer = curl_slist_append(headers.get(), line.c_str())) {
    (void)headers.release();
    headers.reset(longer);
  }
}

}  // namespace

struct UnixHttp::Handle {
  CURL* curl = nullptr;

  Handle() {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready == CURLE_OK) curl = curl_easy_init();
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (curl != nullptr) curl_easy_cleanup(curl);
  }

  // Forgets the last call's settings, not its connection.
  void prepare(const std::string& socket, const std::string& path, Answer& answer) const {
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
    curl_easy_setopt(curl, CURLOPT_URL, ("http://localhost" + path).c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, kAnswerMs);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 16L * 1024);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
  }

  // The HTTP status.
  Result<long> perform(const std::string& socket) const {
    const CURLcode done = curl_easy_perform(curl);
    if (done != CURLE_OK) {
      const ErrorCode code = done == CURLE_OPERATION_TIMEDOUT ? ErrorCode::kExhausted : ErrorCode::kIo;
      return fail(code, fmt::format("{}: {}", socket, curl_easy_strerror(done)));
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
  }
};

UnixHttp::UnixHttp(std::string socket) : socket_(std::move(socket)), handle_(std::make_unique<Handle>()) {}
UnixHttp::~UnixHttp() = default;
UnixHttp::UnixHttp(UnixHttp&&) noexcept = default;

Result<std::string> UnixHttp::get(const std::string& path) {
  if (handle_->curl == nullptr) return fail(ErrorCode::kExhausted, "no HTTP client could be made");
  Answer answer;
  handle_->prepare(socket_, path, answer);
  TRY_ASSIGN(const long status, handle_->perform(socket_));
  if (status == kOk) return std::move(answer.body);
  return fail(status == kNotFound ? ErrorCode::kNotFound : ErrorCode::kIo,
              fmt::format("{}: {} answered {}", socket_, path, status));
}

Result<std::string> UnixHttp::call(const std::string& method, const std::string& message,
                                   const std::vector<std::string>& headers) {
  if (handle_->curl == nullptr) return fail(ErrorCode::kExhausted, "no HTTP client could be made");
  Answer answer;
  const std::string frame = framed(message);
  Headers lines;
  for (const char* line : {"Content-Type: application/grpc", "TE: trailers", "Expect:"}) add(lines, line);
  for (const std::string& line : headers) add(lines, line);
  handle_->prepare(socket_, method, answer);
  curl_easy_setopt(handle_->curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
  // libcurl 7.88 fails a second call on such a connection; over a unix socket a new one costs little.
  curl_easy_setopt(handle_->curl, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(handle_->curl, CURLOPT_POST, 1L);
  curl_easy_setopt(handle_->curl, CURLOPT_POSTFIELDS, frame.data());
  curl_easy_setopt(handle_->curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(frame.size()));
  curl_easy_setopt(handle_->curl, CURLOPT_HTTPHEADER, lines.get());
  TRY_ASSIGN(const long status, handle_->perform(socket_));
  if (status != kOk || !answer.grpc_status)
    return fail(ErrorCode::kIo, fmt::format("{}: {} is not answered as gRPC ({})", socket_, method, status));
  if (*answer.grpc_status == kGrpcOk) return unframed(answer.body);
  ErrorCode code = ErrorCode::kIo;
  if (*answer.grpc_status == kGrpcNotFound) code = ErrorCode::kNotFound;
  if (*answer.grpc_status == kGrpcInvalidArgument) code = ErrorCode::kInvalid;
  if (*answer.grpc_status == kGrpcUnimplemented) code = ErrorCode::kUnsupported;
  return fail(code, fmt::format("{}: {}: {}", socket_, method, answer.grpc_message));
}

}  // namespace saker::capture
