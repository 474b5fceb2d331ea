// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// cgroup: names a cgroup to user space when it is made, before the first process can be put into it, and
// forgets it when it goes.
#include "lib/cgroup.h"
#include "lib/preempt.h"

/* Only the two hierarchies that tasks are looked up in: the default one and the chosen v1. */
static __always_inline bool key_of(struct cgroup *cgroup, __u64 *key)
{
	struct cgroup_root *root = READ(cgroup, root);
	struct kernfs_node *kn = READ(cgroup, kn);
	__s32 hierarchy = READ(root, hierarchy_id);

	if (hierarchy != 0 && (v1_subsystem < 0 || hierarchy != (__s32)v1_hierarchy))
		return false;
	*key = SAKER_CGROUP_KEY(READ(kn, id), hierarchy);
	return true;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_mkdir, struct cgroup *made)
{
	struct cgroup *cgroup = TYPED(struct cgroup, made);
	__u64 key;

	if (!key_of(cgroup, &key))
		return 0;
	hold_cpu();
	send_cgroup(cgroup, key, SAKER_CGROUP_SEEN);
	release_cpu();
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_rmdir, struct cgroup *removed)
{
	struct cgroup *cgroup = TYPED(struct cgroup, removed);
	__u64 key;

	if (!key_of(cgroup, &key))
		return 0;
	bpf_map_delete_elem(&cgroup_class, &key);
	__sync_fetch_and_add(&cgroup_version, 1);
	hold_cpu();
	send_cgroup(cgroup, key, SAKER_CGROUP_REMOVED);
	release_cpu();
	return 0;
}
