// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// process_fork: one record for a new process, so that the process table knows whose child it is and what it
// inherits. Threads are not processes and make none.
#include "lib/preempt.h"
#include "lib/task.h"

static __always_inline void tell_fork(struct task_struct *creator, struct task_struct *child)
{
	struct saker_fork_record *record;
	struct scratch *s;

	count_version(READ(child, tgid));
	s = begin_record(SAKER_RECORD_FORK, SAKER_EVENT_CLONE, READ(child, pid), sizeof(*record));
	if (!s)
		return;
	record = (struct saker_fork_record *)s->record;
	fill_task_for(SAKER_EVENT_CLONE, &record->task, child);
	fill_identity(creator, &record->creator_tgid, &record->creator_start_ns);
	send_record(s);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *from, struct task_struct *to)
{
	struct task_struct *creator = TYPED(struct task_struct, from), *child = TYPED(struct task_struct, to);

	if (READ(child, pid) != READ(child, tgid))
		return 0;
	hold_cpu();
	tell_fork(creator, child);
	release_cpu();
	return 0;
}
