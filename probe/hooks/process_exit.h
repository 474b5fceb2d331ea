// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// process_exit: one record when a process is gone.
//
// The tracepoint fires for each thread, and the leader may leave before the others, so "the leader left" is
// the wrong question. signal->live counts the threads still running and has been lowered before we are
// called: zero means that this thread was the last one.
#include "lib/details.h"
#include "lib/preempt.h"
#include "lib/task.h"

#define ANCESTORS_MAX 32

/* Who inherits the children: as the kernel's find_new_reaper(), the nearest ancestor that asked for it with
 * PR_SET_CHILD_SUBREAPER, or the init of the pid namespace. Of the current task, into scratch memory. */
__noinline int find_reaper(void)
{
	struct task_struct *task = current_task();
	struct pid_namespace *ns = pid_ns_of(READ_WORD(task, thread_pid));
	struct task_struct *init = READ(ns, child_reaper);
	struct signal_struct *signal = READ(task, signal);
	struct scratch *s = my_scratch();
	int i;

	if (!s)
		return 0;
	s->reaper = (__u64)init;
	if (!BPF_CORE_READ_BITFIELD_PROBED(signal, has_child_subreaper))
		return 0;
	s->ancestor = (__u64)READ(task, real_parent);
	for (i = 0; i < ANCESTORS_MAX; i++) {
		struct task_struct *ancestor = TYPED(struct task_struct, s->ancestor);

		signal = READ(ancestor, signal);
		if (READ(ancestor, tgid) == READ(init, tgid))
			break;
		if (BPF_CORE_READ_BITFIELD_PROBED(signal, is_child_subreaper) && READ(signal, live.counter) > 0) {
			s->reaper = (__u64)ancestor;
			break;
		}
		s->ancestor = (__u64)READ(ancestor, real_parent);
	}
	return 0;
}

static __always_inline bool has_children(struct task_struct *task)
{
	void *head = (void *)task + bpf_core_field_offset(struct task_struct, children);

	return READ(task, children.next) != head;
}

__noinline int fill_ending_task(void)
{
	struct scratch *s = my_scratch();

	if (s)
		fill_task_for(SAKER_EVENT_PROCEXIT, &((struct saker_exit_record *)s->record)->task, current_task());
	return 0;
}

static __always_inline void tell_exit(struct task_struct *task)
{
	struct saker_exit_record *record;
	__u32 wanted = event_scope[SAKER_EVENT_PROCEXIT], scope = 0;
	struct scratch *s;

	count_version(READ(task, tgid));
	if (wanted)
		scope = scope_of(task);
	s = begin_record(SAKER_RECORD_EXIT, SAKER_EVENT_PROCEXIT, READ(task, pid), sizeof(*record));
	if (!s)
		return;
	record = (struct saker_exit_record *)s->record;
	fill_ending_task();
	record->status = READ(task, exit_code);
	if (has_children(task)) {
		find_reaper();
		fill_identity(TYPED(struct task_struct, s->reaper), &record->reaper_tgid, &record->reaper_start_ns);
	}
	if (wanted)
		add_details(s, task);
	if (send_record(s) && (scope & wanted))
		wake_reader();
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *argument)
{
	struct task_struct *task = TYPED(struct task_struct, argument);
	struct signal_struct *signal = READ(task, signal);

	if (READ(signal, live.counter) > 0)
		return 0;
	hold_cpu();
	tell_exit(task);
	release_cpu();
	return 0;
}
