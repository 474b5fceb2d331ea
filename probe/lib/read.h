/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * read.h: how kernel memory is read.
 *
 * A typed pointer can be followed by a plain load that costs next to nothing; a helper call for each step
 * costs five times as much over a path. Typed pointers come from the tracepoint's arguments, and since 6.2
 * from bpf_rdonly_cast() for all others. READ() is the plain load where that cast exists and
 * bpf_probe_read_kernel() where it does not; the verifier removes the branch that is not taken. A wrong
 * pointer reads as zero either way.
 */
#ifndef SAKER_READ_H
#define SAKER_READ_H

#include "kernel/types.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

/* Set before loading: whether the kernel has bpf_rdonly_cast(), and a test does not want the other way. One constant, for
 * each test of it is a branch that the verifier has to take out again. */
const volatile bool typed_pointers;

#define READ(pointer, field)                                                              \
	({                                                                                \
		__typeof__(pointer) from_ = (pointer);                                    \
		__typeof__(from_->field) value_;                                          \
		if (typed_pointers)                                                     \
			value_ = from_->field;                                            \
		else                                                                      \
			bpf_core_read(&value_, sizeof(value_), &from_->field);            \
		value_;                                                                   \
	})

/* Gives a bare address its type back. Also for a tracepoint's arguments: the verifier knows theirs, but then asks of each
 * field whether it is to be trusted too, and looks that up in all types of the kernel, at a millisecond each. */
#define TYPED(type, address)                                                           \
	({                                                                             \
		void *typed_value_ = (void *)(address);                                \
		if (typed_pointers)                                                  \
			typed_value_ = bpf_rdonly_cast(typed_value_, bpf_core_type_id_kernel(type)); \
		(type *)typed_value_;                                                  \
	})

#define CAPABILITIES(cred, set)                                                     \
	({                                                                          \
		__u64 capabilities_ = 0;                                            \
		bpf_core_read(&capabilities_, sizeof(capabilities_), &(cred)->set); \
		capabilities_;                                                      \
	})

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
	struct timespec64 *words = TYPED(struct timespec64, address);
	__u64 word = 0;

	if (typed_pointers)
		return words->tv_sec;
	bpf_probe_read_kernel(&word, sizeof(word), address);
	return word;
}

static __always_inline struct task_struct *current_task(void)
{
	return TYPED(struct task_struct, bpf_get_current_task());
}

#endif /* SAKER_READ_H */
