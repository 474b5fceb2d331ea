// CallTracepoints: a hook for each wanted call, at the kernel's tracepoint for the end of that call.
//
// All other calls pay about half of what one hook for all costs them. The kernel has these tracepoints for
// calls of its own width only.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "capture/call_back_end.h"

struct bpf_link;
struct bpf_program;

namespace saker::capture {

class CallTracepoints final : public CallBackEnd {
 public:
  // `program` outlives this.
  explicit CallTracepoints(const bpf_program* program) : program_(program) {}
  ~CallTracepoints() override;
  CallTracepoints(const CallTracepoints&) = delete;

  // What is let go of may take a moment longer, on other threads: the kernel waits for all that might still
  // run.
  Result<> want(const WantedCalls& wanted) override;
  std::size_t hooked() const override { return links_.size(); }

 private:
  struct Link {
    event::TypeId type = 0;
    bpf_link* link = nullptr;

    Link(event::TypeId of_type, bpf_link* attached) : type(of_type), link(attached) {}
    ~Link();
    Link(const Link&) = delete;
  };
  void let_go(std::vector<std::unique_ptr<Link>> links);
  void wait_until_gone();

  const bpf_program* program_;
  std::vector<std::unique_ptr<Link>> links_;
  std::set<event::TypeId> missing_;   // calls that this kernel has no tracepoint for
  std::vector<event::TypeId> going_;  // let go of, perhaps not yet gone
  std::atomic<std::size_t> threads_busy_ = 0;
  std::vector<std::jthread> threads_;
};

// The kernel's tracepoint for the end of a call, without its group: sys_exit_openat.
std::string exit_tracepoint(std::string_view call);

}  // namespace saker::capture
