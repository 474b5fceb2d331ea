// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// close_enter: what a descriptor is, while it still is something. close() is told at its end as all calls are, and
// by then the kernel has forgotten the file; so while some rule wants closes, its beginning tells the
// descriptor, and user space joins the two (src/state/closings.h). Not for 32-bit callers, whose calls this
// tracepoint does not see.
#include "lib/cgroup.h"
#include "lib/descriptor.h"

SEC("tp/syscalls/sys_enter_close")
int close_enter(struct trace_event_raw_sys_enter *entry)
{
	struct task_struct *task = current_task();
	struct scratch *s;

	if (!(scope_of(task) & event_scope[index_below(close_event, SAKER_EVENTS_MAX)]))
		return 0;
	s = begin_record(SAKER_RECORD_CLOSING, SAKER_EVENT_NONE, READ(task, pid), sizeof(struct saker_header));
	if (!s)
		return 0;
	add_descriptor(s, (__s32)entry->args[0], 0);
	if (s->used > sizeof(struct saker_header))
		send_record(s);
	return 0;
}
