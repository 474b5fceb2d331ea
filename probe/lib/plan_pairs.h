/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * plan_pairs.h: dimensions of two values, each of which is looked up as the group of values that rules do not tell
 * apart: user ids, and the ends of a connection. The ends are the kernel's own, read from the socket; an end that the
 * socket does not have may be named in the caller's memory, and is not decided.
 *
 * Groups are found in functions that the verifier checks once, for only some plans ask for them. Each gives two
 * groups, four bits each; a function may give a number only.
 */
#ifndef SAKER_PLAN_PAIRS_H
#define SAKER_PLAN_PAIRS_H

#include "lib/plan.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SAKER_PLAN_GENERATIONS * SAKER_PLAN_PAIR_SETS);
	__type(key, __u32);
	__type(value, struct saker_plan_pairs);
} plan_pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct saker_plan_network);
	__type(value, __u64);
} plan_networks SEC(".maps");

#define GROUP_BITS 4
#define GROUPS(first, second) ((first) | (second) << GROUP_BITS)

_Static_assert(1 << GROUP_BITS == SAKER_PLAN_GROUPS, "a group has GROUP_BITS");

static __always_inline struct saker_plan_pairs *find_pairs(__u32 place)
{
	return bpf_map_lookup_elem(&plan_pairs, &place);
}

static __always_inline __u32 place_of_pairs(const struct passage *p)
{
	return p->generation * SAKER_PLAN_PAIR_SETS + index_below(p->program->pairs, SAKER_PLAN_PAIR_SETS);
}

/* Halves what is left, without a branch: `step` is taken when the range there begins no later than the value. */
static __always_inline __u32 group_of(const struct saker_plan_ranges *ranges, __u32 value)
{
	__u64 at = 0, later;
	__u32 step;

#pragma unroll
	for (step = SAKER_PLAN_RANGES / 2; step; step /= 2) {
		later = (__u64)value - ranges->from[index_below(at + step, SAKER_PLAN_RANGES)];
		asm volatile("" : "+r"(later));
		at += step & ~(later >> 32);
	}
	return ranges->group[index_below(at, SAKER_PLAN_RANGES)];
}

__noinline int groups_of_user(__u32 place)
{
	struct task_struct *task = current_task();
	struct saker_plan_pairs *pairs = find_pairs(place);
	struct cred *cred = READ(task, cred);
	__u32 user, login;

	if (!pairs)
		return 0;
	user = READ(cred, euid.val);
	login = bpf_core_field_exists(task->loginuid) ? READ(task, loginuid.val) : ~0U;
	return GROUPS(group_of(&pairs->users, user), group_of(&pairs->users, login));
}

static __always_inline __u32 group_of_address(const struct saker_plan_pairs *pairs, struct saker_plan_network *key,
					      bool four)
{
	__u64 *found;

	if (four) {
		__u8 group = pairs->octets[key->address[12]];

		if (group != SAKER_PLAN_MANY)
			return group;
	}
	key->bits = 32 + 128;
	found = bpf_map_lookup_elem(&plan_networks, key);
	return found ? *found : 0;
}

static __always_inline bool is_zero(const struct saker_plan_network *key, bool four)
{
	const __u32 *words = (const __u32 *)key->address;

	return !words[3] && (four || !(words[0] | words[1] | words[2]));
}

/* Of both addresses, and above them of both ports; 0 where the socket at `address` has none (fields/descriptor.cc). */
__noinline int groups_of_ends(__u64 address, __u32 place)
{
	struct sock *sk = TYPED(struct sock, address);
	struct saker_plan_pairs *pairs = find_pairs(place);
	struct saker_plan_network local = {}, remote = {};
	__u16 family = READ(sk, __sk_common.skc_family);
	__u16 local_port = READ(sk, __sk_common.skc_num);
	__u16 remote_port = bpf_ntohs(READ(sk, __sk_common.skc_dport));
	__u32 groups = 0, ports = 0;
	bool four = family == AF_INET;

	if (!pairs || (!four && family != AF_INET6))
		return 0;
	local.generation = remote.generation = place / SAKER_PLAN_PAIR_SETS;
	local.set = remote.set = place % SAKER_PLAN_PAIR_SETS;
	if (four) {
		struct inet_sock *inet = TYPED(struct inet_sock, address);

		((__u32 *)local.address)[2] = ((__u32 *)remote.address)[2] = bpf_htonl(0xffff);
		((__u32 *)local.address)[3] = READ(inet, inet_saddr);
		((__u32 *)remote.address)[3] = READ(sk, __sk_common.skc_daddr);
	} else {
		bpf_core_read(local.address, sizeof(local.address), &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(remote.address, sizeof(remote.address), &sk->__sk_common.skc_v6_daddr);
	}
	if (local_port || !is_zero(&local, four)) {
		groups |= group_of_address(pairs, &local, four);
		ports |= group_of(&pairs->ports, local_port);
	}
	if (remote_port || (READ(sk, sk_type) != SOCK_STREAM && !is_zero(&remote, four))) {
		groups |= group_of_address(pairs, &remote, four) << GROUP_BITS;
		ports |= group_of(&pairs->ports, remote_port) << GROUP_BITS;
	}
	return groups | ports << 2 * GROUP_BITS;
}

static __always_inline __u64 pair_terms(const struct saker_plan_pairs *pairs, enum saker_plan_pair pair, __u32 groups)
{
	return pairs->terms[pair][index_below(groups, SAKER_PLAN_GROUPS)]
			   [index_below(groups >> GROUP_BITS, SAKER_PLAN_GROUPS)];
}

static __always_inline __u64 by_user(const struct passage *p)
{
	__u32 place = place_of_pairs(p);
	struct saker_plan_pairs *pairs = find_pairs(place);

	return pairs ? pair_terms(pairs, SAKER_PAIR_USER, groups_of_user(place)) : ~0ULL;
}

/* The dimensions of a connection's ends. */
static __always_inline int ends_pass(struct passage *p, struct file *file)
{
	__u32 place = place_of_pairs(p);
	struct saker_plan_pairs *pairs = find_pairs(place);
	struct socket *socket = TYPED(struct socket, READ(file, private_data));
	__u64 sk = 0;
	__u32 groups;

	bpf_core_read(&sk, sizeof(sk), &socket->sk); /* as a number, which a function takes */
	if (!pairs || !sk)
		return 0;
	groups = groups_of_ends(sk, place);
	p->terms &= pair_terms(pairs, SAKER_PAIR_ADDRESS, groups);
	if (!p->terms)
		return rule_out(p, SAKER_PLAN_ADDRESS);
	p->terms &= pair_terms(pairs, SAKER_PAIR_PORT, groups >> 2 * GROUP_BITS);
	return p->terms ? 0 : rule_out(p, SAKER_PLAN_PORT);
}

#endif /* SAKER_PLAN_PAIRS_H */
