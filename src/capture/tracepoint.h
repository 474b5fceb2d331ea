// Attaching a program to a tracepoint of the kernel's tracing file system, also where that is mounted
// nowhere.
#pragma once

#include <string>

struct bpf_link;
struct bpf_program;

namespace saker::capture {

// As bpf_program__attach_tracepoint(): null with errno set when it fails. Where the tracing file system is
// not mounted (containers, small systems) it is opened for the occasion, seen by nobody; that needs Linux 5.2
// and CAP_SYS_ADMIN.
bpf_link* attach_tracepoint(const bpf_program* program, const char* category, const char* name);

// What its errno means, and what would help.
std::string why_not_attached(int error);

// Whether the tracing file system is mounted where it is looked for.
bool tracing_is_mounted();

}  // namespace saker::capture
