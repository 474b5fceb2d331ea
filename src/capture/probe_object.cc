#include "capture/probe_object.h"

#include <bpf/libbpf.h>

#include <cerrno>
#include <cstdlib>

#include "wire/records.h"  // before the skeletons, which have its types


#include "probe/probe.skel.h"
#include "probe/probe_untyped.skel.h"

namespace saker::capture {

// What saker_probe__open_opts() does, but with the bytes of either variant: they are alike in all that the
// skeleton names, which the build compares.
saker_probe* open_probe(bool typed_reads, const bpf_object_open_opts& options) {
  auto* made = static_cast<saker_probe*>(std::calloc(1, sizeof(saker_probe)));
  if (made == nullptr) return nullptr;
  int error = saker_probe__create_skeleton(made);
  if (error == 0) {
    if (!typed_reads)
      made->skeleton->data = const_cast<void*>(saker_probe_untyped__elf_bytes(&made->skeleton->data_sz));
    error = bpf_object__open_skeleton(made->skeleton, &options);
  }
  if (error == 0) return made;
  saker_probe__destroy(made);
  errno = -error;
  return nullptr;
}

}  // namespace saker::capture
