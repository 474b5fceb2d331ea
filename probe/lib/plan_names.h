/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * plan_names.h: whether an open's names could be those that rules look for.
 *
 * A file has three names (src/fields/names.h): as requested, resolved, and inside its file system. A rule matches
 * when it matches under any of them, so each name has terms of its own and what is left of all three
 * counts together. First come the parts that cost little: the last part of a name, its end, and the directory that it is in,
 * from the text as given and from the dentries. Only terms that these leave over ask for whole paths.
 *
 * The requested name is the text as given only when nothing in it would be cleaned away; other texts, and what
 * cannot be read or is long, count as met by every term.
 */
#ifndef SAKER_PLAN_NAMES_H
#define SAKER_PLAN_NAMES_H

#include "calls/file.h"
#include "lib/plan_pairs.h"

#define RAW_BYTES 256
#define EVERY_TERM (~0ULL)
#define MOUNTS_MAX 2 /* mounts that are looked through for the name of a place */

struct names {
	__u64 before_raw;
	__u8 raw[RAW_BYTES + 32]; /* the path as given, and zeros */
	__u8 path[128];           /* the beginning of a path under construction */
	struct saker_plan_text text_key;
	struct saker_plan_path path_key;
	__u32 raw_length;
	__u32 raw_begin;          /* of what counts: behind a leading "./" */
	__u32 name_begin;         /* of the last part */
	__u32 directory_begin, directory_length;
	bool directory_known;
	bool readable;            /* the requested name is what `raw` says */
	bool dots;                /* it has ".." in it */
	bool weird;               /* it has parts that would be cleaned away */
	/* The chunk of eight bytes that has the last slash, and the one with slashes before it. */
	__u32 last_at, before_at;
	__u64 last_slashes, before_slashes;
	/* The last short text that was looked up; files are opened in the same directories again and again. */
	struct {
		__u64 head, terms;
		__u32 mark, program;
		__u32 part, length;
	} last;
	/* Where a name stands among directories. */
	__u64 dentry, mnt, root_dentry, root_mnt;
	__u64 found; /* terms */
	__u64 below, top; /* what was left last on the way up; where the way ended below the root, or 0 */
	__s32 dirfd;
	__u64 terms[3];
	__u64 literal; /* terms that a path met that the file may have beside these three names */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct names);
} plan_names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct saker_plan_text);
	__type(value, __u64);
} plan_texts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct saker_plan_path);
	__type(value, __u64);
} plan_paths SEC(".maps");

enum { NAME_REQUESTED, NAME_RESOLVED, NAME_INNER };

#define EACH_BYTE(byte) ((byte) * 0x0101010101010101ULL)
#define TOP_BITS EACH_BYTE(0x80ULL)

/* The top bit of each byte that is `byte`; exact, no byte borrows from another. */
static __always_inline __u64 bytes_equal(__u64 word, __u64 byte)
{
	__u64 x = word ^ EACH_BYTE(byte);

	return ~(((x & ~TOP_BITS) + ~TOP_BITS) | x) & TOP_BITS;
}

static __always_inline __u32 last_byte(__u64 bits)
{
	__u32 at = 0;

	if (bits >> 32)
		at += 4, bits >>= 32;
	if (bits >> 16)
		at += 2, bits >>= 16;
	return bits >> 8 ? at + 1 : at;
}

/* Those slashes that have behind them what is cleaned away, by the bytes that follow them. */
#define UNCLEAN_AFTER(slashes, next, third)                                  \
	((slashes) & (bytes_equal(next, '/') | bytes_equal(next, 0) |        \
		      (bytes_equal(next, '.') &                              \
		       (bytes_equal(third, '/') | bytes_equal(third, '.') | bytes_equal(third, 0)))))

/* Looks for slashes, dots and what would be cleaned away. Loop state is in the map: see emit.h. */
static __always_inline void scan_raw(struct names *n)
{
	__u32 i;

	n->last_slashes = n->before_slashes = 0;
	n->dots = n->weird = false;
	for (i = 0; i < RAW_BYTES; i += 8) {
		__u64 here, next, third, slashes, dots;

		if (i >= n->raw_length)
			break;
		here = *(__u64 *)(n->raw + i);
		next = *(__u64 *)(n->raw + i + 1);
		dots = bytes_equal(here, '.');
		if (dots && (dots & bytes_equal(next, '.')))
			n->dots = true;
		slashes = bytes_equal(here, '/');
		if (!slashes)
			continue;
		third = *(__u64 *)(n->raw + i + 2);
		if (UNCLEAN_AFTER(slashes, next, third))
			n->weird = true;
		n->before_at = n->last_at;
		n->before_slashes = n->last_slashes;
		n->last_at = i;
		n->last_slashes = slashes;
	}
}

