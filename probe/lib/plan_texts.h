/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * plan_texts.h: whether the paths among a call's arguments (unlink, rename, symlink and others that give no file) could be
 * those that rules look for.
 *
 * They lie in the caller's memory, where another thread may write at any time: a text is read once, and what was judged is
 * what the event tells. It is judged as events have it (src/fields/parameters.h), a relative path behind the directory that
 * it starts from. A text with parts that would be cleaned away, one that cannot be read, and what is long counts as met by
 * every term.
 */
#ifndef SAKER_PLAN_TEXTS_H
#define SAKER_PLAN_TEXTS_H

#include "lib/plan_names.h"

#define ABOUT_TEXT(which)                                                                                     \
	((1U << SAKER_PLAN_NAME | 1U << SAKER_PLAN_PATH | 1U << SAKER_PLAN_PIECE) << (which) * SAKER_PLAN_PER_TEXT)
#define ABOUT_TEXTS (ABOUT_TEXT(0) | ABOUT_TEXT(1))

/* What an argument is; 0 of one that there is not. */
static __always_inline __u64 value_of(struct scratch *s, __u32 argument)
{
	return argument < SAKER_ARGUMENTS ? s->call.args[index_below(argument, 8)] : 0;
}

static __always_inline char *name_of_text(struct scratch *s, __u32 which)
{
	return s->names[index_below(which, SAKER_PLAN_TEXT_ARGUMENTS)];
}

/* Reads the text of an argument; its length, or 0 when it is not judged. */
__noinline int read_text(__u32 argument, __u32 which)
{
	struct scratch *s = my_scratch();
	const void *from;
	long got;

	if (!s)
		return 0;
	from = (const void *)value_of(s, argument);
	got = from ? bpf_probe_read_user_str(name_of_text(s, which), RAW_BYTES, from) : 0;
	if (got <= 1 || got >= RAW_BYTES)
		return 0;
	s->names_of[index_below(which, SAKER_PLAN_TEXT_ARGUMENTS)] = argument + 1;
	return got - 1;
}

/* Puts the directory that a relative path starts from into `raw`, with a slash; its length, or 0 when it cannot be told. */
__noinline int begin_at_base(__u32 argument, __u32 base)
{
	struct task_struct *task = current_task();
	struct fs_struct *fs = READ(task, fs);
	struct scratch *s = my_scratch();
	struct names *n = my_names();
	__s32 dirfd = AT_FDCWD;
	__u32 position, length;

	if (!fs || !s || !n)
		return 0;
	if (base == SAKER_PLAN_BASE_DESCRIPTOR)
		dirfd = value_of(s, argument - 1);
	if (dirfd == AT_FDCWD) {
		s->walk_dentry = (__u64)READ(fs, pwd.dentry);
		s->walk_mount = (__u64)READ(fs, pwd.mnt);
	} else {
		struct file *directory = file_of(task, dirfd);
		struct inode *inode;

		if (!directory)
			return 0;
		inode = READ(directory, f_inode);
		if ((READ(inode, i_mode) & S_IFMT) != S_IFDIR)
			return 0;
		s->walk_dentry = (__u64)READ(directory, f_path.dentry);
		s->walk_mount = (__u64)READ(directory, f_path.mnt);
	}
	walk_resolved();
	position = s->walk_position;
	length = SAKER_PATH_BYTES_MAX - position; /* of the root it is 0 */
	if (!s->walk_whole || length >= RAW_BYTES - 1)
		return 0;
	bpf_probe_read_kernel(n->raw, at_most(RAW_BYTES - 1, length), &s->walk[position & WALK_MASK]);
	n->raw[index_below(length, RAW_BYTES)] = '/';
	return length + 1;
}

/* Finds where the last part of `raw` begins; 0 when something in it would be cleaned away. Without branches, that there be
 * one way through the loop. */
__noinline int scan_text(void)
{
	struct names *n = my_names();
	__u64 unclean = 0, last = 0, last_at = 0;
	__u32 i;

	if (!n)
		return 0;
	for (i = 0; i < RAW_BYTES; i += 8) {
		__u64 slashes, next, third, any;

		if (i >= n->raw_length)
			break;
		slashes = bytes_equal(*(__u64 *)(n->raw + i), '/');
		next = *(__u64 *)(n->raw + i + 1);
		third = *(__u64 *)(n->raw + i + 2);
		unclean |= UNCLEAN_AFTER(slashes, next, third);
		any = (__s64)(slashes | -slashes) >> 63;
		barrier_var(any);
		last = (last & ~any) | slashes;
		last_at = (last_at & ~any) | (i & any);
	}
	n->name_begin = last ? last_at + last_byte(last) + 1 : 0;
	return !unclean;
}

