// The BPF object as it is embedded, in one of its variants.
#pragma once

#include <memory>
#include <span>

struct bpf_object;
struct bpf_program;
struct saker_probe;

namespace saker::capture {

struct ProbeVariant {
  bool typed_reads =
      false;  // plain loads through typed pointers, which needs bpf_rdonly_cast(); else a helper call each
  bool count_verification = false;  // the verifier tells what it counted (probe_log.h)
};

struct ProbeDestroy {
  void operator()(saker_probe* probe) const;
};
using ProbeObject = std::unique_ptr<saker_probe, ProbeDestroy>;

// Not loaded yet. Null with errno set when it cannot be opened.
ProbeObject open_probe(const ProbeVariant& variant);

// Has all other programs left out when the object is loaded.
void only_load(bpf_object& object, std::span<bpf_program* const> wanted);

}  // namespace saker::capture
