#include "capture/probe_object.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "capture/capabilities.h"
#include "wire/records.h"  // before the skeletons, which have its types

#include "probe/probe.skel.h"
#include "probe/probe_untyped.skel.h"

namespace saker::capture {

void ProbeDestroy::operator()(saker_probe* probe) const { saker_probe__destroy(probe); }

// What saker_probe__open_opts() does, but with the bytes of either variant: they are alike in all that the
// skeleton names, which the build compares.
ProbeObject open_probe(const ProbeVariant& variant) {
  bpf_object_open_opts options{};
  options.sz = sizeof(options);
  // Types of the kernel itself are all that the probe follows. Told so, libbpf does not search those of
  // modules for the ones that this kernel does not have, which takes CAP_SYS_ADMIN; but it reads the kernel's
  // a second time.
  if (!has_capability(kCapSysAdmin)) options.btf_custom_path = "/sys/kernel/btf/vmlinux";
  ProbeObject made(static_cast<saker_probe*>(std::calloc(1, sizeof(saker_probe))));
  if (!made) return nullptr;
  int error = saker_probe__create_skeleton(made.get());
  if (error == 0 && !variant.typed_reads) {
    bpf_object_skeleton& skeleton = *made->skeleton;
    skeleton.data = const_cast<void*>(saker_probe_untyped__elf_bytes(&skeleton.data_sz));
  }
  if (error == 0) error = bpf_object__open_skeleton(made->skeleton, &options);
  if (error != 0) {
    made.reset();
    errno = -error;
    return nullptr;
  }
  if (variant.count_verification) {
    constexpr __u32 kCountsAlone = 4;  // BPF_LOG_STATS
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, made->obj) bpf_program__set_log_level(program, kCountsAlone);
  }
  return made;
}

void only_load(bpf_object& object, std::span<bpf_program* const> wanted) {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, &object) {
    if (std::ranges::find(wanted, program) == wanted.end()) bpf_program__set_autoload(program, false);
  }
}

}  // namespace saker::capture