/* Where the last part begins, and the directory before it when the text tells. */
static __always_inline void find_parts(struct names *n)
{
	__u64 slashes = n->last_slashes;
	__u32 last, before;

	n->directory_known = false;
	n->directory_length = 0;
	if (!slashes) {
		n->name_begin = n->raw_begin;
		return;
	}
	last = last_byte(slashes);
	slashes &= ~(0xffULL << (last * 8));
	last += n->last_at;
	n->name_begin = last + 1;
	if (n->raw_begin > last) /* the slash of a leading "./" */
		return;
	n->directory_known = true;
	n->directory_begin = n->raw_begin;
	if (last == 0) /* the root */
		return;
	if (slashes)
		before = last_byte(slashes) + n->last_at + 1;
	else if (n->before_slashes)
		before = last_byte(n->before_slashes) + n->before_at + 1;
	else
		before = n->raw_begin;
	if (before < n->raw_begin)
		before = n->raw_begin;
	n->directory_begin = before;
	n->directory_length = last - before;
}

static __always_inline const void *find_name(struct names *n, const struct call *call)
{
	n->dirfd = AT_FDCWD;
	switch (call->event) {
	case SAKER_EVENT_OPEN:
	case SAKER_EVENT_CREAT:
		return (const void *)call->args[0];
	case SAKER_EVENT_OPENAT:
	case SAKER_EVENT_OPENAT2:
		n->dirfd = call->args[0];
		return (const void *)call->args[1];
	}
	return NULL;
}

static __always_inline struct names *my_names(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&plan_names, &zero);
}

__noinline int read_raw(__u64 address)
{
	const void *name = (const void *)address;
	struct names *n = my_names();
	__u64 *end;
	__u32 length;
	long got;

	if (!n)
		return 0;
	got = name ? bpf_probe_read_user_str(n->raw, RAW_BYTES, name) : 0;
	n->readable = false;
	n->dots = true;
	n->raw_begin = 0;
	if (got <= 1 || got >= RAW_BYTES)
		return 0;
	length = got - 1;
	n->raw_length = length;
	end = (__u64 *)(n->raw + (index_below(length, RAW_BYTES) & ~7));
	end[0] &= (1ULL << ((length & 7) * 8)) - 1;
	end[1] = end[2] = 0;
	scan_raw(n);
	if (n->raw[0] == '.') {
		if (n->raw[1] == '/' && n->raw[2] != 0)
			n->raw_begin = 2;
		else if (n->raw[1] == '/' || n->raw[1] == '.' || n->raw[1] == 0)
			n->weird = true;
	}
	find_parts(n);
	n->readable = !n->weird;
	return 0;
}

static __always_inline __u64 part_terms(const struct passage *p, struct names *n, enum saker_plan_part_kind kind,
					const struct saker_plan_part *part, const void *text, __u32 length, __u64 head)
{
	__u32 bit = length;
	__u64 *found;

	if (bit > 63)
		bit = 63;
	if (!(part->lengths >> bit & 1))
		return part->other;
	if (length < 8)
		head &= (1ULL << (length * 8 & 63)) - 1;
	bit = SAKER_PLAN_SEEN(head, (__u64)length);
	if (!(part->seen[index_below(bit >> 6, SAKER_PLAN_SEEN_WORDS)] >> (bit & 63) & 1))
		return part->other;
	if (length <= 8 && n->last.head == head && n->last.length == length && n->last.part == kind &&
	    n->last.mark == p->mark && n->last.program == p->number)
		return n->last.terms;
	__builtin_memset(&n->text_key, 0, sizeof(n->text_key));
	n->text_key.generation = p->generation;
	n->text_key.program = p->number;
	n->text_key.part = kind;
	n->text_key.length = length > 255 ? 255 : length;
	if (length <= sizeof(head))
		__builtin_memcpy(n->text_key.text, &head, sizeof(head));
	else if (bpf_probe_read_kernel(n->text_key.text, at_most(SAKER_PLAN_TEXT_BYTES, length), text))
		return EVERY_TERM;
	found = bpf_map_lookup_elem(&plan_texts, &n->text_key);
	if (length > 8)
		return found ? *found : part->other;
	n->last.head = head;
	n->last.length = length;
	n->last.part = kind;
	n->last.mark = p->mark;
	n->last.program = p->number;
	n->last.terms = found ? *found : part->other;
	return n->last.terms;
}

