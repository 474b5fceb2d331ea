// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// process_exec: one record when a process has become a new program. Everything is read from what the kernel
// set up (bprm, the new mm), which nobody can change between the call and this point; only the arguments
// are on the new stack, where the program has not run yet.
#include "lib/details.h"
#include "lib/inode.h"
#include "lib/path.h"
#include "lib/plan_comm.h"
#include "lib/preempt.h"
#include "lib/task.h"

static __always_inline void add_args(struct scratch *s, struct saker_exec_record *record, struct mm_struct *mm)
{
	unsigned long start = READ(mm, arg_start), end = READ(mm, arg_end);
	__u64 length = end - start;
	__u64 limit = args_bytes_max;
	__u16 flags = 0;

	record->args_bytes = length;
	if (limit > SAKER_ARGS_BYTES_MAX)
		limit = SAKER_ARGS_BYTES_MAX;
	if (length > limit) {
		length = limit;
		flags = SAKER_PART_TRUNCATED;
	}
	if (length > SAKER_ARGS_BYTES_MAX)
		return;
	if (bpf_probe_read_user(begin_part(s), length, (void *)start)) {
		length = 0;
		flags = SAKER_PART_FAILED;
	}
	end_part(s, SAKER_PART_ARGS, flags, length);
}

static __always_inline void add_env(struct scratch *s, struct mm_struct *mm)
{
	unsigned long start = READ(mm, env_start), end = READ(mm, env_end);
	__u64 length = end - start;
	__u16 flags = 0;

	if (s->used > SCRATCH_MASK - SAKER_ENV_BYTES_MAX) { /* only where the limit of arguments is raised */
		count(SAKER_COUNT_TRUNCATED);
		return;
	}
	if (length > SAKER_ENV_BYTES_MAX) {
		length = SAKER_ENV_BYTES_MAX;
		flags = SAKER_PART_TRUNCATED;
	}
	if (bpf_probe_read_user(begin_part(s), length, (void *)start)) {
		length = 0;
		flags = SAKER_PART_FAILED;
	}
	end_part(s, SAKER_PART_ENV, flags, length);
}

static __always_inline void fill_exe(struct saker_exec_record *record, struct inode *inode, struct cred *cred,
				     bool memfd)
{
	enum layer layer = layer_of(inode);

	record->exe_ino = READ(inode, i_ino);
	record->exe_dev = device_of(inode);
	fill_times(inode, &record->exe_ctime_ns, &record->exe_mtime_ns);
	if (is_writable(inode, cred))
		record->exe_flags |= SAKER_EXE_WRITABLE;
	if (layer == LAYER_UPPER)
		record->exe_flags |= SAKER_EXE_UPPER_LAYER;
	if (layer == LAYER_LOWER)
		record->exe_flags |= SAKER_EXE_LOWER_LAYER;
	if (memfd)
		record->exe_flags |= SAKER_EXE_FROM_MEMFD;
}

/* A memfd is an unlinked tmpfs file without a parent, called memfd:NAME. */
static __always_inline bool is_memfd(struct dentry *dentry, struct inode *inode)
{
	struct super_block *sb = READ(inode, i_sb);
	char name[6] = {};

	if (READ(sb, s_magic) != TMPFS_MAGIC || READ(inode, i_nlink) != 0 || READ(dentry, d_parent) != dentry)
		return false;
	bpf_probe_read_kernel(name, sizeof(name), READ(dentry, d_name.name));
	return name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && name[3] == 'f' && name[4] == 'd' &&
	       name[5] == ':';
}

static __always_inline void tell_exec(struct task_struct *task, struct linux_binprm *bprm)
{
	struct mm_struct *mm = READ(task, mm);
	struct file *exe = READ(mm, exe_file);
	struct inode *inode = READ(exe, f_inode);
	struct dentry *dentry = READ(exe, f_path.dentry);
	struct cred *cred = READ(task, cred);
	struct saker_exec_record *record;
	__u32 scope = scope_of(task);
	struct scratch *s;

	count_version(READ(task, tgid));
	sort_by_comm(task);
	s = begin_record(SAKER_RECORD_EXEC, SAKER_EVENT_EXECVE, READ(task, pid), sizeof(*record));
	if (!s)
		return;
	record = (struct saker_exec_record *)s->record;
	fill_current_task();
	record->argc = READ(bprm, argc);
	fill_exe(record, inode, cred, is_memfd(dentry, inode));
	add_kernel_string(s, SAKER_PART_NAME, READ(bprm, filename));
	add_path(s, dentry, READ(exe, f_path.mnt), SAKER_PART_EXE);
	add_cwd(s, task);
	add_details(s, task);
	add_args(s, record, mm);
	if (task_details & SAKER_DETAIL_ENV)
		add_env(s, mm);
	if (send_record(s) && (scope & event_scope[SAKER_EVENT_EXECVE]))
		wake_reader();
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *argument, int old_pid, struct linux_binprm *bprm)
{
	hold_cpu();
	tell_exec(TYPED(struct task_struct, argument), bprm);
	release_cpu();
	return 0;
}
