#include "alert/http_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "http/gzip.h"

namespace saker::alert {
namespace {

http::ClientOptions client_options(const HttpOutput::Settings& settings) {
  http::ClientOptions options;
  options.timeout = std::chrono::milliseconds(settings.timeout_ms);
  options.connect_timeout = std::chrono::milliseconds(settings.connect_timeout_ms);
  options.verify = !settings.insecure;
  // The first that is set, in Falco's order.
  options.ca_file = !settings.ca_cert.empty() ? settings.ca_cert : settings.ca_bundle;
  if (options.ca_file.empty()) options.ca_path = settings.ca_path;
  if (settings.mtls) {
    options.client_certificate = settings.client_cert;
    options.client_key = settings.client_key;
  }
  options.user_agent = settings.user_agent;
  options.keep_alive = settings.keep_alive;
  return options;
}

bool may_take_it_later(long status) { return status == 408 || status == 429 || status >= 500; }

std::string first_line(std::string_view body) {
  std::string line(body.substr(0, std::min(body.find_first_of("\r\n"), std::size_t{200})));
  return line.empty() ? line : ": " + line;
}

}  // namespace

HttpOutput::HttpOutput(Settings settings)
    : settings_(std::move(settings)), client_(client_options(settings_)) {}

Delivery HttpOutput::write(const Message& message) {
  const std::string packed = settings_.compress ? http::gzip(message.line) : std::string();
  http::Call call;
  call.url = settings_.url;
  call.body = settings_.compress ? std::string_view(packed) : std::string_view(message.line);
  call.headers = {message.json ? "Content-Type: application/json" : "Content-Type: text/plain"};
  if (settings_.compress) call.headers.emplace_back("Content-Encoding: gzip");
  const auto answer = client_.call(call);
  return answer ? judge(*answer) : judge(answer.error());
}

Delivery HttpOutput::judge(const http::Answer& answer) {
  timeouts_ = 0;
  if (settings_.echo)
    log(LogLevel::kInfo, "output http: answer {}{}", answer.status, first_line(answer.body));
  if (answer.status >= 200 && answer.status < 300) return Delivery::done();
  std::string problem =
      fmt::format("{} answered {}{}", settings_.url, answer.status, first_line(answer.body));
  if (!may_take_it_later(answer.status)) return Delivery::failed(std::move(problem));
  const auto after = answer.retry_after.value_or(std::chrono::seconds(0));
  Delivery later = Delivery::retry(std::move(problem),
                                   static_cast<std::uint64_t>(std::chrono::nanoseconds(after).count()));
  later.may_be_content = answer.status >= 500;
  return later;
}

Delivery HttpOutput::judge(const http::CallFailure& failure) {
  using enum http::CallFailure::Kind;
  if (failure.kind == kInvalid) return Delivery::failed(failure.message);
  timeouts_ = failure.kind == kTimeout ? timeouts_ + 1 : 0;
  if (timeouts_ == settings_.max_consecutive_timeouts && timeouts_ > 0)
    log(LogLevel::kError, "output http: {} calls in a row ran into their time limit", timeouts_);
  return Delivery::retry(failure.message);
}

}  // namespace saker::alert