_Static_assert(SAKER_PLAN_TAIL_BYTES == 4, "the tail is the upper half of a word");

/* The last part of a name, and its end. */
static __always_inline __u64 name_terms(const struct passage *p, struct names *n, const void *text, __u32 length,
					__u64 head)
{
	__u64 terms = part_terms(p, n, SAKER_PLAN_PART_NAME, &p->program->name, text, length, head);

	if (terms & p->terms & ~p->program->tail.other && length >= SAKER_PLAN_TAIL_BYTES) {
		/* What lies before a short name is its structure: there always is something to read. */
		__u64 tail = read_word(text + length - 8) >> 32;

		terms &= part_terms(p, n, SAKER_PLAN_PART_TAIL, &p->program->tail, NULL, SAKER_PLAN_TAIL_BYTES, tail);
	}
	return terms;
}

static __always_inline __u64 directory_terms(const struct passage *p, struct names *n, const void *text,
					     __u32 length, __u64 head)
{
	return part_terms(p, n, SAKER_PLAN_PART_DIRECTORY, &p->program->directory, text, length, head);
}

static __always_inline struct mount *mount_of(__u64 mnt)
{
	return TYPED(struct mount, mnt - bpf_core_field_offset(struct mount, mnt));
}

enum place { PLACE_NAMED, PLACE_ROOT, PLACE_UNKNOWN };

/* Looks through mounts: what has the name of the place in `dentry` and `mnt`, as the task sees it. */
static __always_inline enum place find_place(struct names *n)
{
	int i;

	for (i = 0; i <= MOUNTS_MAX; i++) {
		struct dentry *dentry = TYPED(struct dentry, n->dentry);
		struct mount *mount, *above;

		if (n->dentry == n->root_dentry && n->mnt == n->root_mnt)
			return PLACE_ROOT;
		mount = mount_of(n->mnt);
		if (n->dentry != (__u64)READ(mount, mnt.mnt_root))
			return (__u64)READ(dentry, d_parent) == n->dentry ? PLACE_UNKNOWN : PLACE_NAMED;
		above = READ(mount, mnt_parent);
		if (above == mount)
			return PLACE_UNKNOWN;
		n->dentry = (__u64)READ(mount, mnt_mountpoint);
		n->mnt = (__u64)above + bpf_core_field_offset(struct mount, mnt);
	}
	return PLACE_UNKNOWN;
}

static __always_inline __u64 dentry_name_terms(const struct passage *p, struct names *n, struct dentry *dentry)
{
	const void *name = READ(dentry, d_name.name);

	return name_terms(p, n, name, READ(dentry, d_name.len), read_word(name));
}

static __always_inline __u64 dentry_directory_terms(const struct passage *p, struct names *n, struct dentry *dentry)
{
	const void *name = READ(dentry, d_name.name);

	return directory_terms(p, n, name, READ(dentry, d_name.len), read_word(name));
}

/* Of the directory in `dentry` and `mnt`. */
static __always_inline __u64 place_terms(const struct passage *p, struct names *n)
{
	enum place place = find_place(n);

	if (place == PLACE_UNKNOWN)
		return EVERY_TERM;
	if (place == PLACE_ROOT)
		return directory_terms(p, n, n->raw, 0, 0);
	return dentry_directory_terms(p, n, TYPED(struct dentry, n->dentry));
}

static __always_inline __u64 requested_terms(const struct passage *p, struct names *n, struct task_struct *task,
					     bool directory)
{
	struct fs_struct *fs = READ(task, fs);
	const __u8 *text;
	struct file *base;
	__u32 length;
	__u64 terms;

	if (!n->readable)
		return EVERY_TERM;
	if (n->raw[0] != '/' && n->dirfd != AT_FDCWD && !file_of(task, n->dirfd))
		return EVERY_TERM;
	length = n->raw_length - n->name_begin;
	text = n->raw + index_below(n->name_begin, RAW_BYTES);
	terms = name_terms(p, n, text, index_below(length, RAW_BYTES), *(const __u64 *)text);
	if (terms & p->terms && !directory) {
		if (n->directory_known) {
			text = n->raw + index_below(n->directory_begin, RAW_BYTES);
			terms &= directory_terms(p, n, text, index_below(n->directory_length, RAW_BYTES),
						 *(const __u64 *)text);
		} else if (n->dirfd == AT_FDCWD && fs) {
			n->dentry = (__u64)READ(fs, pwd.dentry);
			n->mnt = (__u64)READ(fs, pwd.mnt);
			terms &= place_terms(p, n);
		} else {
			base = file_of(task, n->dirfd);
			if (base) {
				n->dentry = (__u64)READ(base, f_path.dentry);
				n->mnt = (__u64)READ(base, f_path.mnt);
				terms &= place_terms(p, n);
			}
		}
	}
	return n->raw[0] == '/' ? terms : terms | p->program->too_long;
}

