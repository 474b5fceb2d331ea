#include "capture/tracepoint.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

#include "base/fd.h"

namespace saker::capture {
namespace {

UniqueFd call(long result) { return UniqueFd(static_cast<int>(result)); }

// The tracing file system, mounted at no place.
UniqueFd open_tracing() {
  const UniqueFd context = call(syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC));
  if (!context || syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return {};
  return call(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0));
}

std::optional<std::uint64_t> tracepoint_id(const char* category, const char* name) {
  const UniqueFd root = open_tracing();
  if (!root) return std::nullopt;
  const std::string path = fmt::format("events/{}/{}/id", category, name);
  const UniqueFd file(openat(root.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[32];
  const ssize_t size = file ? read(file.get(), text, sizeof(text)) : -1;
  std::uint64_t id = 0;
  if (size <= 0 || std::from_chars(text, text + size, id).ec != std::errc()) return std::nullopt;
  return id;
}

}  // namespace

bpf_link* attach_tracepoint(const bpf_program* program, const char* category, const char* name) {
  if (bpf_link* link = bpf_program__attach_tracepoint(program, category, name)) return link;
  if (errno != ENOENT) return nullptr;
  const auto id = tracepoint_id(category, name);
  if (!id) {
    errno = ENOENT;
    return nullptr;
  }
  perf_event_attr event{};
  event.size = sizeof(event);
  event.type = PERF_TYPE_TRACEPOINT;
  event.config = *id;
  constexpr int kEveryTask = -1, kAnyCpu = 0, kNoGroup = -1;
  UniqueFd opened =
      call(syscall(SYS_perf_event_open, &event, kEveryTask, kAnyCpu, kNoGroup, PERF_FLAG_FD_CLOEXEC));
  if (!opened) return nullptr;
  bpf_link* link = bpf_program__attach_perf_event(program, opened.get());
  if (link != nullptr) opened.release();  // the link closes it
  return link;
}

bool tracing_is_mounted() {
  return access("/sys/kernel/tracing/events", F_OK) == 0 ||
         access("/sys/kernel/debug/tracing/events", F_OK) == 0;
}

std::string why_not_attached(int error) {
  std::string text = std::strerror(error);
  if (error == ENOENT) text += " (is tracefs mounted?)";
  if (error == EACCES || error == EPERM)
    text +=
        " (where kernel.perf_event_paranoid is above 2, Debian's kernels ask for CAP_SYS_ADMIN, which the "
        "sandbox gives up: "
        "saker.sandbox: false keeps it)";
  return text;
}

}  // namespace saker::capture
