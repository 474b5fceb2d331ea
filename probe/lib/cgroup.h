/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * cgroup.h: where a task runs, host or container.
 *
 * Only user space can tell, from the cgroup's path. The probe sends each path once, when the cgroup is made
 * or first met, and user space answers through `cgroup_class`. Until it has, events pass the filter: the
 * answer may come late, never wrong. The path's record is in the ring before any event of the cgroup
 * that counts on it, so user space knows a container at its first exec.
 */
#ifndef SAKER_CGROUP_H
#define SAKER_CGROUP_H

#include "lib/walk.h"

#define CGROUP_LEVELS_MAX 24

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u8); /* enum saker_cgroup_class */
} cgroup_class SEC(".maps");

static __always_inline __u64 cgroup_key_v2(struct css_set *set)
{
	struct cgroup *cgroup = READ(set, dfl_cgrp);
	struct kernfs_node *kn = READ(cgroup, kn);

	return READ(kn, id);
}

static __always_inline struct cgroup *v1_cgroup(struct css_set *set)
{
	struct cgroup_subsys_state *css;

	if (v1_subsystem < 0)
		return NULL;
	css = (void *)read_word((void *)&set->subsys[0] + 8 * v1_subsystem);
	css = TYPED(struct cgroup_subsys_state, css);
	return css ? READ(css, cgroup) : NULL;
}

static __always_inline __u64 cgroup_key_v1(struct cgroup *cgroup)
{
	struct kernfs_node *kn;

	if (!cgroup)
		return 0;
	kn = READ(cgroup, kn);
	return SAKER_CGROUP_KEY(READ(kn, id), v1_hierarchy);
}

/* Adds the cgroup's path; the root is "/". */
static __always_inline void add_cgroup_path(struct scratch *s, struct cgroup *cgroup, __u16 kind)
{
	char *name = s->walk + SAKER_PATH_BYTES_MAX;
	int i;

	begin_walk(s);
	for (i = 0; i < CGROUP_LEVELS_MAX; i++) {
		struct kernfs_node *kn = READ(cgroup, kn);
		struct cgroup_subsys_state *css = READ(cgroup, self.parent);
		__u32 position = s->walk_position;
		long got;

		if (!css) { /* the root has no name of its own */
			s->walk_whole = true;
			break;
		}
		got = bpf_probe_read_kernel_str(name, 256, READ(kn, name));
		if (got <= 1 || got > 256 || position < got)
			break;
		position -= got; /* the NUL's place is the slash's */
		s->walk[position & WALK_MASK] = '/';
		bpf_probe_read_kernel(&s->walk[(position + 1) & WALK_MASK], (got - 1) & 255, name);
		s->walk_position = position;
		cgroup = TYPED(struct cgroup, css); /* `self` is first */
	}
	add_walk(s, kind);
}

static __always_inline void send_cgroup(struct cgroup *cgroup, __u64 key, __u32 op)
{
	struct scratch *s = begin_record(SAKER_RECORD_CGROUP, SAKER_EVENT_NONE, 0,
					 sizeof(struct saker_cgroup_record));
	__u8 pending = SAKER_CGROUP_PENDING;
	struct saker_cgroup_record *record;

	if (!s)
		return;
	record = (struct saker_cgroup_record *)s->record;
	record->key = key;
	record->op = op;
	if (op == SAKER_CGROUP_SEEN)
		add_cgroup_path(s, cgroup, SAKER_PART_CGROUP);
	/* Only a record that was sent may count as named; a lost one is sent again at the next event. */
	if (send_record(s) && op == SAKER_CGROUP_SEEN &&
	    bpf_map_update_elem(&cgroup_class, &key, &pending, BPF_NOEXIST))
		count(SAKER_COUNT_CGROUP_UNNAMED);
}

/* The class of one cgroup; sends its path when it is new. */
static __always_inline __u8 class_of(struct cgroup *cgroup, __u64 key)
{
	__u8 *class = bpf_map_lookup_elem(&cgroup_class, &key);

	if (class)
		return *class;
	send_cgroup(cgroup, key, SAKER_CGROUP_SEEN);
	return SAKER_CGROUP_PENDING;
}

/* The last answer of this CPU. The cgroups' addresses name them until one is removed: then, and when a class is
 * decided, `cgroup_version` is counted up. */
struct known_scope {
	__u64 v2, v1;
	__u32 version;
	__u32 scope;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct known_scope);
} known_scopes SEC(".maps");

__u32 cgroup_version = 1;

/* enum saker_scope bits of where the cgroups' tasks may be: both while they are not decided. */
static __always_inline __u32 look_up_scope(struct css_set *set, struct cgroup *v2, struct cgroup *v1)
{
	__u8 class = class_of(v2, cgroup_key_v2(set));

	if (class == SAKER_CGROUP_CONTAINER)
		return SAKER_SCOPE_CONTAINER;
	if (v1) {
		__u8 class_v1 = class_of(v1, cgroup_key_v1(v1));

		if (class_v1 != SAKER_CGROUP_HOST)
			class = class_v1;
	}
	if (class == SAKER_CGROUP_CONTAINER)
		return SAKER_SCOPE_CONTAINER;
	return class == SAKER_CGROUP_HOST ? SAKER_SCOPE_HOST : SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER;
}

static __always_inline __u32 scope_of(struct task_struct *task)
{
	/* Read before the classes are: an answer that comes in between makes what is kept stale, not wrong. */
	__u32 version = *(volatile __u32 *)&cgroup_version, zero = 0, scope;
	struct css_set *set = READ(task, cgroups);
	struct cgroup *v2 = READ(set, dfl_cgrp);
	struct cgroup *v1 = v1_cgroup(set);
	struct known_scope *known = bpf_map_lookup_elem(&known_scopes, &zero);

	if (known && known->v2 == (__u64)v2 && known->v1 == (__u64)v1 && known->version == version)
		return known->scope;
	scope = look_up_scope(set, v2, v1);
	if (known && scope != (SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER)) {
		known->v2 = (__u64)v2;
		known->v1 = (__u64)v1;
		known->version = version;
		known->scope = scope;
	}
	return scope;
}

#endif /* SAKER_CGROUP_H */
