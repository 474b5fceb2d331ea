/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * plan.h: whether any rule could match a call (wire/plan.h says what the tables are), by what costs little; names are in
 * plan_names.h and plan_texts.h, and plan_passage.h asks for all of it.
 */
#ifndef SAKER_PLAN_H
#define SAKER_PLAN_H

#include "wire/plan.h"

#include "lib/cgroup.h"
#include "lib/descriptor.h"
#include "lib/process.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SAKER_PLAN_GENERATIONS * SAKER_PLAN_PROGRAMS);
	__type(key, __u32);
	__type(value, struct saker_plan_program);
} plan_programs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SAKER_PLAN_GENERATIONS * SAKER_PLAN_PROGRAMS * SAKER_PLAN_CLASSES);
	__type(key, __u32);
	__type(value, struct saker_plan_class);
} plan_classes SEC(".maps");

__u32 plan_generation; /* counted up at each change; its lowest bit says which of the two holds */
__u32 plan_compare; /* send what is ruled out too, marked: to see that no rule matches it */
__u8 plan_program[SAKER_PLAN_GENERATIONS][SAKER_EVENTS_MAX];

/* One call on its way through the plan. */
struct passage {
	const struct saker_plan_program *program;
	__u64 terms;      /* still to be met */
	__u32 generation; /* which of the two */
	__u32 mark;       /* of the generation, in the words of processes */
	__u32 number;     /* of the program */
};

static __always_inline bool uses(const struct passage *p, enum saker_plan_dimension dimension)
{
	return p->program->uses & (1U << dimension);
}

/* What plan_passes() gives: 0, or why the call is not sent, for count_ruled_out(). */
#define RULED_OUT(number, dimension) (1 + ((number) << 8 | (dimension)))

static __always_inline int rule_out(const struct passage *p, enum saker_plan_dimension dimension)
{
	return RULED_OUT(p->number, dimension);
}

static __always_inline void count_ruled_out(__u32 event, int why)
{
	struct counters *c = my_counters();
	__u32 number = (why - 1) >> 8, dimension = (why - 1) & 0xff;

	if (!c)
		return;
	c->cause[SAKER_COUNT_FILTERED]++;
	c->filtered[index_below(event, SAKER_EVENTS_MAX)]++;
	if (number < SAKER_PLAN_PROGRAMS && dimension < SAKER_PLAN_DIMENSIONS)
		c->ruled_out[number][dimension]++;
}

static __always_inline __u32 place_of_program(const struct passage *p)
{
	return p->generation * SAKER_PLAN_PROGRAMS + p->number;
}

/* The plan for the event; false when no rule wants it. */
static __always_inline bool begin_passage(struct passage *p, __u32 event)
{
	__u32 key;

	p->mark = *(volatile __u32 *)&plan_generation;
	p->generation = index_below(p->mark, SAKER_PLAN_GENERATIONS);
	p->number = plan_program[p->generation][index_below(event, SAKER_EVENTS_MAX)];
	if (p->number >= SAKER_PLAN_PROGRAMS)
		return false;
	key = place_of_program(p);
	p->program = bpf_map_lookup_elem(&plan_programs, &key);
	if (!p->program)
		return false;
	p->terms = p->program->all;
	return true;
}

#define O_WRONLY 01
#define O_ACCMODE 03
#define O_CREAT 0100
#define O_TRUNC 01000
#define O_TMPFILE_BIT 020000000

/* The flags of an open, as far as registers tell them; openat2's are in the caller's memory. */
static __always_inline __u32 open_flags_of(const struct call *call)
{
	struct open_how_user how = {};

	switch (call->event) {
	case SAKER_EVENT_OPEN:
		return call->args[1];
	case SAKER_EVENT_CREAT:
		return O_WRONLY | O_CREAT | O_TRUNC;
	case SAKER_EVENT_OPENAT2:
		bpf_probe_read_user(&how.flags, sizeof(how.flags), (void *)call->args[2]);
		return how.flags;
	}
	return call->args[2]; /* openat, open_by_handle_at */
}

static __always_inline __u32 mode_of(const struct call *call)
{
	__u32 mode = call->result < 0 ? SAKER_PLAN_FAILED : 0;
	__u32 flags, access;

	if (call->event > SAKER_EVENT_OPEN_BY_HANDLE_AT)
		return mode;
	flags = open_flags_of(call);
	access = flags & O_ACCMODE;
	if (access != O_WRONLY)
		mode |= SAKER_PLAN_READS;
	if (access)
		mode |= SAKER_PLAN_WRITES;
	if (flags & O_TRUNC)
		mode |= SAKER_PLAN_TRUNCATES;
	if (flags & (O_CREAT | O_TMPFILE_BIT))
		mode |= SAKER_PLAN_CREATES;
	return mode;
}

