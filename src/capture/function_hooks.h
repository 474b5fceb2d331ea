// FunctionHooks: the kernel's functions behind the wanted calls, hooked as they return. Calls that nobody
// wants pay nothing; calls of 32-bit programs have functions of their own, and are seen as well.
//
// What comes back another way has a hook, too: a child, which begins where its parent's call ends, and a
// call that a seccomp filter refuses, of which no function runs.
//
// A call that has begun before it was hooked is not told. Functions hooked at once share a hook (of the
// kernel's, which takes as long for one as for hundreds), and keep it until none of them is wanted.
#pragma once

#include <linux/types.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "capture/call_back_end.h"
#include "capture/call_functions.h"

struct btf;

namespace saker::capture {

class FunctionHooks final : public CallBackEnd {
 public:
  // `program`: is run as functions return; the descriptor outlives this.
  explicit FunctionHooks(int program) : program_(program) {}

  Result<> want(const WantedCalls& wanted) override;
  std::size_t hooked() const override;

  // Runs `program` as functions of a call begin, as long as the descriptor is kept.
  Result<UniqueFd> at_beginning(int program, event::TypeId call);

 private:
  struct Hook {
    UniqueFd link;
    std::set<std::string> functions;
  };
  Result<> read_functions();

  int program_;
  std::optional<CallFunctions> functions_;
  std::vector<Hook> hooks_;
};

// Why this kernel cannot hook functions so that none of their ends is missed; empty where it can.
std::string_view why_no_function_hooks(const btf* types);

}  // namespace saker::capture
