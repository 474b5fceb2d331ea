// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// close_enter: what a descriptor is, while it still is something. close() is told at its end as all calls are, and
// by then the kernel has forgotten the file; so while some rule wants closes, its beginning tells the
// descriptor, and user space joins the two (src/state/closings.h). The tracepoint does not see calls of 32-bit
// programs.
#include "lib/cgroup.h"
#include "lib/descriptor.h"
#include "lib/preempt.h"
#include "lib/task.h"

static __always_inline int begin_close(struct task_struct *task, __u64 fd)
{
	struct scratch *s;

	if (!(scope_of(task) & event_scope[index_below(close_event, SAKER_EVENTS_MAX)]))
		return 0;
	s = begin_record(SAKER_RECORD_CLOSING, SAKER_EVENT_NONE, READ(task, pid), sizeof(struct saker_header));
	if (!s)
		return 0;
	add_descriptor(s, (__s32)fd, 0);
	if (s->used > sizeof(struct saker_header))
		send_record(s);
	return 0;
}

SEC("tp/syscalls/sys_enter_close")
int close_enter(struct trace_event_raw_sys_enter *entry)
{
	return begin_close(current_task(), entry->args[0]);
}

/* The call's function begins, in 32-bit programs as well. */
SEC("kprobe.multi")
int close_begins(struct pt_regs *ctx)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = TYPED(struct pt_regs, bpf_task_pt_regs(bpf_get_current_task_btf()));

	hold_cpu();
	begin_close(task, first_argument(regs, is_compat(task)));
	release_cpu();
	return 0;
}