static __always_inline __u64 argument_of(const struct call *call, __u32 which)
{
	switch (which) {
	case 0: return call->args[0];
	case 1: return call->args[1];
	case 2: return call->args[2];
	case 3: return call->args[3];
	case 4: return call->args[4];
	case 5: return call->args[5];
	}
	return call->result;
}

static __always_inline __u64 by_arguments(const struct passage *p, const struct call *call)
{
	const struct saker_plan_program *program = p->program;
	__u64 terms = p->terms;
	int i;

#pragma unroll
	for (i = 0; i < SAKER_PLAN_ARGUMENTS; i++) {
		__u64 value;

		if (program->argument_of[i] == SAKER_PLAN_NO_ARGUMENT)
			continue;
		value = argument_of(call, program->argument_of[i]);
		if (value < SAKER_PLAN_VALUES)
			terms &= program->argument[i][index_below(value, SAKER_PLAN_VALUES)];
	}
#pragma unroll
	for (i = 0; i < SAKER_PLAN_FLAG_TESTS; i++) {
		if (program->flags[i].bits && !(argument_of(call, program->flags[i].argument) & program->flags[i].bits))
			terms &= program->flags[i].without;
	}
	return terms;
}

static __always_inline __u32 task_bits(struct task_struct *task)
{
	struct cred *cred = READ(task, cred);
	struct signal_struct *signal = READ(task, signal);

	return (READ(cred, euid.val) == 0 ? SAKER_PLAN_ROOT : 0) |
	       (READ(signal, tty) ? SAKER_PLAN_TERMINAL : 0);
}

/* What user space knows of the process; all terms when it has not said, or said it of an earlier program. */
static __always_inline const struct saker_plan_class *class_of_process(const struct passage *p, __u32 tgid)
{
	__u32 place = index_below(tgid, SAKER_PLAN_PROCESSES);
	__u64 word = *(volatile __u64 *)&process_class[place];
	__u64 bits = SAKER_PLAN_PROCESS_BITS(tgid, version_of(tgid), p->mark);
	__u32 class = word & SAKER_PLAN_CLASS_BITS, key;

	if ((word >> 16) != (bits >> 16) || class == 0 || class >= SAKER_PLAN_CLASSES)
		return NULL;
	key = place_of_program(p) * SAKER_PLAN_CLASSES + class;
	return bpf_map_lookup_elem(&plan_classes, &key);
}

static __always_inline __u64 by_process(const struct passage *p, struct task_struct *task)
{
	const struct saker_plan_class *class = class_of_process(p, READ(task, tgid));

	return class ? class->process : ~0ULL;
}

static __always_inline __u64 by_parent(const struct passage *p, struct task_struct *task)
{
	struct task_struct *leader = READ(task, group_leader);
	struct task_struct *parent = READ(leader, real_parent);
	const struct saker_plan_class *class = class_of_process(p, READ(parent, tgid));

	return class ? class->parent : ~0ULL;
}

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define AF_NETLINK 16
#define S_IFDIR 0040000

static __always_inline __u32 kind_of_socket(struct file *file)
{
	struct sock *sk = sock_of(file);
	__u16 family, type, protocol;

	if (!sk)
		return SAKER_PLAN_KIND_UNKNOWN;
	family = READ(sk, __sk_common.skc_family);
	if (family == AF_UNIX)
		return SAKER_PLAN_KIND_UNIX;
	if (family == AF_NETLINK)
		return SAKER_PLAN_KIND_NETLINK;
	if (family != AF_INET && family != AF_INET6)
		return SAKER_PLAN_KIND_SOCKET;
	type = READ(sk, sk_type);
	protocol = READ(sk, sk_protocol);
	if (type == SOCK_STREAM && protocol == IPPROTO_TCP)
		return family == AF_INET ? SAKER_PLAN_KIND_TCP4 : SAKER_PLAN_KIND_TCP6;
	if (type == SOCK_DGRAM && protocol == IPPROTO_UDP)
		return family == AF_INET ? SAKER_PLAN_KIND_UDP4 : SAKER_PLAN_KIND_UDP6;
	return family == AF_INET ? SAKER_PLAN_KIND_IP4 : SAKER_PLAN_KIND_IP6;
}

/* What the call's main descriptor is, of which `file` is what is open. */
static __always_inline __u32 kind_of_file(struct file *file)
{
	struct inode *inode = READ(file, f_inode);
	__u32 format = READ(inode, i_mode) & S_IFMT;

	if (format == S_IFSOCK)
		return kind_of_socket(file);
	if (format == S_IFIFO)
		return SAKER_PLAN_KIND_PIPE;
	return format == S_IFDIR ? SAKER_PLAN_KIND_DIRECTORY : SAKER_PLAN_KIND_OTHER;
}

#endif /* SAKER_PLAN_H */
