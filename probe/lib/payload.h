/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * payload.h: what the arguments of a call point to. It lies in the caller's memory, where another thread may
 * have written since the kernel looked; so it is told, and what can be read from the kernel's objects
 * (descriptors, connected addresses) is preferred to it.
 */
#ifndef SAKER_PAYLOAD_H
#define SAKER_PAYLOAD_H

#include "lib/emit.h"
#include "lib/syscall.h"

#define VECTOR_MAX 8
#define SOCKADDR_BYTES_MAX 128

static __always_inline void add_user_bytes(struct scratch *s, const void *from, __u64 length, __u32 limit)
{
	__u16 flags = 0;

	if (length > limit) {
		length = limit;
		flags = SAKER_PART_TRUNCATED;
	}
	if (length > SAKER_DATA_BYTES_MAX)
		return;
	if (bpf_probe_read_user(begin_part(s), length, from)) {
		length = 0;
		flags = SAKER_PART_FAILED;
	}
	/* Data is cut on purpose: that is no truncation to be counted. */
	end_part(s, SAKER_PART_ARGUMENT, flags & SAKER_PART_FAILED, length);
}

static __always_inline void add_data(struct scratch *s, const void *from, __s64 length)
{
	if (from && length > 0)
		add_user_bytes(s, from, length, data_bytes_max);
}

static __always_inline void add_sockaddr(struct scratch *s, const void *from, __u32 length)
{
	if (from && length > 0)
		add_user_bytes(s, from, length, SOCKADDR_BYTES_MAX);
}

static __always_inline void add_sockaddr_out(struct scratch *s, const void *from, const void *length_at)
{
	__u32 length = 0;

	if (from && length_at && !bpf_probe_read_user(&length, sizeof(length), length_at))
		add_sockaddr(s, from, length);
}

static __always_inline void read_vector(struct iovec *out, const void *vector, __u32 i, bool compat)
{
	struct iovec32 narrow = {};

	if (!compat) {
		bpf_probe_read_user(out, sizeof(*out), vector + i * sizeof(*out));
		return;
	}
	bpf_probe_read_user(&narrow, sizeof(narrow), vector + i * sizeof(narrow));
	out->base = narrow.base;
	out->length = narrow.length;
}

/* The beginning of what a vector of buffers holds, `total` bytes together; at most VECTOR_MAX buffers. */
__noinline int add_vector(__u64 vector, __u32 count, __u64 total)
{
	struct scratch *s = my_scratch();
	__u32 limit = data_bytes_max, i;

	if (!s)
		return 0;
	if (limit > SAKER_DATA_BYTES_MAX)
		limit = SAKER_DATA_BYTES_MAX;
	if (total < limit)
		limit = total;
	s->gathered = 0;
	for (i = 0; i < VECTOR_MAX; i++) {
		struct iovec one = {};
		__u32 done = s->gathered;
		__u64 length;

		if (i >= count || done >= limit || done > SAKER_DATA_BYTES_MAX)
			break;
		read_vector(&one, (void *)vector, i, s->call.compat);
		length = one.length;
		if (length > limit - done)
			length = limit - done;
		if (length > SAKER_DATA_BYTES_MAX)
			break;
		if (bpf_probe_read_user(begin_part(s) + done, length, (void *)one.base))
			break;
		s->gathered = done + length;
	}
	end_part(s, SAKER_PART_ARGUMENT, 0, s->gathered);
	return 0;
}

/* A message: its data as this argument's, its address as that of the argument before (the socket). */
static __always_inline void add_message(struct scratch *s, const void *from, __u64 total, __u32 argument)
{
	struct msghdr message = {};
	struct msghdr32 narrow = {};

	if (s->call.compat) {
		bpf_probe_read_user(&narrow, sizeof(narrow), from);
		message.name = narrow.name;
		message.name_length = narrow.name_length;
		message.vector = narrow.vector;
		message.vector_length = narrow.vector_length;
	} else {
		bpf_probe_read_user(&message, sizeof(message), from);
	}
	add_vector(message.vector, message.vector_length, total);
	s->argument = argument - 1;
	add_sockaddr(s, (void *)message.name, message.name_length);
}

#endif /* SAKER_PAYLOAD_H */
