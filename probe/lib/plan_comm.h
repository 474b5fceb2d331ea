/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * plan_comm.h: what a process is by its name alone, as soon as it has it.
 *
 * User space needs a moment to say what class a new process is of, and many processes do not live that long. What rules
 * ask of proc.name can be told of the next process of that name at once: user space keeps a class for each name that it
 * has met, and here a new program is given that of its name, in its own exec, until user space knows more of it.
 */
#ifndef SAKER_PLAN_COMM_H
#define SAKER_PLAN_COMM_H

#include "lib/plan.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SAKER_PLAN_COMMS);
	__type(key, struct saker_plan_comm);
	__type(value, __u32); /* class */
} plan_comms SEC(".maps");

__u32 plan_comms_used; /* there are rows, or were */

/* After its version was counted: the word is of the process as it is now. */
static __always_inline void sort_by_comm(struct task_struct *task)
{
	__u32 tgid = READ(task, tgid);
	struct saker_plan_comm key = {};
	__u32 *class;

	if (!plan_comms_used)
		return;
	key.generation = *(volatile __u32 *)&plan_generation;
	key.comm[0] = READ_WORD(task, comm[0]);
	key.comm[1] = READ_WORD(task, comm[8]);
	class = bpf_map_lookup_elem(&plan_comms, &key);
	if (class)
		*(volatile __u64 *)&process_class[index_below(tgid, SAKER_PLAN_PROCESSES)] =
			SAKER_PLAN_PROCESS_BITS(tgid, version_of(tgid), key.generation) | SAKER_PLAN_BY_COMM | *class;
}

#endif /* SAKER_PLAN_COMM_H */
