// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// io_uring: calls that a process hands to the kernel through a ring never pass a system call of their own.
// They are told as the events that their calls would have made.
//
// When a request is submitted, its opcode's structure is already filled: paths have been copied from the
// caller's memory. The kernel frees them before the request is complete, so they are kept here until its
// result is known. A request that asks for no completion entry on success never says that it is done: it is
// told when it is submitted, as done; should it fail, it is told again with its error.
#include "calls/call.h"
#include "calls/file.h"
#include "lib/preempt.h"

enum ring_op { /* uapi enum io_uring_op */
	RING_OP_SENDMSG = 9,
	RING_OP_RECVMSG = 10,
	RING_OP_ACCEPT = 13,
	RING_OP_CONNECT = 16,
	RING_OP_OPENAT = 18,
	RING_OP_SEND = 26,
	RING_OP_RECV = 27,
	RING_OP_OPENAT2 = 28,
	RING_OP_RENAMEAT = 35,
	RING_OP_UNLINKAT = 36,
	RING_OP_MKDIRAT = 37,
	RING_OP_SYMLINKAT = 38,
	RING_OP_LINKAT = 39,
	RING_OP_SOCKET = 45,
	RING_OP_BIND = 56,
	RING_OP_LISTEN = 57,
};

#define CQE_MORE 2             /* IORING_CQE_F_MORE: the request goes on */
#define SKIP_ON_SUCCESS (1 << 6) /* IOSQE_CQE_SKIP_SUCCESS: no completion entry unless it fails */
#define PENDING_MAX 16384

struct pending {
	struct call call;
	struct open_how_user how;
	bool without_descriptor; /* what it opens goes into the ring's own table */
	char names[2][RING_NAME_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PENDING_MAX);
	__type(key, __u64); /* address of the request */
	__type(value, struct pending);
} pending_requests SEC(".maps");

/* A request under construction: too large for the stack, so in memory of this CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pending);
} pending_scratch SEC(".maps");

static __always_inline void keep_name(struct pending *p, int which, struct filename *name)
{
	name = TYPED(struct filename, name);
	if ((unsigned long)name < 4096UL || (unsigned long)name > -4096UL)
		return;
	bpf_probe_read_kernel_str(p->names[which & 1], RING_NAME_BYTES, READ(name, name));
}

#define REQUEST(type) TYPED(struct type, req)

/* A name of a request, of whichever generation. */
#define NAME_OF(type, request, field)                                                               \
	({                                                                                          \
		struct type##___delayed *delayed_ = (void *)(request);                              \
		struct filename *filename_ = NULL;                                                  \
		if (bpf_core_field_exists(delayed_->field.__incomplete_filename))                   \
			bpf_core_read(&filename_, sizeof(filename_),                                \
				      &delayed_->field.__incomplete_filename);                      \
		else                                                                                \
			bpf_core_read(&filename_, sizeof(filename_), &(request)->field);            \
		filename_;                                                                          \
	})

static __always_inline void keep_open(struct pending *p, struct io_kiocb *req)
{
	struct io_open *open = REQUEST(io_open);

	p->call.args[0] = READ(open, dfd);
	p->how.flags = READ(open, how.flags);
	p->how.mode = READ(open, how.mode);
	p->how.resolve = READ(open, how.resolve);
	p->without_descriptor = READ(open, file_slot) != 0;
	keep_name(p, 0, NAME_OF(io_open, open, filename));
}

static __always_inline void keep_paths(struct pending *p, struct io_kiocb *req, __u8 op)
{
	__u64 *args = p->call.args;

	if (op == RING_OP_RENAMEAT) {
		struct io_rename *rename = REQUEST(io_rename);

		args[0] = READ(rename, old_dfd);
		args[2] = READ(rename, new_dfd);
		args[4] = READ(rename, flags);
		keep_name(p, 0, NAME_OF(io_rename, rename, oldpath));
		keep_name(p, 1, NAME_OF(io_rename, rename, newpath));
	} else if (op == RING_OP_UNLINKAT) {
		struct io_unlink *unlink = REQUEST(io_unlink);

		args[0] = READ(unlink, dfd);
		args[2] = READ(unlink, flags);
		keep_name(p, 0, NAME_OF(io_unlink, unlink, filename));
	} else if (op == RING_OP_MKDIRAT) {
		struct io_mkdir *mkdir = REQUEST(io_mkdir);

		args[0] = READ(mkdir, dfd);
		args[2] = READ(mkdir, mode);
		keep_name(p, 0, NAME_OF(io_mkdir, mkdir, filename));
	} else {
		struct io_link *link = REQUEST(io_link);

		keep_name(p, 0, NAME_OF(io_link, link, oldpath));
		keep_name(p, 1, NAME_OF(io_link, link, newpath));
		if (op == RING_OP_SYMLINKAT) {
			args[1] = READ(link, new_dfd);
		} else {
			args[0] = READ(link, old_dfd);
			args[2] = READ(link, new_dfd);
			args[4] = READ(link, flags);
		}
	}
}

