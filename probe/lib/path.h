/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * path.h: the path of a file, walked from its dentry up, as d_path() would print it.
 *
 * Two paths can be told. The resolved one goes up through mounts to the root of the task (or, for a file
 * outside it, to the root of its mount namespace). The inner one ignores mounts and goes up inside the file
 * system: when it meets the dentry of the task's root, the file is part of the root file system, and the
 * name so found is the one that a bind mount of it hides. Other file systems have no such name.
 *
 * Both are built from their end in scratch memory. At most COMPONENTS_MAX steps; a longer path keeps its end
 * and is marked as truncated.
 */
#ifndef SAKER_PATH_H
#define SAKER_PATH_H

#include "lib/walk.h"

#define COMPONENTS_MAX 64

#define NAME_BYTES_MAX 255

/* Copies the name to where it ends at `end`. In words from its end on: what lies before a name may be read, and what is
 * before its place (fifteen bytes at least) is yet to be filled. */
static __always_inline void copy_name(struct scratch *s, __u32 end, struct dentry *dentry, __u32 length)
{
#if SAKER_TYPED_READS
	__u64 name = READ_WORD(dentry, d_name.name);
	__u32 done;

	for (done = 0; done < NAME_BYTES_MAX + 1 && done < length; done += 16) {
		__u64 *into = (__u64 *)&s->walk[(end - done - 16) & WALK_MASK];
		const void *from = (const void *)(name + length - done - 16);

		into[0] = read_word(from);
		into[1] = read_word(from + 8);
	}
#else
	bpf_probe_read_kernel(&s->walk[(end - length) & WALK_MASK], length & NAME_BYTES_MAX,
			      READ(dentry, d_name.name));
#endif
}

/* Puts "/name" before what is there; false when it does not fit. */
static __always_inline bool prepend(struct scratch *s, struct dentry *dentry)
{
	__u32 length = READ(dentry, d_name.len);
	__u32 position = s->walk_position;

	if (length > NAME_BYTES_MAX || position < length + 16)
		return false;
	copy_name(s, position, dentry, length);
	position -= length + 1;
	s->walk[position & WALK_MASK] = '/';
	s->walk_position = position;
	return true;
}

/* One step up; true when the walk is over. A function of its own, so that the verifier looks at it once and not for
 * each step. */
__noinline int step_up(void)
{
	struct scratch *s = my_scratch();
	struct dentry *dentry, *parent;
	struct mount *mount;

	if (!s)
		return true;
	dentry = TYPED(struct dentry, s->walk_dentry);
	mount = TYPED(struct mount, s->walk_mount);
	parent = READ(dentry, d_parent);
	if (s->walk_dentry == s->walk_root_dentry && s->walk_mount == s->walk_root_mount) {
		s->walk_whole = true;
		return true;
	}
	if (dentry == READ(mount, mnt.mnt_root) || dentry == parent) {
		struct mount *above = READ(mount, mnt_parent);

		if (above != mount) {
			s->walk_crossed = true;
			s->walk_dentry = (__u64)READ(mount, mnt_mountpoint);
			s->walk_mount = (__u64)above;
			return false;
		}
		/* The root of the namespace, or a mount of nobody: memfd:x and its like hang nowhere and have a name. */
		s->walk_whole = true;
		if ((read_word(READ(dentry, d_name.name)) & 0xff) == '/')
			return true;
	}
	s->walk_dentry = (__u64)parent;
	return !prepend(s, dentry) || s->walk_whole;
}

/* The same inside one file system; only `whole` when the task's root dentry was met. */
__noinline int step_up_inside(void)
{
	struct scratch *s = my_scratch();
	struct dentry *dentry, *parent;

	if (!s)
		return true;
	dentry = TYPED(struct dentry, s->walk_dentry);
	parent = READ(dentry, d_parent);
	if (s->walk_dentry == s->walk_root_dentry) {
		s->walk_whole = true;
		return true;
	}
	s->walk_dentry = (__u64)parent;
	return dentry == parent || !prepend(s, dentry);
}

/* Walks up from the place in walk_dentry and walk_mount; true when the inner path may differ. */
__noinline int walk_resolved(void)
{
	struct task_struct *task = current_task();
	struct fs_struct *fs = READ(task, fs);
	struct scratch *s = my_scratch();
	__u64 root_mnt, mnt;
	int i;

	if (!fs || !s) /* no fs: the task is on its way out */
		return 0;
	root_mnt = (__u64)READ(fs, root.mnt);
	begin_walk(s);
	mnt = s->walk_mount;
	s->walk_mount = mnt - bpf_core_field_offset(struct mount, mnt);
	s->walk_root_dentry = (__u64)READ(fs, root.dentry);
	s->walk_root_mount = root_mnt - bpf_core_field_offset(struct mount, mnt);
	for (i = 0; i < COMPONENTS_MAX; i++)
		if (step_up())
			break;
	return s->walk_crossed || mnt != root_mnt;
}

__noinline int walk_inside(void)
{
	struct task_struct *task = current_task();
	struct fs_struct *fs = READ(task, fs);
	struct scratch *s = my_scratch();
	int i;

	if (!fs || !s)
		return 0;
	s->walk_root_dentry = (__u64)READ(fs, root.dentry);
	begin_walk(s);
	for (i = 0; i < COMPONENTS_MAX; i++)
		if (step_up_inside())
			break;
	return 0;
}

/* Adds the resolved path of a place, as the current task sees it; true when mounts were passed on the way or
 * the place is on another mount than the root, so that an inner path may differ. */
static __always_inline bool add_path(struct scratch *s, struct dentry *dentry, struct vfsmount *mnt, __u16 kind)
{
	bool inner;

	s->walk_dentry = (__u64)dentry;
	s->walk_mount = (__u64)mnt;
	inner = walk_resolved();
	add_walk(s, kind);
	return inner;
}

static __always_inline void add_inner_path(struct scratch *s, struct dentry *dentry)
{
	s->walk_dentry = (__u64)dentry;
	walk_inside();
	if (s->walk_whole)
		add_walk(s, SAKER_PART_INNER);
}

static __always_inline void add_cwd(struct scratch *s, struct task_struct *task)
{
	struct fs_struct *fs = READ(task, fs);

	if (fs)
		add_path(s, READ(fs, pwd.dentry), READ(fs, pwd.mnt), SAKER_PART_CWD);
}

#endif /* SAKER_PATH_H */
