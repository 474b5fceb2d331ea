/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * emit.h: from a handler's findings to a record in a ring.
 *
 * A record is put together in scratch memory of its CPU, because its size is known only at the end, and
 * then copied into the ring in one step. A handler runs to its end before another of ours can start on the
 * same CPU (tracepoint programs run with preemption off), so one scratch area for each CPU is enough.
 *
 * Records are submitted without waking the reader. A handler whose record a rule may want calls
 * wake_reader() afterwards: when the reader sleeps, a bare header is sent with a forced wake-up. That is dear
 * (an interrupt to ourselves, 10 us and more in a virtual machine), so a busy reader naps by the clock instead and
 * is not rung for. The submit
 * of the record is a full barrier, as is user space's between saying that it sleeps and looking into the
 * rings once more, so no record is left lying.
 */
#ifndef SAKER_EMIT_H
#define SAKER_EMIT_H

#include "wire/plan.h"

#include "lib/settings.h"
#include "lib/syscall.h"

/* Offsets stay below the mask; a part may reach beyond it by its own limit. */
#define SCRATCH_MASK 0x7fff
#define SCRATCH_BYTES (SCRATCH_MASK + 1 + SAKER_ARGS_BYTES_MAX + 64)
#define WALK_BYTES (SAKER_PATH_BYTES_MAX + 256)

/* Of a path in a ring's request. Longer ones are cut; what was opened is told in full by the file. */
#define RING_NAME_BYTES 512

/* State of loops lives here rather than on the stack: the verifier forgets what it knows of memory in a
 * map, so that each round of a loop looks to it like the one before. */
struct scratch {
	__u8 record[SCRATCH_BYTES];
	char walk[WALK_BYTES]; /* a path under construction, filled from its end */
	__u32 used;            /* bytes of `record` */
	__u32 argument;        /* that the parts now added belong to */
	struct call call;      /* the call that is being told, when it is one */
	char names[2][RING_NAME_BYTES]; /* the paths of a ring's request, or those that the plan has looked at */
	__u32 names_used;
	__u32 names_of[2];     /* whose text the plan has read: the argument's number and 1, or 0 */
	__u64 reaper;          /* who inherits the children of a task that ends */
	__u64 ancestor;        /* where the search for it stands */
	__u64 file;            /* address of the file that a descriptor is told of */
	__u32 gathered;        /* bytes of a payload put together so far */
	__u64 vector_bytes;    /* of a vector's buffers, added up so far */
	__u32 message;         /* which one of a list of messages is told */
	__u32 walk_position;   /* of the first byte in `walk` */
	__u64 walk_dentry;     /* where the walk stands */
	__u64 walk_mount;
	__u64 walk_root_dentry; /* where it ends */
	__u64 walk_root_mount;
	bool walk_whole;       /* the root was reached */
	bool walk_crossed;     /* a mount point was passed on the way */
};

/* Functions with external linkage are checked by the verifier once, not at each call. They take numbers only
 * (before 5.12 nothing else is allowed), so a pointer is handed over in scratch memory. */

struct counters {
	__u64 cause[SAKER_COUNTERS];
	__u64 sent[SAKER_EVENTS_MAX];
	__u64 filtered[SAKER_EVENTS_MAX];
	__u64 dropped[SAKER_EVENTS_MAX];
	__u64 ruled_out[SAKER_PLAN_PROGRAMS][SAKER_PLAN_DIMENSIONS]; /* the dimension that ruled the last term out */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* resized to the number of possible CPUs */
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, SAKER_RINGS_MAX);
	__type(key, __u32);
	__array(values, struct ring);
} rings SEC(".maps");

static __always_inline struct counters *my_counters(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

static __always_inline void count(enum saker_counter cause)
{
	struct counters *c = my_counters();

	if (c)
		c->cause[cause]++;
}

static __always_inline void count_filtered(__u32 event)
{
	struct counters *c = my_counters();

	if (c) {
		c->cause[SAKER_COUNT_FILTERED]++;
		c->filtered[index_below(event, SAKER_EVENTS_MAX)]++;
	}
}

static __always_inline void count_dropped(enum saker_counter cause, __u32 event)
{
	struct counters *c = my_counters();

	if (c) {
		c->cause[cause]++;
		c->dropped[index_below(event, SAKER_EVENTS_MAX)]++;
	}
}

static __always_inline struct scratch *my_scratch(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&scratches, &cpu);
}

