/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * task.h: the acting task, as the kernel has it now.
 */
#ifndef SAKER_TASK_H
#define SAKER_TASK_H

#include "lib/cgroup.h"
#include "lib/process.h"

#define PID_LEVELS_MAX 32 /* MAX_PID_NS_LEVEL */

/* Where a pid says who it is in its own namespace, the deepest that it is known in: levels follow each other at a
 * distance only the kernel knows. */
static __always_inline __u64 own_level(__u64 pid)
{
	__u32 level = READ(TYPED(struct pid, pid), level);

	if (level > PID_LEVELS_MAX)
		level = 0;
	return pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
}

static __always_inline __u32 pid_in_own_ns(__u64 pid)
{
	return read_word((void *)own_level(pid) + bpf_core_field_offset(struct upid, nr));
}

static __always_inline struct pid_namespace *pid_ns_of(__u64 pid)
{
	__u64 ns = read_word((void *)own_level(pid) + bpf_core_field_offset(struct upid, ns));

	return TYPED(struct pid_namespace, ns);
}

static __always_inline __u32 pid_in_root_ns(struct pid *pid)
{
	return READ(pid, numbers[0].nr);
}

static __always_inline __u32 tty_of(struct signal_struct *signal)
{
	struct tty_struct *tty = READ(signal, tty);
	struct tty_driver *driver;
	__u32 major, minor;

	if (!tty)
		return 0;
	driver = READ(tty, driver);
	major = READ(driver, major);
	minor = READ(driver, minor_start) + READ(tty, index);
	return (minor & 0xff) | (major << 8) | ((minor & ~0xffU) << 12);
}

static __always_inline bool is_compat(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return READ(task, thread_info.status) & 2;
#else
	return (READ(task, thread_info.flags) >> 22) & 1;
#endif
}

static __always_inline void fill_identity(struct task_struct *task, __u32 *tgid, __u64 *start_ns)
{
	struct task_struct *leader = READ(task, group_leader);

	*tgid = READ(task, tgid);
	*start_ns = READ(leader, start_boottime);
}

/* What the process table keeps of each process. */
static __always_inline void fill_process(struct saker_task *out, struct task_struct *task)
{
	struct task_struct *leader = READ(task, group_leader);
	struct task_struct *parent = READ(leader, real_parent);
	struct signal_struct *signal = READ(task, signal);
	struct pid_namespace *pid_ns = pid_ns_of(READ_WORD(task, thread_pid));
	__u64 *comm = (__u64 *)out->comm;

	out->tgid = READ(task, tgid);
	out->version = version_of(out->tgid);
	out->start_ns = READ(leader, start_boottime);
	fill_identity(parent, &out->parent_tgid, &out->parent_start_ns);
	out->session = pid_in_root_ns(READ(signal, pids[PIDTYPE_SID]));
	out->group = pid_in_root_ns(READ(signal, pids[PIDTYPE_PGID]));
	if (pid_ns)
		out->pid_ns = READ(pid_ns, ns.inum);
	comm[0] = READ_WORD(leader, comm[0]);
	comm[1] = READ_WORD(leader, comm[8]);
}

static __always_inline __u64 init_start(struct task_struct *task)
{
	struct pid_namespace *ns = pid_ns_of(READ_WORD(task, thread_pid));
	struct task_struct *init = ns ? READ(ns, child_reaper) : NULL;

	return init ? READ(init, start_boottime) : 0;
}

/* What only rules ask for. */
static __always_inline void fill_rest(struct saker_task *out, struct task_struct *task)
{
	struct task_struct *leader = READ(task, group_leader);
	struct task_struct *parent = READ(leader, real_parent);
	struct signal_struct *signal = READ(task, signal), *parent_signal = READ(parent, signal);
	struct cred *cred = READ(task, cred);
	struct user_namespace *user_ns = READ(cred, user_ns);
	struct nsproxy *nsproxy = READ(task, nsproxy);
	struct css_set *set = READ(task, cgroups);

	out->init_start_ns = init_start(task);
	out->vtid = pid_in_own_ns(READ_WORD(task, thread_pid));
	out->vtgid = pid_in_own_ns(READ_WORD(signal, pids[PIDTYPE_TGID]));
	out->parent_vtgid = pid_in_own_ns(READ_WORD(parent_signal, pids[PIDTYPE_TGID]));
	out->vsession = pid_in_own_ns(READ_WORD(signal, pids[PIDTYPE_SID]));
	out->vgroup = pid_in_own_ns(READ_WORD(signal, pids[PIDTYPE_PGID]));
	out->uid = READ(cred, uid.val);
	out->gid = READ(cred, gid.val);
	out->euid = READ(cred, euid.val);
	out->egid = READ(cred, egid.val);
	out->cap_permitted = CAPABILITIES(cred, cap_permitted);
	out->cap_effective = CAPABILITIES(cred, cap_effective);
	out->cap_inheritable = CAPABILITIES(cred, cap_inheritable);
	out->loginuid = bpf_core_field_exists(task->loginuid) ? READ(task, loginuid.val) : ~0U;
	out->tty = tty_of(signal);
	if (user_ns)
		out->user_ns = READ(user_ns, ns.inum);
	if (nsproxy) { /* gone once the task is exiting */
		struct mnt_namespace *mnt_ns = READ(nsproxy, mnt_ns);
		struct net *net_ns = READ(nsproxy, net_ns);

		out->mnt_ns = READ(mnt_ns, ns.inum);
		out->net_ns = READ(net_ns, ns.inum);
	}
	out->cgroup_v2 = cgroup_key_v2(set);
	out->cgroup_v1 = cgroup_key_v1(v1_cgroup(set));
	if (READ(task, pid) == (__s32)out->tgid)
		out->flags |= SAKER_TASK_MAIN_THREAD;
	if (is_compat(task))
		out->flags |= SAKER_TASK_COMPAT;
}

/* In brief where no rule wants the event. */
static __always_inline void fill_task_for(__u32 event, struct saker_task *out, struct task_struct *task)
{
	fill_process(out, task);
	if (event_scope[event])
		fill_rest(out, task);
	else
		out->flags |= SAKER_TASK_BRIEF;
}

/* Of the current task, in the record that has been begun. A function that the verifier checks once, and whose stack is
 * gone before the rest of the record is made: calls that lie in each other may have 512 bytes together. */
__noinline int fill_current_task(void)
{
	struct scratch *s = my_scratch();

	if (s) {
		struct saker_task *out = (struct saker_task *)(s->record + offsetof(struct saker_call_record, task));

		fill_process(out, current_task());
		fill_rest(out, current_task());
	}
	return 0;
}

_Static_assert(offsetof(struct saker_call_record, task) == offsetof(struct saker_file_record, task) &&
		       offsetof(struct saker_call_record, task) == offsetof(struct saker_exec_record, task) &&
		       offsetof(struct saker_call_record, task) == offsetof(struct saker_exit_record, task),
	       "every record has its task at one place");

#endif /* SAKER_TASK_H */
