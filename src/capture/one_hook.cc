#include "capture/one_hook.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace saker::capture {

OneHook::~OneHook() { bpf_link__destroy(link_); }

Result<> OneHook::want(const WantedCalls& wanted) {
  if (wanted.empty()) {
    bpf_link__destroy(std::exchange(link_, nullptr));
  } else if (link_ == nullptr) {
    link_ = bpf_program__attach(program_);
    if (link_ == nullptr)
      return fail(ErrorCode::kUnsupported,
                  fmt::format("cannot attach to system calls: {}", std::strerror(errno)));
  }
  return {};
}

}  // namespace saker::capture