static __always_inline __u64 resolved_terms(const struct passage *p, struct names *n, struct file *file,
					    bool directory)
{
	struct dentry *dentry;
	__u64 terms;

	n->dentry = (__u64)READ(file, f_path.dentry);
	n->mnt = (__u64)READ(file, f_path.mnt);
	if (find_place(n) != PLACE_NAMED)
		return EVERY_TERM;
	dentry = TYPED(struct dentry, n->dentry);
	terms = dentry_name_terms(p, n, dentry);
	if (terms & p->terms && !directory) {
		n->dentry = (__u64)READ(dentry, d_parent);
		terms &= place_terms(p, n);
	}
	return terms;
}

/* There is such a name only where mounts lie between the file and the task's root. */
static __always_inline __u64 inner_terms(const struct passage *p, struct names *n, struct file *file,
					 bool directory)
{
	struct dentry *dentry = READ(file, f_path.dentry);
	struct dentry *parent = READ(dentry, d_parent);
	__u64 terms;

	if ((__u64)READ(file, f_path.mnt) == n->root_mnt)
		return 0;
	if (dentry == parent)
		return (__u64)dentry == n->root_dentry ? EVERY_TERM : 0;
	terms = dentry_name_terms(p, n, dentry);
	if (terms & p->terms && !directory) {
		if ((__u64)parent == n->root_dentry)
			terms &= directory_terms(p, n, n->raw, 0, 0);
		else
			terms &= dentry_directory_terms(p, n, parent);
	}
	return terms;
}

#define TOP_LEVELS_MAX 32
#define TOP_BYTES_MAX 32

/* The lowest byte that has a bit set. */
static __always_inline __u32 first_byte(__u64 bits)
{
	return last_byte(bits & -bits);
}

/* One step up from the place in `dentry` and `mnt`, through mounts or inside the file system; true when the way is over. A
 * function of its own, which the verifier looks at once and not for each step. */
__noinline int climb(__u32 inside)
{
	struct names *n = my_names();
	struct mount *mount, *above;
	struct dentry *dentry;
	__u64 parent;

	if (!n)
		return true;
	if (n->dentry == n->root_dentry && (inside || n->mnt == n->root_mnt)) {
		n->top = n->below;
		return true;
	}
	mount = mount_of(n->mnt);
	if (!inside && n->dentry == (__u64)READ(mount, mnt.mnt_root)) {
		above = READ(mount, mnt_parent);
		if (above == mount)
			return true;
		n->dentry = (__u64)READ(mount, mnt_mountpoint);
		n->mnt = (__u64)above + bpf_core_field_offset(struct mount, mnt);
		return false;
	}
	dentry = TYPED(struct dentry, n->dentry);
	parent = (__u64)READ(dentry, d_parent);
	n->below = n->dentry;
	n->dentry = parent;
	return parent == n->below;
}

/* Climbs to the first part of the path. */
static __always_inline void find_top(struct names *n, bool inside)
{
	int i;

	n->below = n->top = 0;
	for (i = 0; i < TOP_LEVELS_MAX; i++)
		if (climb(inside))
			break;
}

/* The part of the passage that a function of its own can be told, and the terms that it finds, by way of `found`. */
static __always_inline bool resume_passage(struct passage *p, __u32 place, __u32 mark)
{
	p->program = bpf_map_lookup_elem(&plan_programs, &place);
	p->generation = place / SAKER_PLAN_PROGRAMS;
	p->number = place % SAKER_PLAN_PROGRAMS;
	p->mark = mark;
	return p->program;
}

/* Of the place in `dentry` and `mnt`. */
__noinline int find_terms_of_top(__u32 place, __u32 mark, __u32 inside)
{
	struct names *n = my_names();
	struct passage p = {};
	struct dentry *top;
	const void *name;

	if (!n)
		return 0;
	n->found = EVERY_TERM;
	find_top(n, inside);
	if (!n->top || !resume_passage(&p, place, mark))
		return 0;
	top = TYPED(struct dentry, n->top);
	name = READ(top, d_name.name);
	n->found = part_terms(&p, n, SAKER_PLAN_PART_TOP, &p.program->top, name, READ(top, d_name.len), read_word(name));
	return 0;
}

