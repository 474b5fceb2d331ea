// saker status: what the running agent says of itself, asked over its web server.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "base/log.h"
#include "http/client.h"

namespace saker::app {
namespace {

using nlohmann::json;

Result<json> ask(http::Client& client, const WebSettings& web) {
  const std::string host = web.address == "0.0.0.0" || web.address.empty() ? "127.0.0.1" : web.address;
  http::Call call;
  call.method = "GET";
  call.url = fmt::format("{}://{}:{}/status", web.tls ? "https" : "http",
                         host.find(':') == std::string::npos ? host : "[" + host + "]", web.port);
  const auto answer = client.call(call);
  if (!answer)
    return fail(ErrorCode::kIo, fmt::format("no agent answers at {}: {}", call.url, answer.error().message));
  if (answer->status != 200)
    return fail(ErrorCode::kIo, fmt::format("{} answered {}", call.url, answer->status));
  json status = json::parse(answer->body, nullptr, false);
  if (!status.is_object()) return fail(ErrorCode::kInvalid, call.url + " did not answer as an agent does");
  return status;
}

http::ClientOptions client_options() {
  http::ClientOptions options;
  options.verify = false;  // of this machine's own agent
  options.answer_bytes_max = 8 * 1024 * 1024;
  return options;
}

}  // namespace

int command_status(const Config& config) {
  http::Client client(client_options());
  const auto status = ask(client, config.web);
  if (!status) {
    log(LogLevel::kError, "{}", status.error().message);
    return kExitBadInput;
  }
  fmt::print("{}\n", status->dump(2));
  return status->value("healthy", false) ? kExitGood : kExitBadInput;
}

}  // namespace saker::app
