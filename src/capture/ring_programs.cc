#include "capture/ring_programs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include <cerrno>

#include "capture/kernel_types.h"
#include "capture/probe_log.h"

namespace saker::capture {

RingPrograms::Support RingPrograms::support(const btf* types) {
  constexpr int kWithEntry = 3;
  const auto complete = tracepoint_arguments(types, "io_uring_complete");
  const bool submit = tracepoint_arguments(types, "io_uring_submit_req").has_value();
  const bool submit_old = !submit && tracepoint_arguments(types, "io_uring_submit_sqe") == 2;
  const bool readable = btf__find_by_name_kind(types, "io_cmd_data", BTF_KIND_STRUCT) >= 0;
  return {.any = readable && complete && (submit || submit_old),
          .submit_old = submit_old,
          .complete_has_entry = complete == kWithEntry};
}

Result<RingPrograms> RingPrograms::load(const ProbeVariant& variant, const Support& support,
                                        const MapFds& maps) {
  const std::string_view wanted[] = {"ring_complete", support.submit_old ? "ring_submit_old" : "ring_submit"};
  RingPrograms made;
  TRY_ASSIGN(made.programs_, load_apart(variant, wanted, maps));
  return made;
}

Result<> RingPrograms::attach() {
  if (!links_.empty()) return {};
  for (const LoadedProgram& program : programs_) {
    links_.emplace_back(bpf_raw_tracepoint_open(nullptr, program.fd.get()));
    if (links_.back()) continue;
    const int error = errno;
    links_.clear();
    return probe_error("attach to io_uring", error);
  }
  return {};
}

}  // namespace saker::capture
