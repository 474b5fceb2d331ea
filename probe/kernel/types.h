/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * types.h: the kernel structures we depend on, and of them only the fields we use. Offsets here mean
 * nothing: preserve_access_index makes every access a CO-RE relocation, resolved when the object is loaded
 * against the running kernel's BTF. So building needs no BTF, and this page is the whole list of what a new
 * kernel could break. A `___suffix` names another generation of the same structure.
 */
#ifndef SAKER_KERNEL_TYPES_H
#define SAKER_KERNEL_TYPES_H

#include "wire/records.h"

typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

enum bpf_map_type_used {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_F_NO_PREALLOC = 1, BPF_NOEXIST = 1, BPF_ANY = 0 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r10, r9, r8, ax, cx, dx, si, di, bx, bp, orig_ax;
};
struct thread_info {
	__u32 status; /* TS_COMPAT: this call came through the 32-bit table */
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	__u64 regs[31];
	__u64 orig_x0;
	__s32 syscallno;
};
struct thread_info {
	unsigned long flags; /* TIF_32BIT */
};
#else
#error "the probe knows x86 and arm64"
#endif

struct list_head {
	struct list_head *next;
};

typedef struct {
	__s32 counter;
} atomic_t;

struct ns_common {
	__u32 inum;
};

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

/* A capability set is one 64-bit word since 6.3 and was two 32-bit words before: 8 bytes, low bits first. */
typedef struct {
} kernel_cap_t;

struct user_namespace {
	struct ns_common ns;
};

struct cred {
	kuid_t uid, euid, fsuid;
	kgid_t gid, egid, fsgid;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective;
	struct user_namespace *user_ns;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

struct open_how {
	__u64 flags, mode, resolve;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
	struct dentry *s_root;
};

struct inode {
	__u16 i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	unsigned long i_ino;
	__u32 i_nlink;
	struct super_block *i_sb;
	/* 6.11 and later; see inode___67 and inode___old */
	__s64 i_mtime_sec, i_ctime_sec;
	__u32 i_mtime_nsec, i_ctime_nsec;
};

struct inode___67 { /* 6.6 to 6.10 */
	struct timespec64 __i_mtime, __i_ctime;
};

struct inode___old {
	struct timespec64 i_mtime, i_ctime;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	__u32 f_flags;
	__u32 f_mode;
	void *private_data;
};

struct socket {
	__s16 type;
	struct sock *sk;
};

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	__be32 skc_daddr, skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num; /* local port, host order */
	__u16 skc_family;
	unsigned char skc_state;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type, sk_protocol;
	__u32 sk_ack_backlog, sk_max_ack_backlog;
};

struct inet_sock {
	__be32 inet_saddr;
};

struct sockaddr_un {
	__u16 sun_family;
	char sun_path[108];
};

struct unix_address {
	__s32 len; /* of the address, its family included */
	struct sockaddr_un name[1];
};

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

struct fdtable {
	__u32 max_fds;
	struct file **fd;
	unsigned long *open_fds; /* a bit for each */
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root, pwd;
};

/* Counts what is rarely added up exactly: `count` and what each CPU has not added to it yet. */
struct percpu_counter {
	__s64 count;
	__s32 *counters;
};

enum mm_counter {
	MM_FILEPAGES,
	MM_ANONPAGES,
	MM_SWAPENTS,
	MM_SHMEMPAGES,
	NR_MM_COUNTERS
};

struct mm_struct {
	unsigned long arg_start, arg_end, env_start, env_end;
	unsigned long total_vm; /* pages */
	struct file *exe_file;
	struct percpu_counter rss_stat[NR_MM_COUNTERS]; /* pages */
};

/* Before 6.2. */
struct mm_rss_stat {
	struct {
		__s64 counter;
	} count[NR_MM_COUNTERS];
};

struct mm_struct___before_6_2 {
	struct mm_rss_stat rss_stat;
};

struct pid_namespace {
	struct ns_common ns;
	struct task_struct *child_reaper;
};

struct upid {
	__s32 nr;
	struct pid_namespace *ns;
};

struct pid {
	__u32 level;
	struct upid numbers[1];
};

struct mnt_namespace {
	struct ns_common ns;
};

struct net {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
};

struct tty_driver {
	__s32 major, minor_start;
};

struct tty_struct {
	struct tty_driver *driver;
	__s32 index;
};

enum pid_type {
	PIDTYPE_PID,
	PIDTYPE_TGID,
	PIDTYPE_PGID,
	PIDTYPE_SID,
	PIDTYPE_MAX
};

