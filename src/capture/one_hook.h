// OneHook: one hook at the end of all calls, wanted or not, of programs of either width.
#pragma once

#include "capture/call_back_end.h"

struct bpf_link;
struct bpf_program;

namespace saker::capture {

class OneHook final : public CallBackEnd {
 public:
  // `program` outlives this.
  explicit OneHook(const bpf_program* program) : program_(program) {}
  ~OneHook() override;
  OneHook(const OneHook&) = delete;

  Result<> want(const WantedCalls& wanted) override;
  std::size_t hooked() const override { return link_ == nullptr ? 0 : 1; }

 private:
  const bpf_program* program_;
  bpf_link* link_ = nullptr;
};

}  // namespace saker::capture
