/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * plan.h: the filter plan as both sides share it. Compiles as C for the probe and as C++.
 *
 * The rules' conditions for an event type are a disjunction of at most 64 terms. A term is a conjunction with one
 * part for each dimension, and a dimension is a table from what the probe sees to the terms whose part
 * it meets: one bit each. The handler ANDs the tables' words; when no bit is left no rule can match, and the event is
 * dropped before a byte is copied. What the probe cannot decide counts as met, so the plan may let too much
 * through and never too little. src/rules/planner.h says how the tables come about.
 *
 * Two generations lie side by side. `plan_generation` says which one holds and is read once for an event; the
 * other is filled while nobody looks at it.
 */
#ifndef SAKER_WIRE_PLAN_H
#define SAKER_WIRE_PLAN_H

#include "records.h"

#define SAKER_PLAN_GENERATIONS 2
#define SAKER_PLAN_PROGRAMS 64 /* of a generation; 0 lets everything through */
#define SAKER_PLAN_NOTHING 255 /* in the place of a program: no rule wants the event */
#define SAKER_PLAN_CLASSES 512 /* of processes and their parents; 0: not known, all terms are met */
#define SAKER_PLAN_VALUES 256
#define SAKER_PLAN_ARGUMENTS 2
#define SAKER_PLAN_FLAG_TESTS 4
#define SAKER_PLAN_NO_ARGUMENT 255
#define SAKER_PLAN_PAIR_SETS 8 /* of a generation */
#define SAKER_PLAN_GROUPS 16
#define SAKER_PLAN_RANGES 64 /* a power of two */
#define SAKER_PLAN_OCTETS 256
#define SAKER_PLAN_MANY 255 /* in the place of a group: there is more than one */
#define SAKER_PLAN_TEXT_ARGUMENTS 2
#define SAKER_PLAN_PIECES 4

/* In the order in which they are asked (an open's names may come before who acts: see names_first). */
enum saker_plan_dimension {
	SAKER_PLAN_MODE = 0,   /* the result, and the flags of an open */
	SAKER_PLAN_ARGUMENT,   /* small numbers and flags among the arguments */
	SAKER_PLAN_SCOPE,      /* host or container */
	SAKER_PLAN_TASK,       /* root, a terminal */
	SAKER_PLAN_USER,       /* user ids: who acts, who logged in */
	SAKER_PLAN_PROCESS,    /* what the process runs: names, paths, arguments */
	SAKER_PLAN_PARENT,     /* what its parent runs */
	SAKER_PLAN_DESCRIPTOR, /* what kind of thing the descriptor is */
	SAKER_PLAN_ADDRESS,    /* the addresses of a connection's ends */
	SAKER_PLAN_PORT,       /* their ports */
	SAKER_PLAN_RAW,        /* the path as written */
	SAKER_PLAN_NAME,       /* the last part of a path, its end, and the directory above it */
	SAKER_PLAN_PATH,       /* the path's beginning, or all of it */
	SAKER_PLAN_PIECE,      /* what is somewhere in the path; not of opens */
	SAKER_PLAN_NAME2,      /* the same of the second path of a call that has two */
	SAKER_PLAN_PATH2,
	SAKER_PLAN_PIECE2,
	SAKER_PLAN_DIMENSIONS
};
#define SAKER_PLAN_PER_TEXT (SAKER_PLAN_NAME2 - SAKER_PLAN_NAME)

/* Bits of the index into `mode`. An open's flags; of other calls only the first. */
enum saker_plan_mode {
	SAKER_PLAN_FAILED = 1,
	SAKER_PLAN_READS = 2,
	SAKER_PLAN_WRITES = 4,
	SAKER_PLAN_TRUNCATES = 8,
	SAKER_PLAN_CREATES = 16, /* O_CREAT or O_TMPFILE */
	SAKER_PLAN_MODES = 32
};

enum saker_plan_task {
	SAKER_PLAN_ROOT = 1,     /* effective user id 0 */
	SAKER_PLAN_TERMINAL = 2,
	SAKER_PLAN_TASKS = 4
};

