/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * preempt.h: keeps the CPU while a record is made in memory that is the CPU's own.
 *
 * Programs at typed tracepoints had their CPU for themselves before Linux 7. Now the kernel may take it away in the middle, and
 * another task on it may run another program then, which would write into the same record. (Meanwhile the kernel does not
 * call the same program again on that CPU, and counts what it misses so.)
 */
#ifndef SAKER_PREEMPT_H
#define SAKER_PREEMPT_H

#include "lib/settings.h"

extern void bpf_preempt_disable(void) __weak __ksym;
extern void bpf_preempt_enable(void) __weak __ksym;

static __always_inline void hold_cpu(void)
{
	if (preempted)
		bpf_preempt_disable();
}

static __always_inline void release_cpu(void)
{
	if (preempted)
		bpf_preempt_enable();
}

#endif /* SAKER_PREEMPT_H */