__noinline int find_terms_of_requested_top(__u32 place, __u32 mark)
{
	struct names *n = my_names();
	struct passage p = {};
	__u64 slashes = 0;
	__u32 i, end;

	if (!n)
		return 0;
	n->found = EVERY_TERM;
	end = n->raw_length;
	if (!n->readable || n->raw[0] != '/' || !resume_passage(&p, place, mark))
		return 0;
#pragma unroll
	for (i = 0; i < TOP_BYTES_MAX; i += 8) {
		if (slashes)
			continue;
		slashes = bytes_equal(*(__u64 *)(n->raw + i), '/');
		if (i == 0)
			slashes &= ~0xffULL; /* the one that it begins with */
		if (slashes)
			end = i + first_byte(slashes);
	}
	if (end <= TOP_BYTES_MAX)
		n->found = part_terms(&p, n, SAKER_PLAN_PART_TOP, &p.program->top, n->raw + 1, end - 1,
				      *(__u64 *)(n->raw + 1));
	return 0;
}

/* The terms of the path whose first bytes are in `path`; `length` of it all, which may be more. */
static __always_inline __u64 path_terms(const struct passage *p, struct names *n, __u32 length)
{
	__u32 taken = length + 1; /* a whole path is told by its NUL */
	__u64 *found;

	if (taken > SAKER_PLAN_PATH_BYTES)
		taken = SAKER_PLAN_PATH_BYTES;
	n->path_key.bits = (2 + taken) * 8;
	n->path_key.generation = p->generation;
	n->path_key.program = p->number;
	__builtin_memcpy(n->path_key.text, n->path, SAKER_PLAN_PATH_BYTES);
	found = bpf_map_lookup_elem(&plan_paths, &n->path_key);
	return found ? *found : EVERY_TERM;
}

/* Copies the walked path's beginning to `path`; its whole length is returned. The root is no bytes long. */
static __always_inline __u32 take_walk(struct scratch *s, struct names *n)
{
	__u32 position = s->walk_position;
	__u32 length = SAKER_PATH_BYTES_MAX - position;

	__builtin_memset(n->path, 0, 64);
	bpf_probe_read_kernel(n->path, at_most(63, length), &s->walk[position & WALK_MASK]);
	return length;
}

static __always_inline __u64 walked_terms(const struct passage *p, struct scratch *s, struct names *n)
{
	__u32 length = take_walk(s, n);

	if (length == 0) {
		n->path[0] = '/';
		length = 1;
	}
	return path_terms(p, n, length);
}

static __always_inline __u64 requested_path_terms(const struct passage *p, struct scratch *s, struct names *n,
						  struct task_struct *task)
{
	struct fs_struct *fs = READ(task, fs);
	__u32 begin = index_below(n->raw_begin, RAW_BYTES), rest, length = 0;
	struct file *base;

	if (!n->readable)
		return EVERY_TERM;
	rest = index_below(n->raw_length - begin, RAW_BYTES);
	__builtin_memset(n->path, 0, 64);
	if (n->raw[0] != '/') {
		if (n->dirfd == AT_FDCWD && fs) {
			s->walk_dentry = (__u64)READ(fs, pwd.dentry);
			s->walk_mount = (__u64)READ(fs, pwd.mnt);
		} else {
			base = file_of(task, n->dirfd);
			if (!base)
				return EVERY_TERM;
			s->walk_dentry = (__u64)READ(base, f_path.dentry);
			s->walk_mount = (__u64)READ(base, f_path.mnt);
		}
		walk_resolved();
		if (!s->walk_whole)
			return EVERY_TERM;
		length = take_walk(s, n);
		if (length > SAKER_PLAN_PATH_BYTES)
			return path_terms(p, n, length) | p->program->too_long;
		n->path[index_below(length, 64)] = '/';
		length++;
	}
	bpf_probe_read_kernel(&n->path[index_below(length, 64)], at_most(63, rest), n->raw + begin);
	/* What was there before the copy is zero, and so is what follows the text. */
	return path_terms(p, n, length + rest) | (n->raw[0] == '/' ? 0 : p->program->too_long);
}

/* Which terms an open may still meet by its names: rules out by PATH what the parts have left. */
static __always_inline __u64 whole_path_terms(const struct passage *p, struct names *n, struct task_struct *task,
					      struct file *file)
{
	struct scratch *s = my_scratch();
	__u64 left = 0, terms;

