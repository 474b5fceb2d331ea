#include "capture/ring_programs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "capture/kernel_types.h"
#include "capture/probe_log.h"
#include "wire/records.h"  // before the skeleton, which has its types

#include "probe/probe.skel.h"

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
  const ProbeObject probe = open_probe(variant);
  if (!probe) return probe_error("open the probe", errno);
  const auto& programs = probe->progs;
  bpf_program* const wanted[] = {programs.ring_complete,
                                 support.submit_old ? programs.ring_submit_old : programs.ring_submit};
  only_load(*probe->obj, wanted);
  TRY(share_maps(maps, *probe->obj));
  if (const int error = bpf_object__load(probe->obj); error != 0)
    return probe_error("load the probe into the kernel", -error);
  RingPrograms made;
  for (const bpf_program* program : wanted) {
    UniqueFd kept(fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0));  // the rest of the object goes
    if (!kept) return probe_error("keep a program", errno);
    made.programs_.push_back({bpf_program__name(program), std::move(kept), bpf_program__insn_cnt(program)});
  }
  return made;
}

Result<> RingPrograms::attach() {
  if (!links_.empty()) return {};
  for (const Program& program : programs_) {
    links_.emplace_back(bpf_raw_tracepoint_open(nullptr, program.fd.get()));
    if (links_.back()) continue;
    const int error = errno;
    links_.clear();
    return probe_error("attach to io_uring", error);
  }
  return {};
}

}  // namespace saker::capture