/* What a descriptor is; the first three also of what an open gave. */
enum saker_plan_kind {
	SAKER_PLAN_KIND_UNKNOWN = 0, /* all terms are met */
	SAKER_PLAN_KIND_FILE,        /* what an open gave, not a directory */
	SAKER_PLAN_KIND_DIRECTORY,
	SAKER_PLAN_KIND_PIPE,
	SAKER_PLAN_KIND_UNIX,
	SAKER_PLAN_KIND_TCP4,
	SAKER_PLAN_KIND_UDP4,
	SAKER_PLAN_KIND_TCP6,
	SAKER_PLAN_KIND_UDP6,
	SAKER_PLAN_KIND_IP4, /* other transports */
	SAKER_PLAN_KIND_IP6,
	SAKER_PLAN_KIND_NETLINK,
	SAKER_PLAN_KIND_SOCKET, /* of any other family */
	SAKER_PLAN_KIND_OTHER,  /* of a call: no socket, no pipe, no directory */
	SAKER_PLAN_KINDS = 16
};

/* A word for flags of one argument: without any of `bits` only the terms of `without` may be met. */
struct saker_plan_flags {
	__u64 bits;
	__u64 without;
	__u32 argument;
	__u32 pad;
};

/* Of a part of names: what is not in the map of names, and what tells at once that a text is not: which lengths
 * are there at all (bit 63: longer), and a bit for each row by its first eight bytes. */
#define SAKER_PLAN_SEEN_WORDS 4
struct saker_plan_part {
	__u64 lengths;
	__u64 other;
	__u64 seen[SAKER_PLAN_SEEN_WORDS];
};

/* The place in `seen` of a text whose first eight bytes are `head`, as a little-endian number, zeros behind the
 * text's end. */
#define SAKER_PLAN_SEEN(head, length) ((((head) ^ ((length) * 0x100000001b3ULL)) * 0x9e3779b97f4a7c15ULL) >> 56)

/* A text that is looked for anywhere in another: its first bytes as a little-endian number, and which bits of that count
 * (none: nothing is looked for). */
struct saker_plan_piece {
	__u64 head;
	__u64 mask;
	__u64 without; /* terms that may be met where it is not */
};

enum saker_plan_base {
	SAKER_PLAN_BASE_NONE,       /* the text stands for itself */
	SAKER_PLAN_BASE_CWD,        /* a relative path starts from the working directory */
	SAKER_PLAN_BASE_DESCRIPTOR, /* from the descriptor in the argument before */
};

/* A path, or another text, among the arguments of a call that is no open. What events tell of it is judged: a relative path
 * behind the directory that it starts from. */
struct saker_plan_text_argument {
	struct saker_plan_part name, tail;
	__u64 needs_path; /* terms that its beginning, or all of it, may still rule out */
	struct saker_plan_piece pieces[SAKER_PLAN_PIECES];
	__u32 argument;   /* which, or SAKER_PLAN_NO_ARGUMENT */
	__u32 base;       /* enum saker_plan_base */
};

/* All words are sets of terms. Those that are not decided by a dimension are in each of its words. */
struct saker_plan_program {
	__u64 all;
	__u64 scope[4];  /* by enum saker_scope bits: 1 host, 2 container, 3 either */
	__u64 mode[SAKER_PLAN_MODES];
	__u64 task[SAKER_PLAN_TASKS];
	__u64 kind[SAKER_PLAN_KINDS];
	__u64 argument[SAKER_PLAN_ARGUMENTS][SAKER_PLAN_VALUES]; /* a larger number is not decided */
	struct saker_plan_flags flags[SAKER_PLAN_FLAG_TESTS];
	__u64 raw_plain; /* the path as written has no ".." in it */
	__u64 literal;   /* met by some path that rules name in full: a file with other names may have that one */
	__u64 too_long;  /* met by the text that stands for a name of more than 1023 bytes */
	struct saker_plan_part name, directory, tail;
	__u64 needs_path; /* terms that SAKER_PLAN_PATH may still rule out */
	struct saker_plan_part top; /* no less than what SAKER_PLAN_PATH has for any path with that beginning */
	struct saker_plan_text_argument texts[SAKER_PLAN_TEXT_ARGUMENTS];
	__u32 uses;       /* 1 << enum saker_plan_dimension */
	__u8 argument_of[SAKER_PLAN_ARGUMENTS]; /* which argument, or SAKER_RESULT */
	__u8 descriptor_of;                     /* the same, of the main descriptor */
	__u8 pairs;                             /* its saker_plan_pairs, where `uses` has one of their dimensions */
	__u8 names_first; /* of opens: a name that no rule looks for leaves no term, so who acts is asked after the names */
	__u8 pad[7];
};

/* Values of one kind that no rule tells apart are a group. Group 0 is what is not known, or not told: it is met by what
 * any other is met by. */
struct saker_plan_ranges {
	__u32 from[SAKER_PLAN_RANGES]; /* ascending, the first 0; a range ends where the next begins */
	__u8 group[SAKER_PLAN_RANGES];
};

