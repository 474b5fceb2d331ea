/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * walk.h: a path put together from its end, in scratch memory.
 */
#ifndef SAKER_WALK_H
#define SAKER_WALK_H

#include "lib/emit.h"

#define WALK_MASK (SAKER_PATH_BYTES_MAX - 1)

static __always_inline void begin_walk(struct scratch *s)
{
	s->walk_position = SAKER_PATH_BYTES_MAX;
	s->walk_whole = false;
	s->walk_crossed = false;
}

static __always_inline void add_walk(struct scratch *s, __u16 kind)
{
	__u32 position = s->walk_position;
	__u32 length;

	if (position == SAKER_PATH_BYTES_MAX) {
		position--;
		s->walk[position & WALK_MASK] = '/';
	}
	length = SAKER_PATH_BYTES_MAX - position;
	if (length > SAKER_PATH_BYTES_MAX)
		return;
	bpf_probe_read_kernel(begin_part(s), length, &s->walk[position & WALK_MASK]);
	end_part(s, kind, s->walk_whole ? 0 : SAKER_PART_TRUNCATED, length);
}

#endif /* SAKER_WALK_H */
