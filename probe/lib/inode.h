/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * inode.h: what a file is, beyond its name.
 */
#ifndef SAKER_INODE_H
#define SAKER_INODE_H

#include "lib/read.h"

#define OVERLAYFS_MAGIC 0x794c7630
#define TMPFS_MAGIC 0x01021994

#define CAP_DAC_OVERRIDE 1

/* As stat() encodes st_dev. */
static __always_inline __u32 device_of(struct inode *inode)
{
	struct super_block *sb = READ(inode, i_sb);
	__u32 dev = READ(sb, s_dev);
	__u32 major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | (major << 8) | ((minor & ~0xffU) << 12);
}

enum layer { LAYER_NONE, LAYER_UPPER, LAYER_LOWER };

/* On overlayfs, whether the file lives in the writable layer: its inode is followed in memory by a pointer to
 * the upper dentry (struct ovl_inode, whose BTF is in a module that may not be loaded). */
static __always_inline enum layer layer_of(struct inode *inode)
{
	struct super_block *sb = READ(inode, i_sb);
	__u64 upper = 0;

	if (READ(sb, s_magic) != OVERLAYFS_MAGIC)
		return LAYER_NONE;
	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	return upper ? LAYER_UPPER : LAYER_LOWER;
}

/* Could these credentials write the file? Mode bits and capabilities, as far as they tell. */
static __always_inline bool is_writable(struct inode *inode, struct cred *cred)
{
	__u16 mode = READ(inode, i_mode);

	if (mode & 0002)
		return true;
	if (CAPABILITIES(cred, cap_effective) & (1ULL << CAP_DAC_OVERRIDE))
		return true;
	if ((mode & 0200) && READ(inode, i_uid.val) == READ(cred, fsuid.val))
		return true;
	return (mode & 0020) && READ(inode, i_gid.val) == READ(cred, fsgid.val);
}

static __always_inline __u64 time_ns(__s64 seconds, long ns)
{
	return (__u64)seconds * 1000000000ULL + (__u64)ns;
}

static __always_inline void fill_times(struct inode *inode, __u64 *ctime_ns, __u64 *mtime_ns)
{
	struct inode___67 *newer = (void *)inode;
	struct inode___old *old = (void *)inode;
	struct timespec64 ctime = {}, mtime = {};

	if (bpf_core_field_exists(inode->i_ctime_sec)) {
		/* Since 6.13 the topmost bit says that somebody has asked for the time. */
		*ctime_ns = time_ns(READ(inode, i_ctime_sec), READ(inode, i_ctime_nsec) & ~(1U << 31));
		*mtime_ns = time_ns(READ(inode, i_mtime_sec), READ(inode, i_mtime_nsec));
		return;
	}
	if (bpf_core_field_exists(newer->__i_ctime)) {
		bpf_core_read(&ctime, sizeof(ctime), &newer->__i_ctime);
		bpf_core_read(&mtime, sizeof(mtime), &newer->__i_mtime);
	} else if (bpf_core_field_exists(old->i_ctime)) {
		bpf_core_read(&ctime, sizeof(ctime), &old->i_ctime);
		bpf_core_read(&mtime, sizeof(mtime), &old->i_mtime);
	}
	*ctime_ns = time_ns(ctime.tv_sec, ctime.tv_nsec);
	*mtime_ns = time_ns(mtime.tv_sec, mtime.tv_nsec);
}

#endif /* SAKER_INODE_H */
