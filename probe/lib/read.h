/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * read.h: how kernel memory is read.
 *
 * A typed pointer can be followed by a plain load that costs next to nothing; a helper call for each step
 * costs five times as much over a path. Addresses get their types from bpf_rdonly_cast(), which kernels have since 6.2.
 * The probe is compiled twice, with SAKER_TYPED_READS for those kernels and without it for older ones: READ() is the
 * plain load or bpf_probe_read_kernel(). Were it one program that asks which of the two it may do, the verifier would have
 * to follow and take out a branch for each read. A wrong pointer reads as zero either way.
 */
#ifndef SAKER_READ_H
#define SAKER_READ_H

#include "kernel/types.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#if SAKER_TYPED_READS
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;

#define READ(pointer, field) ((pointer)->field)
#else
#define READ(pointer, field)                                                              \
	({                                                                                \
		__typeof__(pointer) from_ = (pointer);                                    \
		__typeof__(from_->field) value_;                                          \
		bpf_core_read(&value_, sizeof(value_), &from_->field);                    \
		value_;                                                                   \
	})
#endif

/* Gives a bare address its type back. Also for a tracepoint's arguments: the verifier knows theirs, but then asks of each
 * field whether it is to be trusted too, and looks that up in all types of the kernel, at a millisecond each. */
#if SAKER_TYPED_READS
#define TYPED(type, address) ((type *)bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(type)))
#else
#define TYPED(type, address) ((type *)(void *)(address))
#endif

/* The number modulo `size`, a power of two, as an index. The compiler knows some masks to be idle and drops them, but the
 * verifier does not know (before 6.8 it also forgets what a test said of a number once that lay on the stack). */
static __always_inline __u64 index_below(__u64 number, __u64 size)
{
	asm volatile("" : "+r"(number));
	return number & (size - 1);
}

/* The number, or the limit when it is more. The test is on the very number that is returned, not on a copy of it. */
static __always_inline __u32 at_most(__u32 limit, __u32 number)
{
	asm volatile("" : "+r"(number));
	if (number > limit)
		number = limit;
	asm volatile("" : "+r"(number));
	return number;
}

/* Eight bytes of kernel memory: a plain load too, by way of a type of the kernel that begins with such a number. */
static __always_inline __u64 read_word(const void *address)
{
#if SAKER_TYPED_READS
	return TYPED(struct timespec64, address)->tv_sec;
#else
	__u64 word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), address);
	return word;
#endif
}

/* A field of eight bytes as a number: of a structure whose type has changed, or a pointer that is to be calculated with. */
#define READ_WORD(pointer, field)                                                                       \
	read_word((const void *)(pointer) +                                                             \
		  __builtin_preserve_field_info((pointer)->field, BPF_FIELD_BYTE_OFFSET))

#define CAPABILITIES(cred, set) READ_WORD(cred, set)

static __always_inline struct task_struct *current_task(void)
{
	return TYPED(struct task_struct, bpf_get_current_task());
}

#endif /* SAKER_READ_H */