/* Dimensions of two values that rules may look at together: the terms by the groups of both. */
enum saker_plan_pair {
	SAKER_PAIR_USER = 0, /* the effective user id, and that of the login */
	SAKER_PAIR_ADDRESS,  /* local and remote, as the kernel's socket has them; groups are in the map of networks */
	SAKER_PAIR_PORT,     /* local and remote */
	SAKER_PAIRS
};

struct saker_plan_pairs {
	struct saker_plan_ranges users, ports;
	__u8 octets[SAKER_PLAN_OCTETS]; /* the group of IPv4 addresses that begin so, or SAKER_PLAN_MANY: see the networks */
	__u64 terms[SAKER_PAIRS][SAKER_PLAN_GROUPS][SAKER_PLAN_GROUPS];
};

/* A network in the trie of networks, whose value is a group. IPv4 addresses are those of ::ffff:0:0/96. */
struct saker_plan_network {
	__u32 bits; /* of what follows */
	__u8 generation;
	__u8 set;
	__u8 pad[2];
	__u8 address[16];
};

/* The part of a name in the map of names. `length` is the whole one, 255 for more; longer texts are cut. */
#define SAKER_PLAN_TEXT_BYTES 28
enum saker_plan_part_kind {
	SAKER_PLAN_PART_NAME = 0,
	SAKER_PLAN_PART_DIRECTORY = 1, /* the last part of the directory that the name is in; empty: the root */
	SAKER_PLAN_PART_TAIL = 2,      /* the last SAKER_PLAN_TAIL_BYTES of the name */
	SAKER_PLAN_PART_TOP = 3,       /* the first part of the path: what it is below, or all of it */
};
#define SAKER_PLAN_TAIL_BYTES 4
#define SAKER_PLAN_NAME_BYTES_MAX 255

/* What stands for the program where texts and paths are looked up: those of each argument are told apart. */
#define SAKER_PLAN_TEXTS_OF(program, which) ((program) + SAKER_PLAN_PROGRAMS * (which))

struct saker_plan_text {
	__u8 generation;
	__u8 program; /* SAKER_PLAN_TEXTS_OF */
	__u8 part; /* enum saker_plan_part_kind */
	__u8 length;
	char text[SAKER_PLAN_TEXT_BYTES];
};

/* The beginning of a path in the trie of paths; a whole path ends with its NUL. */
#define SAKER_PLAN_PATH_BYTES 58
struct saker_plan_path {
	__u32 bits; /* of what follows */
	__u8 generation;
	__u8 program; /* SAKER_PLAN_TEXTS_OF */
	char text[SAKER_PLAN_PATH_BYTES];
};

/* Terms that a class of processes may meet: by what it runs, and as the parent of the one that acts. */
struct saker_plan_class {
	__u64 process;
	__u64 parent;
};

/* Which class a process is of. Written by user space, which knows what the process runs; each word is made for
 * one version of the process, which the probe counts up whenever that changes (fork, exec, exit). A word whose
 * version, process or generation is not the present one says nothing. */
#define SAKER_PLAN_PROCESSES 32768 /* a power of two; processes whose ids meet in a place take turns */
#define SAKER_PLAN_PROCESS_BITS(tgid, version, generation) \
	((version) * (1ULL << 40) | ((tgid) & 0x3fffffULL) << 18 | ((generation) & 3ULL) << 16)

#define SAKER_PLAN_BY_COMM 0x8000 /* with a class: all that is known of the process is its name */
#define SAKER_PLAN_CLASS_BITS 0x7fff

/* A name in the map of names of processes, whose value is a class. */
#define SAKER_PLAN_COMMS 4096
struct saker_plan_comm {
	__u64 comm[2]; /* TASK_COMM_LEN bytes, zeros behind the end */
	__u64 generation;
};

SAKER_ASSERT_SIZE(struct saker_plan_comm, 24);
SAKER_ASSERT_SIZE(struct saker_plan_text, 32);
SAKER_ASSERT_SIZE(struct saker_plan_path, 64);
SAKER_ASSERT_SIZE(struct saker_plan_flags, 24);
SAKER_ASSERT_SIZE(struct saker_plan_piece, 24);
SAKER_ASSERT_SIZE(struct saker_plan_class, 16);
SAKER_ASSERT_SIZE(struct saker_plan_ranges, 320);
SAKER_ASSERT_SIZE(struct saker_plan_network, 24);

#endif /* SAKER_WIRE_PLAN_H */
