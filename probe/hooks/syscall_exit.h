// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// syscall_exit: the calls that rules want, at their end.
//
// Runs for every system call of the machine, so the first thing is to leave: a call that no rule wants costs
// two bytes of a table, a wanted one in the wrong place (host or container) a look at the task's cgroup.
#include "calls/call.h"
#include "calls/file.h"

static __always_inline bool is_exec(__u32 event)
{
	return event == SAKER_EVENT_EXECVE || event == SAKER_EVENT_EXECVEAT;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_exit, struct pt_regs *regs, long result)
{
	struct task_struct *task = current_task();
	struct call call = {.compat = is_compat(task), .result = result};
	__u32 number = syscall_number(regs);

	if (number >= SAKER_SYSCALL_NUMBERS)
		return 0;
	call.event = syscall_event[call.compat][number];
	if (call.event == SAKER_EVENT_NONE || call.event >= SAKER_EVENTS_MAX)
		return 0;
	/* A successful exec has had its record from the exec tracepoint. */
	if (is_exec(call.event) && result >= 0)
		return 0;
	if (!(scope_of(task) & event_scope[call.event])) {
		count_filtered(call.event);
		return 0;
	}
	read_args(&call, regs);
	if (call.event <= SAKER_EVENT_EXECVEAT)
		send_file(task, &call);
	else
		send_call(task, &call, 0);
	return 0;
}
