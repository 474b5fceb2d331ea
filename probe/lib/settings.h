/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * settings.h: what user space tells the probe. Constants are frozen before loading, so the verifier folds
 * them; `plan` changes while running, one byte at a time, and may be read half-changed: each byte alone is
 * sound.
 */
#ifndef SAKER_SETTINGS_H
#define SAKER_SETTINGS_H

#include "wire/call_hooks.h"

#include "lib/read.h"

const volatile __u32 cpus_per_ring = 1;
const volatile __u32 ring_bytes = 1 << 20;
const volatile __u32 args_bytes_max = 4096;
const volatile __u32 data_bytes_max = 80; /* of what a call reads or writes */
/* Index of a controller that has a v1 hierarchy, -1 when none has; and the number of that hierarchy. */
const volatile __s32 v1_subsystem = -1;
const volatile __u32 v1_hierarchy;
/* Whether io_uring_complete hands over the completion entry (6.14) or its fields one by one. */
const volatile bool ring_complete_has_entry;
/* The agent itself, whose looks into the roots of containers (O_PATH) are not told. */
const volatile __u32 agent_tgid;

/* Whether a program at a tracepoint may lose its CPU before it ends. */
const volatile bool preempted;

const volatile __u32 possible_cpus = 1;
const volatile __u32 page_kb = 4;
const volatile __u32 close_event; /* enum saker_event of close() */
const volatile __u32 cgroup_subsystems; /* how many a css_set has */

/* Laid over the map's memory by user space as saker_probe__bss. */
__u16 syscall_event[2][SAKER_SYSCALL_NUMBERS]; /* [native, 32-bit][number] -> enum saker_event */
__u8 syscall_wanted[SAKER_SYSCALL_NUMBERS];    /* by either table */
__u8 event_scope[SAKER_EVENTS_MAX];            /* enum saker_scope bits; 0 = no rule wants it */
struct saker_shape event_shape[SAKER_EVENTS_MAX];
__u16 ring_event[SAKER_RING_OPS];              /* opcode -> enum saker_event */
__u32 calls_told_by;                           /* enum saker_call_hooks */
__u32 task_details;                            /* enum saker_detail bits */
__u32 reader_state;                            /* enum saker_reader_state */

#endif /* SAKER_SETTINGS_H */