/* Puts the text into `raw` as events tell it; false when it is not judged. */
static __always_inline bool take_text(struct scratch *s, struct names *n, const struct saker_plan_text_argument *text,
				      __u32 which)
{
	__u32 length = read_text(text->argument, which);
	__u32 begin = 0;
	__u64 *end;

	if (!length)
		return false;
	if (name_of_text(s, which)[0] != '/' && text->base != SAKER_PLAN_BASE_NONE) {
		begin = begin_at_base(text->argument, text->base);
		if (!begin)
			return false;
	}
	if (begin >= RAW_BYTES || length >= RAW_BYTES || begin + length >= RAW_BYTES)
		return false;
	bpf_probe_read_kernel(n->raw + index_below(begin, RAW_BYTES), at_most(RAW_BYTES - 1, length),
			      name_of_text(s, which));
	length += begin;
	n->raw_length = length;
	end = (__u64 *)(n->raw + (index_below(length, RAW_BYTES) & ~7)); /* zeros behind it */
	end[0] &= (1ULL << ((length & 7) * 8)) - 1;
	end[1] = end[2] = 0;
	return scan_text();
}

/* Whether the piece is in `raw`. */
__noinline int has_piece(__u64 head, __u64 mask)
{
	struct names *n = my_names();
	__u64 differ, found = 0;
	__u32 i;

	if (!n)
		return 1;
	for (i = 0; i < RAW_BYTES; i++) {
		if (i >= n->raw_length)
			break;
		differ = (*(__u64 *)(n->raw + i) ^ head) & mask;
		found |= (differ - 1) & ~differ; /* the top bit is set where nothing differs, and nowhere else */
	}
	return found >> 63;
}

/* Takes from the terms in `found` those that the text of an argument does not meet. Gives the dimension that the last one
 * fell by, or 0. */
__noinline int text_passes(__u32 place, __u32 mark, __u32 which)
{
	const struct saker_plan_text_argument *text;
	struct scratch *s = my_scratch();
	struct names *n = my_names();
	struct passage p = {};
	const __u8 *name;
	__u32 length;
	int i;

	if (!s || !n || !resume_passage(&p, place, mark))
		return 0;
	text = &p.program->texts[index_below(which, SAKER_PLAN_TEXT_ARGUMENTS)];
	if (!take_text(s, n, text, which))
		return 0;
	p.number = SAKER_PLAN_TEXTS_OF(p.number, which);
	length = index_below(n->raw_length - n->name_begin, RAW_BYTES);
	name = n->raw + index_below(n->name_begin, RAW_BYTES);
	n->found &= part_terms(&p, n, SAKER_PLAN_PART_NAME, &text->name, name, length, *(const __u64 *)name);
	/* The end of all of it, which may be more than the name. What is shorter ends with none of those. */
	if (n->raw_length < SAKER_PLAN_TAIL_BYTES) {
		n->found &= text->tail.other;
	} else if (n->found & ~text->tail.other) {
		name = n->raw + index_below(n->raw_length - SAKER_PLAN_TAIL_BYTES, RAW_BYTES);
		n->found &= part_terms(&p, n, SAKER_PLAN_PART_TAIL, &text->tail, NULL, SAKER_PLAN_TAIL_BYTES,
				       *(const __u32 *)name);
	}
	if (!n->found)
		return SAKER_PLAN_NAME + which * SAKER_PLAN_PER_TEXT;
#pragma unroll
	for (i = 0; i < SAKER_PLAN_PIECES; i++) {
		const struct saker_plan_piece *piece = &text->pieces[i];

		if (piece->mask && n->found & ~piece->without && !has_piece(piece->head, piece->mask))
			n->found &= piece->without;
	}
	if (!n->found)
		return SAKER_PLAN_PIECE + which * SAKER_PLAN_PER_TEXT;
	/* A text that is no path may be one that pmatch takes for one. */
	if (n->raw[0] != '/' || !(n->found & text->needs_path))
		return 0;
	__builtin_memcpy(n->path, n->raw, 64);
	n->found &= path_terms(&p, n, n->raw_length);
	return n->found ? 0 : SAKER_PLAN_PATH + which * SAKER_PLAN_PER_TEXT;
}

/* The dimensions of the paths among the arguments. */
static __always_inline int texts_pass(struct passage *p, struct scratch *s)
{
	struct names *n = my_names();
	int i;

	if (!n)
		return 0;
	n->found = p->terms;
#pragma unroll
	for (i = 0; i < SAKER_PLAN_TEXT_ARGUMENTS; i++) {
		int why;

		if (!(p->program->uses & ABOUT_TEXT(i)))
			continue;
		why = text_passes(place_of_program(p), p->mark, i);
		if (!why)
			continue;
		if (!plan_compare) /* nobody tells it, then */
			s->names_of[0] = s->names_of[1] = 0;
		return rule_out(p, why);
	}
	return 0;
}

#endif /* SAKER_PLAN_TEXTS_H */
