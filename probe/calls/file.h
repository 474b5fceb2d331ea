/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * file.h: the open family, and an exec that failed.
 *
 * What was opened is read from the file the kernel made, which the caller can no longer change; the name it
 * asked for is in its own memory, where another thread may have written since, and is only told beside it.
 */
#ifndef SAKER_CALLS_FILE_H
#define SAKER_CALLS_FILE_H

#include "lib/descriptor.h"
#include "lib/details.h"
#include "lib/syscall.h"
#include "lib/task.h"

#define AT_FDCWD (-100)
#define O_CREAT_WRONLY_TRUNC 01101
#define O_PATH 010000000 /* on x86 and arm alike */

/* The arguments of the calls, put where the record wants them; the name's address is returned. */
static __always_inline const void *fill_arguments(struct saker_file_record *record, const struct call *call)
{
	const __u64 *args = call->args;
	struct open_how_user how = {};

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

/* Whether the file may be known by names that neither its path nor the caller tells. */
static __always_inline bool is_aliased(struct file *file)
{
	struct vfsmount *mnt = READ(file, f_path.mnt);
	struct super_block *sb = READ(mnt, mnt_sb);
	struct inode *inode = READ(file, f_inode);

	return READ(inode, i_nlink) > 1 || READ(mnt, mnt_root) != READ(sb, s_root);
}

static __always_inline void fill_file(struct saker_file_record *record, struct file *file)
{
	struct inode *inode = READ(file, f_inode);

	record->ino = READ(inode, i_ino);
	record->dev = device_of(inode);
	record->inode_mode = READ(inode, i_mode);
	record->file_flags = file_flags_of(file, inode);
	if ((record->inode_mode & S_IFMT) == S_IFREG && is_aliased(file))
		record->file_flags |= SAKER_FILE_ALIASED;
}

/* The directory that a relative name of an *at call starts from. */
static __always_inline void add_base(struct scratch *s, struct task_struct *task, __s32 dirfd)
{
	struct file *directory = file_of(task, dirfd);

	if (directory)
		add_path(s, READ(directory, f_path.dentry), READ(directory, f_path.mnt), SAKER_PART_BASE);
}

/* What was opened: how it is seen from the task, and where else it is. */
static __always_inline void add_opened(struct scratch *s, struct saker_file_record *record, struct file *file)
{
	struct dentry *dentry = READ(file, f_path.dentry);

	fill_file(record, file);
	if (add_path(s, dentry, READ(file, f_path.mnt), SAKER_PART_RESOLVED))
		add_inner_path(s, dentry);
}

/* Tells the open, or the exec that failed, that is in scratch memory. */
__noinline int send_file(void)
{
	struct task_struct *task = current_task();
	struct scratch *s = my_scratch();
	struct saker_file_record *record;
	struct file *file = NULL;
	const struct call *call;
	const void *name;

	if (!s)
		return 0;
	call = &s->call;
	s = begin_record(SAKER_RECORD_FILE, call->event, READ(task, pid), sizeof(*record));
	if (!s)
		return 0;
	record = (struct saker_file_record *)s->record;
	fill_current_task();
	if (call->ruled_out)
		record->task.flags |= SAKER_TASK_RULED_OUT;
	record->result = call->result;
	name = fill_arguments(record, call);
	if ((record->flags & O_PATH) && record->task.tgid == agent_tgid)
		return 0;
	if (name)
		add_user_string(s, SAKER_PART_NAME, name);
	if (call->result >= 0)
		file = file_of(task, call->result);
	if (file)
		add_opened(s, record, file);
	if (record->dirfd >= 0 && name)
		add_base(s, task, record->dirfd);
	add_cwd(s, task);
	add_details(s, task);
	if (send_record(s))
		wake_reader();
	return 0;
}

#endif /* SAKER_CALLS_FILE_H */
