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
#define VECTOR_LENGTH_MAX 1024 /* the kernel takes no longer one */
#define VECTOR_CHUNK 8
#define SOCKADDR_BYTES_MAX 128

static __always_inline void add_user_data(struct scratch *s, __u16 kind, const void *from, __u64 length, __u32 limit)
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
	end_part(s, kind, flags & SAKER_PART_FAILED, length);
}

static __always_inline void add_user_bytes(struct scratch *s, const void *from, __u64 length, __u32 limit)
{
	add_user_data(s, SAKER_PART_ARGUMENT, from, length, limit);
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

union vector_chunk {
	struct iovec wide[VECTOR_CHUNK];
	struct iovec32 narrow[VECTOR_CHUNK];
};

/* Adds up the lengths of a vector's next buffers, as many as there are in `bytes` bytes at `from`. */
__noinline int add_lengths(__u64 from, __u32 bytes)
{
	struct scratch *s = my_scratch();
	union vector_chunk *chunk;
	__u64 sum = 0;
	int i;

	if (!s || bytes > sizeof(*chunk))
		return -1;
	chunk = (union vector_chunk *)s->walk;
	__builtin_memset(chunk, 0, sizeof(*chunk));
	if (bpf_probe_read_user(chunk, bytes, (void *)from))
		return -1;
	if (s->call.compat) {
		for (i = 0; i < VECTOR_CHUNK; i++)
			sum += chunk->narrow[i].length;
	} else {
		for (i = 0; i < VECTOR_CHUNK; i++)
			sum += chunk->wide[i].length;
	}
	s->vector_bytes += sum;
	return 0;
}

/* How long the buffers of a vector are together. Not told when a part of it cannot be read. */
__noinline int add_vector_length(__u64 vector, __u32 count)
{
	struct scratch *s = my_scratch();
	__u32 size, i;

	if (!s || count > VECTOR_LENGTH_MAX)
		return 0;
	size = s->call.compat ? sizeof(struct iovec32) : sizeof(struct iovec);
	s->vector_bytes = 0;
	for (i = 0; i < VECTOR_LENGTH_MAX / VECTOR_CHUNK && count > VECTOR_CHUNK; i++) {
		if (add_lengths(vector, VECTOR_CHUNK * size))
			return 0;
		vector += VECTOR_CHUNK * size;
		count -= VECTOR_CHUNK;
	}
	if (add_lengths(vector, count * size))
		return 0;
	bpf_probe_read_kernel(begin_part(s), sizeof(s->vector_bytes), &s->vector_bytes);
	end_part(s, SAKER_PART_VECTOR, 0, sizeof(s->vector_bytes));
	return 0;
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

static __always_inline void read_message(struct msghdr *out, const void *from, bool compat)
{
	struct msghdr32 narrow = {};

	if (!compat) {
		bpf_probe_read_user(out, sizeof(*out), from);
		return;
	}
	bpf_probe_read_user(&narrow, sizeof(narrow), from);
	out->name = narrow.name;
	out->name_length = narrow.name_length;
	out->vector = narrow.vector;
	out->vector_length = narrow.vector_length;
	out->control = narrow.control;
	out->control_length = narrow.control_length;
}

/* The message of a list that is told now; of a single one `message` is 0. */
static __always_inline const void *message_at(const struct scratch *s, __u64 list)
{
	__u32 size = s->call.compat ? sizeof(struct mmsghdr32) : sizeof(struct mmsghdr);

	return (void *)(list + (__u64)s->message * size);
}

/* What the kernel has handled of it, in bytes. */
static __always_inline __u32 message_length(const struct scratch *s, __u64 list)
{
	__u32 at = s->call.compat ? offsetof(struct mmsghdr32, length) : offsetof(struct mmsghdr, length);
	__u32 length = 0;

	bpf_probe_read_user(&length, sizeof(length), message_at(s, list) + at);
	return length;
}

/* The message of a list that is told now: its data as this argument's, its address as that of the argument before (the
 * socket). */
__noinline int add_message(__u64 list, __u64 total, __u32 argument)
{
	struct scratch *s = my_scratch();
	struct msghdr message = {};

	if (!s)
		return 0;
	read_message(&message, message_at(s, list), s->call.compat);
	add_vector_length(message.vector, message.vector_length);
	add_vector(message.vector, message.vector_length, total);
	if (message.control && message.control_length > 0)
		add_user_data(s, SAKER_PART_CONTROL, (void *)message.control, message.control_length, data_bytes_max);
	s->argument = argument - 1;
	add_sockaddr(s, (void *)message.name, message.name_length);
	return 0;
}

#endif /* SAKER_PAYLOAD_H */
