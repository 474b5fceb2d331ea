/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * process.h: what user space has found out about a process, and whether that still holds.
 *
 * User space knows more of a process than the probe can ask for at each call: its name as rules mean it, its
 * arguments, its program file. It sorts processes into classes (wire/plan.h) and writes the class down here, for the
 * version of the process that its records told of. (plan_comm.h does, for processes that are new.)
 *
 * Why no event is judged by what a process was before: the version is counted up here, in the task's own fork,
 * exec or exit, before the record of it is sent and so before user space can have seen it. A word made from
 * older records bears an older version and says nothing. A new child runs only after its version was counted.
 * Processes whose ids share a place count each other's versions up, which costs a word its validity and no more.
 */
#ifndef SAKER_PROCESS_H
#define SAKER_PROCESS_H

#include "wire/plan.h"

#include "lib/read.h"

#define VERSION_MASK 0xffffff

__u32 process_version[SAKER_PLAN_PROCESSES];
__u64 process_class[SAKER_PLAN_PROCESSES]; /* SAKER_PLAN_PROCESS_BITS | class, perhaps SAKER_PLAN_BY_COMM */

static __always_inline __u32 version_of(__u32 tgid)
{
	return *(volatile __u32 *)&process_version[index_below(tgid, SAKER_PLAN_PROCESSES)] & VERSION_MASK;
}

static __always_inline void count_version(__u32 tgid)
{
	__sync_fetch_and_add(&process_version[index_below(tgid, SAKER_PLAN_PROCESSES)], 1);
}

#endif /* SAKER_PROCESS_H */
