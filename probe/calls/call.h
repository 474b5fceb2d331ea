/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * call.h: every other call, as its event's shape says. The probe knows no call by name here: a new one is a
 * row of the event schema in user space.
 */
#ifndef SAKER_CALLS_CALL_H
#define SAKER_CALLS_CALL_H

#include "lib/descriptor.h"
#include "lib/details.h"
#include "lib/payload.h"
#include "lib/task.h"

static __always_inline void add_descriptor_pair(struct scratch *s, const void *from)
{
	__s32 pair[2] = {-1, -1};

	if (bpf_probe_read_user(pair, sizeof(pair), from))
		return;
	add_descriptor(s, pair[0], SAKER_RESULT);
	add_descriptor(s, pair[1], SAKER_RESULT2);
}

/* The descriptors that a call waits for. */
static __always_inline void add_polled(struct scratch *s, __u64 list, __u64 count)
{
	__u32 i;

	for (i = 0; i < SAKER_POLLED_MAX && i < count && s->used <= DETAILS_BEGIN_MAX; i++) {
		struct pollfd_user one = {.fd = -1};

		if (bpf_probe_read_user(&one, sizeof(one), (void *)(list + i * sizeof(one))))
			break;
		add_descriptor(s, one.fd, SAKER_POLLED);
	}
}

static __always_inline void add_ring_name(struct scratch *s)
{
	long got = bpf_probe_read_kernel_str(begin_part(s), RING_NAME_BYTES, s->names[s->names_used++ & 1]);

	end_string_part(s, SAKER_PART_ARGUMENT, got, RING_NAME_BYTES);
}

__noinline int add_argument(__u32 i)
{
	struct scratch *s = my_scratch();
	const struct saker_shape *shape;
	__u64 value, next, total;
	const void *pointer;
	__s64 result;

	if (!s || i >= SAKER_ARGUMENTS)
		return 0;
	shape = &event_shape[s->call.event & (SAKER_EVENTS_MAX - 1)];
	value = s->call.args[i];
	next = i + 1 < SAKER_ARGUMENTS ? s->call.args[i + 1] : 0;
	pointer = (void *)value;
	result = s->call.result;
	total = result > 0 ? result : 0;
	s->argument = i;
	switch (shape->arguments[i]) {
	case SAKER_ARGUMENT_FD:
		add_descriptor(s, value, i);
		break;
	case SAKER_ARGUMENT_STRING:
		if (s->call.from_ring)
			add_ring_name(s);
		else if (pointer)
			add_user_string(s, SAKER_PART_ARGUMENT, pointer);
		break;
	case SAKER_ARGUMENT_FIXED:
		if (pointer)
			add_user_bytes(s, pointer, shape->sizes[i], SAKER_FIXED_BYTES_MAX);
		break;
	case SAKER_ARGUMENT_SOCKADDR:
		add_sockaddr(s, pointer, next);
		break;
	case SAKER_ARGUMENT_SOCKADDR_OUT:
		if (result >= 0)
			add_sockaddr_out(s, pointer, (void *)next);
		break;
	case SAKER_ARGUMENT_DATA:
		add_data(s, pointer, next);
		break;
	case SAKER_ARGUMENT_DATA_OUT:
		add_data(s, pointer, total);
		break;
	case SAKER_ARGUMENT_VECTOR:
		add_vector(value, next, SAKER_DATA_BYTES_MAX);
		break;
	case SAKER_ARGUMENT_VECTOR_OUT:
		add_vector(value, next, total);
		break;
	case SAKER_ARGUMENT_MESSAGE:
		add_message(s, pointer, SAKER_DATA_BYTES_MAX, i);
		break;
	case SAKER_ARGUMENT_MESSAGE_OUT:
		add_message(s, pointer, total, i);
		break;
	case SAKER_ARGUMENT_FD_PAIR:
		if (result >= 0)
			add_descriptor_pair(s, pointer);
		break;
	case SAKER_ARGUMENT_POLL:
		add_polled(s, value, next);
		break;
	}
	return 0;
}

/* `file`: what argument 0 of a ring's request stands for, which need not have a descriptor; 0 otherwise. */
static __always_inline void send_call(struct task_struct *task, const struct call *call, __u64 file)
{
	const struct saker_shape *shape = &event_shape[call->event & (SAKER_EVENTS_MAX - 1)];
	struct saker_call_record *record;
	struct scratch *s;
	int i;

	s = begin_record(SAKER_RECORD_CALL, call->event, READ(task, pid), sizeof(*record));
	if (!s)
		return;
	record = (struct saker_call_record *)s->record;
	fill_task(&record->task, task);
	record->result = call->result;
	__builtin_memcpy(record->arguments, call->args, sizeof(record->arguments));
	if (call != &s->call)
		s->call = *call;
	s->names_used = 0;
	if (call->from_ring)
		record->task.flags |= SAKER_TASK_RING;
	if (call->ruled_out)
		record->task.flags |= SAKER_TASK_RULED_OUT;
	if (file && shape->arguments[0] == SAKER_ARGUMENT_FD) {
		s->file = file;
		add_open_file(call->args[0], 0);
	}
	for (i = 0; i < SAKER_ARGUMENTS; i++)
		if (shape->arguments[i] && !(file && i == 0))
			add_argument(i);
	if (shape->result == SAKER_ARGUMENT_FD && call->result >= 0)
		add_descriptor(s, call->result, SAKER_RESULT);
	s->argument = 0;
	if (shape->flags & SAKER_SHAPE_PATHS)
		add_cwd(s, task);
	add_details(s, task);
	if (send_record(s))
		wake_reader();
}

#endif /* SAKER_CALLS_CALL_H */