/* Scratch memory with a header; the fixed part, `fixed` bytes, is zeroed. NULL is counted. */
static __always_inline struct scratch *begin_record(enum saker_record_type type, __u32 event,
						    __u32 tid, __u32 fixed)
{
	struct scratch *s = my_scratch();
	struct saker_header *header;

	if (!s) {
		count_dropped(SAKER_COUNT_DROP_SCRATCH, event);
		return NULL;
	}
	__builtin_memset(s->record, 0, fixed);
	header = (struct saker_header *)s->record;
	header->type = type;
	header->event = event;
	header->time_ns = bpf_ktime_get_boot_ns();
	header->cpu = bpf_get_smp_processor_id();
	header->tid = tid;
	s->used = fixed;
	s->argument = 0;
	return s;
}

/* Room for a part at the end of the record; its bytes begin at the returned place. */
static __always_inline void *begin_part(struct scratch *s)
{
	return s->record + (s->used & SCRATCH_MASK) + sizeof(struct saker_part);
}

static __always_inline void end_part(struct scratch *s, __u16 kind, __u16 flags, __u32 length)
{
	struct saker_part *part = (struct saker_part *)(s->record + (s->used & SCRATCH_MASK));

	part->kind = kind;
	part->argument = s->argument;
	part->flags = flags;
	part->length = length;
	s->used += sizeof(*part) + length;
	if (flags & SAKER_PART_TRUNCATED)
		count(SAKER_COUNT_TRUNCATED);
	if (flags & SAKER_PART_FAILED)
		count(SAKER_COUNT_READ_FAILED);
}

static __always_inline void end_string_part(struct scratch *s, __u16 kind, long got, __u32 limit)
{
	if (got < 0)
		end_part(s, kind, SAKER_PART_FAILED, 0);
	else
		end_part(s, kind, got >= limit ? SAKER_PART_TRUNCATED : 0, got > 0 ? got - 1 : 0);
}

static __always_inline void add_user_string(struct scratch *s, __u16 kind, const void *from)
{
	long got = bpf_probe_read_user_str(begin_part(s), SAKER_PATH_BYTES_MAX, from);

	end_string_part(s, kind, got, SAKER_PATH_BYTES_MAX);
}

static __always_inline void add_kernel_string(struct scratch *s, __u16 kind, const void *from)
{
	long got = bpf_probe_read_kernel_str(begin_part(s), SAKER_PATH_BYTES_MAX, from);

	end_string_part(s, kind, got, SAKER_PATH_BYTES_MAX);
}

static __always_inline void *my_ring(void)
{
	__u32 index = bpf_get_smp_processor_id() / cpus_per_ring;

	return bpf_map_lookup_elem(&rings, &index);
}

/* Sends the record. Records that only keep state up to date wake nobody, unless the ring fills up. */
static __always_inline bool send_record(struct scratch *s)
{
	struct saker_header *header = (struct saker_header *)s->record;
	struct counters *c = my_counters();
	__u32 size = s->used;
	__u32 event = header->event;
	__u64 flags = BPF_RB_NO_WAKEUP;
	void *ring = my_ring();

	if (!ring) {
		count_dropped(SAKER_COUNT_DROP_RING_MISSING, event);
		return false;
	}
	/* Two tests made one would bound a copy of the number, which verifiers before 6.8 do not see through. */
	asm volatile("" : "+r"(size));
	if (size > SAKER_RECORD_BYTES_MAX)
		size = 0;
	asm volatile("" : "+r"(size));
	if (size < sizeof(*header)) {
		count_dropped(SAKER_COUNT_DROP_SCRATCH, event);
		return false;
	}
	header->size = size;
	if (bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > ring_bytes / 4)
		flags = reader_state != SAKER_READER_AWAKE ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
	if (bpf_ringbuf_output(ring, s->record, size, flags)) {
		count_dropped(SAKER_COUNT_DROP_RING_FULL, event);
		return false;
	}
	if (c) {
		c->cause[SAKER_COUNT_SENT]++;
		c->sent[index_below(event, SAKER_EVENTS_MAX)]++;
	}
	return true;
}

static __always_inline void wake_reader(void)
{
	struct saker_header bell = {.size = sizeof(bell), .type = SAKER_RECORD_BELL};
	void *ring;

	if (reader_state != SAKER_READER_ASLEEP)
		return;
	reader_state = SAKER_READER_AWAKE;
	ring = my_ring();
	/* A full ring is no loss: its reader has been woken at a quarter. */
	if (ring) {
		bell.time_ns = bpf_ktime_get_boot_ns();
		bpf_ringbuf_output(ring, &bell, sizeof(bell), BPF_RB_FORCE_WAKEUP);
	}
}

#endif /* SAKER_EMIT_H */
