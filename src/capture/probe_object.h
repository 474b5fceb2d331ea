// The BPF object as it is embedded, in one of its variants.
#pragma once

struct bpf_object_open_opts;
struct saker_probe;

namespace saker::capture {

// With plain loads through typed pointers, for kernels that have bpf_rdonly_cast(), or with a helper call for
// each read. Not loaded yet; the caller destroys it. NULL with errno set when it cannot be opened.
saker_probe* open_probe(bool typed_reads, const bpf_object_open_opts& options);

}  // namespace saker::capture
