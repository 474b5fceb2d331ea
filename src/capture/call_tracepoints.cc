#include "capture/call_tracepoints.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "capture/tracepoint.h"

namespace saker::capture {
namespace {

// The kernel is some 40 ms at each hook that is let go of, however many ask it to.
constexpr std::size_t kThreadsMax = 2;

}  // namespace

CallTracepoints::Link::~Link() { bpf_link__destroy(link); }

std::string exit_tracepoint(std::string_view call) {
  // Where the kernel's function has another name than its call.
  struct Alias {
    std::string_view call, function;
  };
  constexpr Alias kAliases[] = {{"stat", "newstat"},     {"fstat", "newfstat"},  {"lstat", "newlstat"},
                                {"uname", "newuname"},   {"umount2", "umount"},  {"sendfile", "sendfile64"},
                                {"pread", "pread64"},    {"pwrite", "pwrite64"}, {"fstatat", "newfstatat"},
                                {"umount", "oldumount"}, {"_sysctl", "sysctl"},  {"prlimit", "prlimit64"}};
  const auto found = std::ranges::find(kAliases, call, &Alias::call);
  return fmt::format("sys_exit_{}", found == std::end(kAliases) ? call : found->function);
}

CallTracepoints::~CallTracepoints() { let_go(std::move(links_)); }

// The kernel waits at each until no program runs that could use it.
void CallTracepoints::let_go(std::vector<std::unique_ptr<Link>> links) {
  if (links.empty()) return;
  if (threads_busy_ == 0) wait_until_gone();
  std::vector<std::vector<std::unique_ptr<Link>>> shares(std::min(links.size(), kThreadsMax));
  for (std::size_t i = 0; i < links.size(); ++i) {
    going_.push_back(links[i]->type);
    shares[i % shares.size()].push_back(std::move(links[i]));
  }
  threads_busy_ += shares.size();
  for (auto& share : shares) {
    threads_.emplace_back([this, mine = std::move(share)]() mutable {
      mine.clear();
      --threads_busy_;
    });
  }
}

void CallTracepoints::wait_until_gone() {
  threads_.clear();
  going_.clear();
}

Result<> CallTracepoints::want(const WantedCalls& wanted) {
  // A call cannot be hooked anew while it is still let go of.
  if (std::ranges::any_of(wanted.native, [&](const SyscallNumber& call) {
        return std::ranges::find(going_, call.type) != going_.end();
      }))
    wait_until_gone();
  std::vector<std::unique_ptr<Link>> added;
  std::string missing;
  for (const SyscallNumber& call : wanted.native) {
    const auto same = [&](const auto& link) { return link->type == call.type; };  // x32 has some calls twice
    if (std::ranges::any_of(links_, same) || std::ranges::any_of(added, same) || missing_.contains(call.type))
      continue;
    const std::string name = exit_tracepoint(event::type_name(call.type));
    bpf_link* link = attach_tracepoint(program_, "syscalls", name.c_str());
    if (link == nullptr && errno == ENOENT && (!added.empty() || !links_.empty())) {
      missing += (missing.empty() ? "" : ", ") + name;
      missing_.insert(call.type);
      continue;
    }
    if (link == nullptr) {
      return fail(ErrorCode::kUnsupported, fmt::format("cannot attach to the tracepoint syscalls/{}: {}",
                                                       name, why_not_attached(errno)));
    }
    added.push_back(std::make_unique<Link>(call.type, link));
  }
  // A call without a tracepoint is one that this kernel was built without: it can only fail.
  if (!missing.empty()) log(LogLevel::kInfo, "this kernel has no {}", missing);
  for (auto& link : added) links_.push_back(std::move(link));
  std::vector<std::unique_ptr<Link>> kept, unwanted;
  for (auto& link : links_) {
    const bool wants = std::ranges::any_of(
        wanted.native, [&](const SyscallNumber& call) { return call.type == link->type; });
    (wants ? kept : unwanted).push_back(std::move(link));
  }
  links_ = std::move(kept);
  let_go(std::move(unwanted));
  return {};
}

}  // namespace saker::capture
