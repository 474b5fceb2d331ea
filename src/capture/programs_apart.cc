#include "capture/programs_apart.h"

#include <bpf/libbpf.h>
#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "capture/probe_log.h"
#include "wire/records.h"  // before the skeleton, which has its types

#include "probe/probe.skel.h"

namespace saker::capture {

Result<std::vector<LoadedProgram>> load_apart(const ProbeVariant& variant,
                                              std::span<const std::string_view> names, const MapFds& maps) {
  const ProbeObject probe = open_probe(variant);
  if (!probe) return probe_error("open the probe", errno);
  std::vector<bpf_program*> wanted;
  for (const std::string_view name : names)
    wanted.push_back(bpf_object__find_program_by_name(probe->obj, std::string(name).c_str()));
  only_load(*probe->obj, wanted);
  TRY(share_maps(maps, *probe->obj));
  if (const int error = bpf_object__load(probe->obj); error != 0)
    return probe_error("load the probe into the kernel", -error);
  std::vector<LoadedProgram> made;
  for (const bpf_program* program : wanted) {
    UniqueFd kept(fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0));  // the rest of the object goes
    if (!kept) return probe_error("keep a program", errno);
    made.push_back({bpf_program__name(program), std::move(kept), bpf_program__insn_cnt(program)});
  }
  return made;
}

}  // namespace saker::capture
