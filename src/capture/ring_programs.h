// RingPrograms: the programs that watch requests handed over through an io_uring.
//
// Loaded apart: the kernel takes a third of its time for them. Not thread-safe.
#pragma once

#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "capture/programs_apart.h"

struct btf;

namespace saker::capture {

class RingPrograms {
 public:
  // What this kernel has to tell of requests. Their structure has been what the probe reads since 6.0; the
  // tracepoint was renamed in 6.4.
  struct Support {
    bool any = false;
    bool submit_old = false;          // io_uring_submit_sqe
    bool complete_has_entry = false;  // 6.14; else its fields one by one
  };
  static Support support(const btf* types);

  // See load_apart().
  static Result<RingPrograms> load(const ProbeVariant& variant, const Support& support, const MapFds& maps);

  Result<> attach();  // nothing happens when they are
  void detach() { links_.clear(); }

  const std::vector<LoadedProgram>& programs() const { return programs_; }

 private:
  RingPrograms() = default;

  std::vector<LoadedProgram> programs_;
  std::vector<UniqueFd> links_;
};

}  // namespace saker::capture
