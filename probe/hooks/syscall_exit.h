// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// syscall_exit: the calls that name a file, at their end.
//
// Runs for every system call of the machine, so the first thing is to leave: a call that no rule wants costs
// one byte of a table, a wanted one in the wrong place (host or container) a look at the task's cgroup.
//
// What was opened is read from the file the kernel made, which the caller can no longer change; the name it
// asked for is in its own memory, where another thread may have written since, and is only told beside it.
#include "lib/inode.h"
#include "lib/path.h"
#include "lib/task.h"

#define AT_FDCWD (-100)
#define FMODE_CREATED 0x100000
#define O_CREAT_WRONLY_TRUNC 01101

struct call {
	__u32 event;
	bool compat;
	__u64 args[4];
};

#if defined(__TARGET_ARCH_x86)
#define X32_BIT 0x40000000
static __always_inline __u32 syscall_number(struct pt_regs *regs)
{
	return READ(regs, orig_ax) & ~X32_BIT;
}

static __always_inline void read_args(struct call *call, struct pt_regs *regs)
{
	if (call->compat) {
		call->args[0] = (__u32)READ(regs, bx);
		call->args[1] = (__u32)READ(regs, cx);
		call->args[2] = (__u32)READ(regs, dx);
		call->args[3] = (__u32)READ(regs, si);
	} else {
		call->args[0] = READ(regs, di);
		call->args[1] = READ(regs, si);
		call->args[2] = READ(regs, dx);
		call->args[3] = READ(regs, r10);
	}
}
#else
static __always_inline __u32 syscall_number(struct pt_regs *regs)
{
	return READ(regs, syscallno);
}

static __always_inline void read_args(struct call *call, struct pt_regs *regs)
{
	call->args[0] = READ(regs, orig_x0); /* x0 holds the result by now */
	call->args[1] = READ(regs, regs[1]);
	call->args[2] = READ(regs, regs[2]);
	call->args[3] = READ(regs, regs[3]);
}
#endif

/* The arguments of the six calls, put where the record wants them; the name's address is returned. */
static __always_inline const void *fill_arguments(struct saker_file_record *record, const struct call *call)
{
	const __u64 *args = call->args;
	struct open_how how = {};

	record->dirfd = AT_FDCWD;
	switch (call->event) {
	case SAKER_EVENT_OPEN:
		record->flags = args[1];
		record->mode = args[2];
		return (void *)args[0];
	case SAKER_EVENT_CREAT:
		record->flags = O_CREAT_WRONLY_TRUNC;
		record->mode = args[1];
		return (void *)args[0];
	case SAKER_EVENT_OPENAT:
		record->dirfd = args[0];
		record->flags = args[2];
		record->mode = args[3];
		return (void *)args[1];
	case SAKER_EVENT_OPENAT2:
		record->dirfd = args[0];
		if (bpf_probe_read_user(&how, sizeof(how), (void *)args[2]))
			count(SAKER_COUNT_READ_FAILED);
		record->flags = how.flags;
		record->mode = how.mode;
		record->resolve = how.resolve;
		return (void *)args[1];
	case SAKER_EVENT_OPEN_BY_HANDLE_AT:
		record->dirfd = args[0];
		record->flags = args[2];
		return NULL;
	case SAKER_EVENT_EXECVE:
		return (void *)args[0];
	case SAKER_EVENT_EXECVEAT:
		record->dirfd = args[0];
		return (void *)args[1];
	}
	return NULL;
}

static __always_inline struct file *file_of(struct task_struct *task, __s64 fd)
{
	struct files_struct *files = READ(task, files);
	struct fdtable *table;
	__u64 address = 0;

	if (!files || fd < 0)
		return NULL;
	table = READ(files, fdt);
	if (fd >= READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&address, sizeof(address), (void *)((__u64)READ(table, fd) + 8 * (__u64)fd));
	return address ? TYPED(struct file, address) : NULL;
}

static __always_inline void fill_file(struct saker_file_record *record, struct file *file)
{
	struct inode *inode = READ(file, f_inode);
	enum layer layer = layer_of(inode);

	record->ino = READ(inode, i_ino);
	record->dev = device_of(inode);
	record->inode_mode = READ(inode, i_mode);
	if (READ(file, f_mode) & FMODE_CREATED)
		record->file_flags |= SAKER_FILE_CREATED;
	if (layer == LAYER_UPPER)
		record->file_flags |= SAKER_FILE_UPPER_LAYER;
	if (layer == LAYER_LOWER)
		record->file_flags |= SAKER_FILE_LOWER_LAYER;
}

/* The directory that a relative name of an *at call starts from. */
static __always_inline void add_base(struct scratch *s, struct task_struct *task, __s32 dirfd)
{
	struct file *directory = file_of(task, dirfd);

	if (directory)
		add_path(s, (__u64)READ(directory, f_path.dentry), (__u64)READ(directory, f_path.mnt), task,
			 SAKER_PART_BASE);
}

static __always_inline void send_file(struct task_struct *task, const struct call *call, long result)
{
	struct saker_file_record *record;
	struct file *file = NULL;
	const void *name;
	struct scratch *s;

	s = begin_record(SAKER_RECORD_FILE, call->event, READ(task, pid), sizeof(*record));
	if (!s)
		return;
	record = (struct saker_file_record *)s->record;
	fill_task(&record->task, task);
	record->result = result;
	name = fill_arguments(record, call);
	if (name)
		add_user_string(s, SAKER_PART_NAME, name);
	if (result >= 0)
		file = file_of(task, result);
	if (file) {
		__u64 dentry = (__u64)READ(file, f_path.dentry);

		fill_file(record, file);
		if (add_path(s, dentry, (__u64)READ(file, f_path.mnt), task, SAKER_PART_RESOLVED))
			add_inner_path(s, dentry, task);
	}
	if (record->dirfd >= 0 && name)
		add_base(s, task, record->dirfd);
	add_cwd(s, task);
	if (send_record(s))
		wake_reader();
}

SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_exit, struct pt_regs *regs, long result)
{
	struct task_struct *task = current_task();
	struct call call = {.compat = is_compat(task)};
	__u32 number = syscall_number(regs);

	if (number >= SAKER_SYSCALL_NUMBERS)
		return 0;
	call.event = syscall_event[call.compat][number];
	if (call.event == SAKER_EVENT_NONE || call.event >= SAKER_EVENT_COUNT)
		return 0;
	/* A successful exec has had its record from the exec tracepoint. */
	if ((call.event == SAKER_EVENT_EXECVE || call.event == SAKER_EVENT_EXECVEAT) && result >= 0)
		return 0;
	if (!(scope_of(task) & event_scope[call.event])) {
		count_filtered(call.event);
		return 0;
	}
	read_args(&call, regs);
	send_file(task, &call, result);
	return 0;
}
