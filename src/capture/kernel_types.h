// The types of the running kernel, and what is asked of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct btf;

namespace saker::capture {

struct BtfFree {
  void operator()(btf* types) const;
};
using KernelTypes = std::unique_ptr<btf, BtfFree>;

// Takes some 20 ms and 10 MiB. Null with errno set where the kernel does not tell.
KernelTypes read_kernel_types();

// How many arguments a tracepoint hands over; nothing when the kernel has no such tracepoint.
std::optional<int> tracepoint_arguments(const btf* types, const char* name);

// Whether bpf_rdonly_cast() is there, 6.2.
bool has_typed_reads(const btf* types);

// The number of an enumerator; nothing when there is none of that name.
std::optional<int> enumerator(const btf* types, const char* of_enum, const std::string& wanted);

// The names of the cgroup controllers, in the order of css_set.subsys.
std::vector<std::string> cgroup_subsystems_of(const btf* types);

// Loads the smallest program of the kind that the probe is made of, with such flags, and lets it go again: 0,
// or the errno. (libbpf's own question would try fentry, which some kernels refuse although they have typed
// tracepoints.)
int try_tracing_program(const btf* types, std::uint32_t flags);

// Index of a controller in css_set.subsys, which depends on the kernel's configuration; -1 when it has none.
int subsystem_index(const btf* types, const std::string& controller);

// Whether a program at a typed tracepoint may lose its CPU before it ends (Linux 7): where one at the end of
// calls may sleep, the kernel does not keep the CPU for those that do not, either. Asks by loading one.
bool programs_are_preempted(const btf* types);

}  // namespace saker::capture
