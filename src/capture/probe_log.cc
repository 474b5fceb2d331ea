#include "capture/probe_log.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>

#include "base/log.h"

namespace saker::capture {
namespace {

std::mutex mutex;
LoadLog said;  // under `mutex`

int keep(enum libbpf_print_level level, const char* format, va_list args) {
  // What the verifier says of a program that was taken is no warning.
  if (level == LIBBPF_DEBUG && std::strstr(format, "PROG LOAD LOG") == nullptr) return 0;
  va_list again;
  va_copy(again, args);
  const int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (length <= 0) return 0;
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), format, args);
  text.pop_back();
  const std::scoped_lock lock(mutex);
  said.add(text);
  log(LogLevel::kDebug, "{}", std::string_view(text).substr(0, text.find('\n')));
  return 0;
}

}  // namespace

void begin_probe_log() {
  const std::scoped_lock lock(mutex);
  said = {};
  libbpf_set_print(keep);
}

std::vector<VerifierCounts> probe_counts() {
  const std::scoped_lock lock(mutex);
  return said.counts();
}

std::unexpected<Error> probe_error(const char* what, int error) {
  ErrorCode code = ErrorCode::kUnsupported;
  if (error == EPERM || error == EACCES) code = ErrorCode::kPermission;
  const std::scoped_lock lock(mutex);
  const std::string reason = said.reason();
  return fail(
      code, fmt::format("cannot {}: {}{}{}{}; `saker doctor` says what is missing", what,
                        std::strerror(error), reason.empty() ? "" : " (", reason, reason.empty() ? "" : ")"));
}

}  // namespace saker::capture