struct rlimit {
	unsigned long rlim_cur, rlim_max;
};
#define RLIMIT_NOFILE 7

struct sched_entity {
	__u64 sum_exec_runtime, prev_sum_exec_runtime;
};

struct signal_struct {
	atomic_t live; /* threads that have not begun to exit */
	struct pid *pids[PIDTYPE_MAX];
	struct tty_struct *tty;
	__s32 nr_threads;
	unsigned long maj_flt, min_flt; /* of threads that have ended */
	struct rlimit rlim[16];
	__u32 is_child_subreaper : 1;
	__u32 has_child_subreaper : 1;
};

struct kernfs_node {
	const char *name;
	__u64 id;
};

struct cgroup_root {
	__s32 hierarchy_id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self; /* must be first in the kernel as well: css_to_cgroup() */
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	struct thread_info thread_info;
	struct mm_struct *mm;
	__s32 exit_code;
	__s32 pid, tgid;
	struct task_struct *real_parent;
	struct list_head children;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	__u64 start_boottime;
	struct sched_entity se;
	__u64 utime, stime; /* ns */
	unsigned long maj_flt, min_flt;
	struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	kuid_t loginuid;
	struct css_set *cgroups;
};

struct trace_event_raw_sys_enter {
	unsigned long args[6];
};

struct linux_binprm {
	struct file *file;
	__s32 argc;
	const char *filename;
};

/* io_uring: a request is an io_kiocb that begins with one of the io_* below, by its opcode. */
struct io_cqe {
	__s32 fd; /* of the submitted request; its result once it is complete */
};

struct io_cmd_data {
	struct file *file;
};

struct io_kiocb {
	struct io_cmd_data cmd;
	__u8 opcode;
	__u32 flags; /* wider since 6.10; the low bits are those of the submission entry */
	struct io_cqe cqe;
};

struct io_uring_cqe {
	__s32 res;
	__u32 flags;
};

struct filename {
	const char *name;
};

struct io_open {
	__s32 dfd;
	__u32 file_slot;
	struct filename *filename;
	struct open_how how;
};

struct io_rename {
	__s32 old_dfd, new_dfd;
	struct filename *oldpath, *newpath;
	__s32 flags;
};

struct io_unlink {
	__s32 dfd, flags;
	struct filename *filename;
};

struct io_mkdir {
	__s32 dfd;
	__u16 mode;
	struct filename *filename;
};

struct io_link {
	__s32 old_dfd, new_dfd;
	struct filename *oldpath, *newpath;
	__s32 flags;
};

/* Since 7.0 a name is kept in a structure of its own, at the same place. */
struct delayed_filename {
	struct filename *__incomplete_filename;
};

struct io_open___delayed {
	struct delayed_filename filename;
};

struct io_rename___delayed {
	struct delayed_filename oldpath, newpath;
};

struct io_unlink___delayed {
	struct delayed_filename filename;
};

struct io_mkdir___delayed {
	struct delayed_filename filename;
};

struct io_link___delayed {
	struct delayed_filename oldpath, newpath;
};

struct bpf_array {
	void *pptrs[1];
};

struct io_accept {
	void *addr;
	__s32 *addr_len;
	__s32 flags;
	__u32 file_slot;
};

struct io_socket {
	__s32 domain, type, protocol;
	__u32 file_slot;
};

struct io_connect {
	void *addr;
	__s32 addr_len;
};

struct io_listen {
	__s32 backlog;
};

struct io_sr_msg {
	void *buf;
	__s32 len;
};

#pragma clang attribute pop

struct open_how_user { /* uapi: read from the caller's memory, so at fixed places */
	__u64 flags, mode, resolve;
};

struct pollfd_user { /* uapi */
	__s32 fd;
	__u16 events, revents;
};

struct iovec { /* uapi, of a 64-bit caller */
	__u64 base, length;
};

struct iovec32 {
	__u32 base, length;
};

struct msghdr { /* uapi, of a 64-bit caller */
	__u64 name;
	__u32 name_length, pad;
	__u64 vector, vector_length;
	__u64 control, control_length;
	__u32 flags, pad2;
};

struct mmsghdr {
	struct msghdr header;
	__u32 length, pad;
};

struct msghdr32 {
	__u32 name, name_length, vector, vector_length, control, control_length, flags;
};

struct mmsghdr32 {
	struct msghdr32 header;
	__u32 length;
};

#endif /* SAKER_KERNEL_TYPES_H */
