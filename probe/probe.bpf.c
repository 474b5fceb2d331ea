// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The probe: every hook, in one object. They share maps and settings; Debian 12's BPF linker cannot join
// objects that name a weak kernel function (bpf_rdonly_cast), so they are joined here.
#include "hooks/cgroup.h"
#include "hooks/close_enter.h"
#include "hooks/identify.h"
#include "hooks/io_uring.h"
#include "hooks/process_exec.h"
#include "hooks/process_exit.h"
#include "hooks/process_fork.h"
#include "hooks/syscall_exit.h"

// The kernel lends bpf_probe_read_*() to GPL-compatible programs only.
char LICENSE[] SEC("license") = "Dual BSD/GPL";