static __always_inline void keep_socket(struct pending *p, struct io_kiocb *req, __u8 op)
{
	__u64 *args = p->call.args;

	args[0] = READ(req, cqe.fd);
	if (op == RING_OP_CONNECT) {
		struct io_connect *connect = REQUEST(io_connect);

		args[1] = (__u64)READ(connect, addr);
		args[2] = READ(connect, addr_len);
	} else if (op == RING_OP_ACCEPT) {
		struct io_accept *accept = REQUEST(io_accept);

		args[1] = (__u64)READ(accept, addr);
		args[2] = (__u64)READ(accept, addr_len);
		args[3] = READ(accept, flags);
		p->without_descriptor = READ(accept, file_slot) != 0;
	} else if (op == RING_OP_SOCKET) {
		struct io_socket *socket = REQUEST(io_socket);

		args[0] = READ(socket, domain);
		args[1] = READ(socket, type);
		args[2] = READ(socket, protocol);
		p->without_descriptor = READ(socket, file_slot) != 0;
	} else if (op == RING_OP_LISTEN) {
		struct io_listen *listen = REQUEST(io_listen);

		if (bpf_core_field_exists(listen->backlog)) /* 6.11 */
			args[1] = READ(listen, backlog);
	} else if (op != RING_OP_BIND) {
		struct io_sr_msg *message = REQUEST(io_sr_msg);

		args[1] = (__u64)READ(message, buf);
		args[2] = READ(message, len);
	}
}

static __always_inline void keep_arguments(struct pending *p, struct io_kiocb *req, __u8 op)
{
	if (op == RING_OP_OPENAT || op == RING_OP_OPENAT2)
		keep_open(p, req);
	else if (op >= RING_OP_RENAMEAT && op <= RING_OP_LINKAT)
		keep_paths(p, req, op);
	else
		keep_socket(p, req, op);
}

static __always_inline void send_ring_open(struct task_struct *task, struct pending *p, __s64 result)
{
	struct saker_file_record *record;
	struct file *file = NULL;
	struct scratch *s;

	s = begin_record(SAKER_RECORD_FILE, p->call.event, READ(task, pid), sizeof(*record));
	if (!s)
		return;
	record = (struct saker_file_record *)s->record;
	fill_current_task();
	record->task.flags |= SAKER_TASK_RING;
	record->result = result;
	record->dirfd = p->call.args[0];
	record->flags = p->how.flags;
	record->mode = p->how.mode;
	record->resolve = p->how.resolve;
	add_kernel_string(s, SAKER_PART_NAME, p->names[0]);
	if (result >= 0 && !p->without_descriptor)
		file = file_of(task, result);
	if (file)
		add_opened(s, record, file);
	if (record->dirfd >= 0)
		add_base(s, task, record->dirfd);
	add_cwd(s, task);
	if (send_record(s))
		wake_reader();
}

static __always_inline void send_ring_call(struct pending *p, struct io_kiocb *req, __s64 result)
{
	struct scratch *s = my_scratch();

	if (!s)
		return;
	bpf_probe_read_kernel(s->names, sizeof(s->names), p->names);
	s->call = p->call;
	s->call.result = result;
	/* Without a descriptor there is nothing that the result could stand for. */
	if (p->without_descriptor && result >= 0)
		s->call.result = -1;
	s->call.file = (__u64)READ(req, cmd.file);
	s->message = 0;
	send_call_record();
}

static __always_inline void send_request(struct pending *p, struct io_kiocb *req, __s64 result)
{
	struct task_struct *task = current_task();

	if (p->call.event <= SAKER_EVENT_EXECVEAT)
		send_ring_open(task, p, result);
	else
		send_ring_call(p, req, result);
}

static __always_inline int tell_submitted(struct io_kiocb *submitted)
{
	struct io_kiocb *req = TYPED(struct io_kiocb, submitted);
	struct task_struct *task = current_task();
	__u64 key = (__u64)submitted;
	__u8 op = READ(req, opcode);
	__u32 zero = 0, flags = 0, event;
	struct pending *p;

	if (op >= SAKER_RING_OPS)
		return 0;
	event = ring_event[op];
	if (event == SAKER_EVENT_NONE || event >= SAKER_EVENTS_MAX)
		return 0;
	if (!(scope_of(task) & event_scope[event])) {
		count_filtered(event);
		return 0;
	}
	p = bpf_map_lookup_elem(&pending_scratch, &zero);
	if (!p)
		return 0;
	__builtin_memset(p, 0, offsetof(struct pending, names));
	p->names[0][0] = p->names[1][0] = 0;
	p->call.event = event;
	p->call.from_ring = true;
	keep_arguments(p, req, op);
	bpf_map_update_elem(&pending_requests, &key, p, BPF_ANY);
	bpf_core_read(&flags, sizeof(flags), &req->flags);
	if (flags & SKIP_ON_SUCCESS) {
		p->without_descriptor = true;
		send_request(p, req, 0);
	}
	return 0;
}

static __always_inline int request_submitted(struct io_kiocb *submitted)
{
	hold_cpu();
	tell_submitted(submitted);
	release_cpu();
	return 0;
}

SEC("tp_btf/io_uring_submit_req") /* 6.4 */
int BPF_PROG(ring_submit, struct io_kiocb *req)
{
	return request_submitted(req);
}

SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(ring_submit_old, struct io_kiocb *req)
{
	return request_submitted(req);
}

SEC("tp_btf/io_uring_complete")
int ring_complete(unsigned long long *ctx)
{
	__u64 key = ctx[1];
	struct pending *p = bpf_map_lookup_elem(&pending_requests, &key);
	struct io_kiocb *req;
	__s32 result;
	__u32 flags;

	if (!p)
		return 0;
	if (ring_complete_has_entry) {
		struct io_uring_cqe *entry = TYPED(struct io_uring_cqe, ctx[2]);

		result = READ(entry, res);
		flags = READ(entry, flags);
	} else {
		result = ctx[3];
		flags = ctx[4];
	}
	req = TYPED(struct io_kiocb, key);
	hold_cpu();
	send_request(p, req, result);
	release_cpu();
	if (!(flags & CQE_MORE))
		bpf_map_delete_elem(&pending_requests, &key);
	return 0;
}
