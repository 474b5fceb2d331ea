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

#define MESSAGES_MAX 1024 /* the kernel handles no more in a call */
#define FSCONFIG_SET_BINARY 2
#define QUOTA_ON 0x800002 /* without the type, which is its lowest byte */

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

/* Which name has the text of the argument that was judged: it is told, whatever is there by now. 2: none. */
static __always_inline __u32 name_of_argument(const struct scratch *s, __u32 argument)
{
	if (s->names_of[0] == argument + 1)
		return 0;
	return s->names_of[1] == argument + 1 ? 1 : 2;
}

static __always_inline void add_name(struct scratch *s, __u32 which)
{
	long got = bpf_probe_read_kernel_str(begin_part(s), RING_NAME_BYTES, s->names[which & 1]);

	end_string_part(s, SAKER_PART_ARGUMENT, got, RING_NAME_BYTES);
}

__noinline int add_argument(__u32 i)
{
	struct scratch *s = my_scratch();
	const struct saker_shape *shape;
	__u64 value, next, total;
	const void *pointer;
	__s64 result;
	__u32 name;

	if (!s || i >= SAKER_ARGUMENTS)
		return 0;
	shape = &event_shape[index_below(s->call.event, SAKER_EVENTS_MAX)];
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
		name = s->call.from_ring ? s->names_used++ : name_of_argument(s, i);
		if (name < 2)
			add_name(s, name);
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
		add_vector_length(value, next);
		add_vector(value, next, SAKER_DATA_BYTES_MAX);
		break;
	case SAKER_ARGUMENT_VECTOR_OUT:
		add_vector_length(value, next);
		add_vector(value, next, total);
		break;
	case SAKER_ARGUMENT_MESSAGE:
	case SAKER_ARGUMENT_MESSAGES:
		add_message(value, SAKER_DATA_BYTES_MAX, i);
		break;
	case SAKER_ARGUMENT_MESSAGE_OUT:
	case SAKER_ARGUMENT_MESSAGES_OUT:
		if (result >= 0)
			add_message(value, total, i);
		break;
	case SAKER_ARGUMENT_QUOTA:
		if ((__u32)s->call.args[0] >> 8 == QUOTA_ON)
			add_user_string(s, SAKER_PART_ARGUMENT, pointer);
		else if (pointer)
			add_user_bytes(s, pointer, shape->sizes[i], SAKER_FIXED_BYTES_MAX);
		break;
	case SAKER_ARGUMENT_FSCONFIG:
		if (s->call.args[1] == FSCONFIG_SET_BINARY)
			add_data(s, pointer, next);
		else if (pointer)
			add_user_string(s, SAKER_PART_ARGUMENT, pointer);
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

/* Tells the call in scratch memory. */
__noinline int send_call_record(void)
{
	struct task_struct *task = current_task();
	struct scratch *s = my_scratch();
	struct saker_call_record *record;
	const struct saker_shape *shape;
	int i;

	if (!s)
		return 0;
	shape = &event_shape[index_below(s->call.event, SAKER_EVENTS_MAX)];
	s = begin_record(SAKER_RECORD_CALL, s->call.event, READ(task, pid), sizeof(*record));
	if (!s)
		return 0;
	record = (struct saker_call_record *)s->record;
	fill_current_task();
	record->result = s->call.result;
	__builtin_memcpy(record->arguments, s->call.args, sizeof(record->arguments));
	s->names_used = 0;
	if (s->call.from_ring)
		record->task.flags |= SAKER_TASK_RING;
	if (s->call.ruled_out)
		record->task.flags |= SAKER_TASK_RULED_OUT;
	if (s->call.file && shape->arguments[0] == SAKER_ARGUMENT_FD) {
		s->file = s->call.file;
		add_open_file(s->call.args[0], 0);
	}
	for (i = 0; i < SAKER_ARGUMENTS; i++)
		if (shape->arguments[i] && !(s->call.file && i == 0))
			add_argument(i);
	s->names_of[0] = s->names_of[1] = 0;
	if (shape->result == SAKER_ARGUMENT_FD && s->call.result >= 0)
		add_descriptor(s, s->call.result, SAKER_RESULT);
	s->argument = 0;
	if (shape->flags & SAKER_SHAPE_PATHS)
		add_cwd(s, task);
	add_details(s, task);
	if (send_record(s))
		wake_reader();
	return 0;
}

__noinline int send_message(__u32 i)
{
	struct scratch *s = my_scratch();

	if (!s)
		return 0;
	s->message = i;
	s->call.result = message_length(s, s->call.args[1]);
	return send_call_record();
}

/* The call in scratch memory, or each message that it has handled. */
static __always_inline void send_call(struct scratch *s)
{
	__u8 list = event_shape[index_below(s->call.event, SAKER_EVENTS_MAX)].arguments[1];
	__s64 result = s->call.result;
	__u32 i;

	if ((list != SAKER_ARGUMENT_MESSAGES && list != SAKER_ARGUMENT_MESSAGES_OUT) || result <= 0) {
		s->message = 0;
		send_call_record();
		return;
	}
	for (i = 0; i < MESSAGES_MAX && i < result; i++)
		send_message(i);
}

#endif /* SAKER_CALLS_CALL_H */