	if (!s)
		return EVERY_TERM;
	left = p->terms & n->literal;
	if (left)
		return left;
	terms = p->terms & n->terms[NAME_REQUESTED];
	if (terms) {
		find_terms_of_requested_top(place_of_program(p), p->mark);
		terms &= n->found;
	}
	if (terms)
		left |= terms & requested_path_terms(p, s, n, task);
	if (left || !file)
		return left;
	terms = p->terms & n->terms[NAME_RESOLVED];
	if (terms) {
		n->dentry = (__u64)READ(file, f_path.dentry);
		n->mnt = (__u64)READ(file, f_path.mnt);
		find_terms_of_top(place_of_program(p), p->mark, false);
		terms &= n->found | p->program->literal;
	}
	if (terms) {
		s->walk_dentry = (__u64)READ(file, f_path.dentry);
		s->walk_mount = (__u64)READ(file, f_path.mnt);
		walk_resolved();
		if (s->walk_whole)
			left |= terms & walked_terms(p, s, n);
		else /* a name that was cut is not judged, but the file is known by its inode */
			left |= terms & p->program->literal;
	}
	if (left)
		return left;
	terms = p->terms & n->terms[NAME_INNER];
	if (terms) {
		n->dentry = (__u64)READ(file, f_path.dentry);
		find_terms_of_top(place_of_program(p), p->mark, true);
		terms &= n->found;
	}
	if (terms) {
		s->walk_dentry = (__u64)READ(file, f_path.dentry);
		walk_inside();
		if (s->walk_whole)
			left |= terms & walked_terms(p, s, n);
	}
	return left;
}

static __always_inline struct file *opened_file(struct task_struct *task, const struct call *call)
{
	return call->result >= 0 ? file_of(task, call->result) : NULL;
}

/* The dimensions of an open that look at its file and the parts of its names. */
static __always_inline int names_pass(struct passage *p, struct task_struct *task, const struct call *call)
{
	struct file *file = opened_file(task, call);
	bool directory = false;
	struct fs_struct *fs;
	struct names *n;
	__u64 met;

	if (file) {
		struct inode *inode = READ(file, f_inode);

		directory = (READ(inode, i_mode) & S_IFMT) == S_IFDIR;
	}
	if (uses(p, SAKER_PLAN_DESCRIPTOR) && file) {
		p->terms &= p->program->kind[directory ? SAKER_PLAN_KIND_DIRECTORY : SAKER_PLAN_KIND_FILE];
		if (!p->terms)
			return rule_out(p, SAKER_PLAN_DESCRIPTOR);
	}
	if (!uses(p, SAKER_PLAN_NAME) && !uses(p, SAKER_PLAN_RAW) && !uses(p, SAKER_PLAN_PATH))
		return 0;
	n = my_names();
	fs = READ(task, fs);
	if (!n || !fs)
		return 0;
	n->root_dentry = (__u64)READ(fs, root.dentry);
	n->root_mnt = (__u64)READ(fs, root.mnt);
	read_raw((__u64)find_name(n, call));
	if (uses(p, SAKER_PLAN_RAW) && !n->dots) {
		p->terms &= p->program->raw_plain;
		if (!p->terms)
			return rule_out(p, SAKER_PLAN_RAW);
	}
	n->terms[NAME_REQUESTED] = requested_terms(p, n, task, directory);
	n->terms[NAME_RESOLVED] = file ? resolved_terms(p, n, file, directory) : 0;
	n->terms[NAME_INNER] = file ? inner_terms(p, n, file, directory) : 0;
	n->literal = p->terms & p->program->literal;
	if (n->literal && (!file || directory || !is_aliased(file)))
		n->literal = 0;
	met = n->terms[NAME_REQUESTED] | n->terms[NAME_RESOLVED] | n->terms[NAME_INNER] | n->literal;
	p->terms &= met;
	return p->terms ? 0 : rule_out(p, SAKER_PLAN_NAME);
}

/* What is left after the parts of its names, by all of them. */
static __always_inline int paths_pass(struct passage *p, struct task_struct *task, const struct call *call)
{
	struct names *n = my_names();

	if (!n || !READ(task, fs) || p->terms & ~p->program->needs_path)
		return 0;
	p->terms &= whole_path_terms(p, n, task, opened_file(task, call));
	return p->terms ? 0 : rule_out(p, SAKER_PLAN_PATH);
}

#endif /* SAKER_PLAN_NAMES_H */
