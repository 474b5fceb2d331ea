/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * records.h: all that the kernel side and the C++ side share. Compiles as both.
 *
 * A record is a fixed struct, then parts: {kind, flags, length} and that many bytes, one after the
 * other, unpadded. A reader skips parts it does not know and never reads past header.size. Numbers are
 * never reused; a gap carries a comment that says why. Every size is asserted at the end, on both sides.
 *
 * Times are nanoseconds of CLOCK_BOOTTIME. Ids of processes, users and devices are those of the initial
 * namespaces unless the name starts with v (as the task itself sees them).
 */
#ifndef SAKER_WIRE_RECORDS_H
#define SAKER_WIRE_RECORDS_H

#ifdef __bpf__
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
#else
#include <linux/types.h>
#endif

enum saker_record_type {
	SAKER_RECORD_FORK = 1,    /* a new process (threads make none) */
	SAKER_RECORD_EXEC = 2,    /* a process runs a new program */
	SAKER_RECORD_EXIT = 3,    /* the last thread of a process is gone */
	SAKER_RECORD_FILE = 4,    /* a call that names a file: opens, and execs that failed */
	SAKER_RECORD_CGROUP = 5,  /* the path of a cgroup that the probe has not named yet */
	SAKER_RECORD_BELL = 6,    /* a bare header that carries a wake-up; says nothing */
	SAKER_RECORD_CALL = 7,    /* any other call: its arguments and what they stand for */
	SAKER_RECORD_CLOSING = 8, /* a bare header and the descriptor that its thread is about to close */
	SAKER_RECORD_TYPES
};

/* Event numbers: what evt.type says. Those that the probe treats by themselves are named here, and are the
 * first rows of src/event/types.cc in this order. All others (below SAKER_EVENTS_MAX) mean to the probe only a
 * shape, see struct saker_shape. */
enum saker_event {
	SAKER_EVENT_NONE = 0,
	SAKER_EVENT_OPEN = 1,
	SAKER_EVENT_OPENAT = 2,
	SAKER_EVENT_OPENAT2 = 3,
	SAKER_EVENT_CREAT = 4,
	SAKER_EVENT_OPEN_BY_HANDLE_AT = 5,
	SAKER_EVENT_EXECVE = 6,
	SAKER_EVENT_EXECVEAT = 7,
	SAKER_EVENT_CLONE = 8,     /* carried by fork records, and as a call of the caller */
	SAKER_EVENT_PROCEXIT = 9,
	SAKER_EVENT_COUNT
};

enum saker_part_kind {
	SAKER_PART_NAME = 1,      /* the path as the caller gave it */
	SAKER_PART_BASE = 2,      /* what a relative name starts from, when it is not the working directory */
	SAKER_PART_RESOLVED = 3,  /* the file's path as its task sees it, through mounts */
	SAKER_PART_INNER = 4,     /* its path inside its file system, mounts ignored; absent when equal */
	SAKER_PART_CWD = 5,
	SAKER_PART_EXE = 6,       /* the program file, resolved */
	SAKER_PART_ARGS = 7,      /* arguments, each ended by NUL */
	SAKER_PART_CGROUP = 8,    /* cgroup path, as the kernel's hierarchy has it */
	SAKER_PART_ARGUMENT = 9,  /* what an argument points to: a path, a text, bytes, an address */
	SAKER_PART_DESCRIPTOR = 10,      /* struct saker_descriptor of an argument */
	SAKER_PART_DESCRIPTOR_NAME = 11, /* its path, when it is a file or a bound unix socket */
	/* Only when `task_details` asks for them. */
	SAKER_PART_USAGE = 12,    /* struct saker_usage */
	SAKER_PART_TASK_CGROUP = 13, /* path in the hierarchy of subsystem `argument` */
	SAKER_PART_ENV = 14,      /* of an exec: NAME=value, each ended by NUL */
	SAKER_PART_FILES = 15,    /* struct saker_listed_file of each open descriptor, at most SAKER_FILES_MAX */
	/* Of a vector of buffers or a message. */
	SAKER_PART_VECTOR = 16,   /* __u64: how long its buffers are together */
	SAKER_PART_CONTROL = 17,  /* the beginning of a message's control data */
};

/* What records are to tell of their task beyond struct saker_task: bits of `task_details`. */
enum saker_detail {
	SAKER_DETAIL_USAGE = 1,
	SAKER_DETAIL_CGROUPS = 2,
	SAKER_DETAIL_ENV = 4,
	SAKER_DETAIL_STANDARD = 8, /* descriptors 0 to 2, as parts of argument SAKER_STANDARD_FD and on */
	SAKER_DETAIL_FILES = 16,
};

enum saker_part_flags {
	SAKER_PART_TRUNCATED = 1,  /* the limit was reached: the bytes are a prefix (RESOLVED, INNER: a suffix) */
	SAKER_PART_FAILED = 2,     /* the memory could not be read; length is 0 */
};

struct saker_part {
	__u8 kind;
	__u8 argument; /* which argument of the call; SAKER_RESULT: what it returned */
	__u16 flags;
	__u32 length;  /* bytes that follow */
};

struct saker_header {
	__u32 size;  /* of the whole record, this header included */
	__u16 type;  /* enum saker_record_type */
	__u16 event; /* enum saker_event */
	__u64 time_ns;
	__u32 cpu;
	__u32 tid;
};

enum saker_task_flags {
	SAKER_TASK_MAIN_THREAD = 1,
	SAKER_TASK_COMPAT = 2,  /* the call came through the 32-bit table */
	SAKER_TASK_RING = 4,    /* the call came through an io_uring */
	SAKER_TASK_RULED_OUT = 8, /* the filter plan would not have sent it; it compares */
	SAKER_TASK_BRIEF = 16, /* no rule wants the event: only what names the process and its parent, session, group,
				* pid_ns and comm are told */
};

/* The task that acted, as the kernel has it at the time of the record. */
struct saker_task {
	__u64 start_ns;         /* of the process; (tgid, start_ns) names it for ever */
	__u64 parent_start_ns;
	__u64 init_start_ns;    /* of the first process of its pid namespace */
	__u64 cgroup_v2;        /* id in the default hierarchy; 0 = not there */
	__u64 cgroup_v1;        /* id in the chosen v1 hierarchy; 0 = no v1 in use */
	__u64 cap_permitted;
	__u64 cap_effective;
	__u64 cap_inheritable;
	__u32 tgid;
	__u32 parent_tgid;
	__u32 vtid;
	__u32 vtgid;
	__u32 parent_vtgid;
	__u32 session;          /* setsid() id */
	__u32 vsession;
	__u32 group;            /* setpgid() id */
	__u32 vgroup;
	__u32 uid, gid, euid, egid;
	__u32 loginuid;         /* 4294967295 = never logged in */
	__u32 tty;              /* device number as in /proc/PID/stat; 0 = none */
	__u32 mnt_ns, pid_ns, net_ns, user_ns; /* inode numbers */
	__u32 flags;            /* enum saker_task_flags */
	__u32 version;          /* of what the process runs, see plan.h; 24 bits */
	__u32 pad;
	char comm[16];          /* of the process's main thread */
};

/* What the task uses, at the time of the record. */
struct saker_usage {
	__u64 vm_kb, rss_kb, swap_kb;
	__u64 major_faults, minor_faults;       /* of this thread */
	__u64 run_ns, slice_ns;                 /* on a CPU, in all and since it was put there last */
	__u64 user_ns, system_ns;               /* as the kernel accounts for them: by clock ticks, as a rule */
	__u64 thread_start_ns;                  /* boot time */
	__u64 files_max;                        /* the limit of open descriptors */
	__u32 files;                            /* open descriptors; 0xffffffff: not counted */
	__u32 threads;
};

struct saker_listed_file {
	__u32 fd;
	__u32 inode_mode;
	__u32 magic;
	__u16 family, type; /* of a socket */
	char name[16];      /* the beginning of the dentry's: what an anonymous inode is for */
};

struct saker_fork_record {
	struct saker_header header;
	struct saker_task task;  /* the child */
	__u64 creator_start_ns;  /* who called; differs from the parent under CLONE_PARENT */
	__u32 creator_tgid;
	__u32 pad;
};

enum saker_exe_flags {
	SAKER_EXE_WRITABLE = 1,
	SAKER_EXE_UPPER_LAYER = 2,
	SAKER_EXE_FROM_MEMFD = 4,
	SAKER_EXE_LOWER_LAYER = 8,
};

struct saker_exec_record {
	struct saker_header header;
	struct saker_task task;
	__u64 exe_ino;
	__u64 exe_ctime_ns;  /* since the epoch */
	__u64 exe_mtime_ns;
	__u32 exe_dev;       /* as st_dev encodes it */
	__u32 exe_flags;     /* enum saker_exe_flags */
	__u32 argc;
	__u32 args_bytes;    /* the whole length, also when ARGS is truncated */
	/* parts: NAME EXE CWD ARGS */
};

struct saker_exit_record {
	struct saker_header header;
	struct saker_task task;
	__u64 reaper_start_ns;  /* who inherits the children; 0 with reaper_tgid 0 when there are none */
	__u32 reaper_tgid;
	__s32 status;           /* as wait() would give it */
};

struct saker_file_record {
	struct saker_header header;
	struct saker_task task;
	__s64 result;   /* descriptor or -errno */
	__u64 ino;      /* 0 with dev 0: no file came of it */
	__u32 dev;
	__u32 inode_mode; /* st_mode of the file */
	__u32 flags;    /* open flags as the caller gave them, the kernel's numbers of its architecture */
	__u32 mode;     /* permission bits asked for on creation */
	__u32 resolve;  /* openat2's */
	__s32 dirfd;
	__u32 file_flags; /* enum saker_file_flags */
	__u32 pad;
	/* parts: NAME BASE RESOLVED INNER CWD; for a failed exec also ARGS */
};

enum saker_file_flags {
	SAKER_FILE_CREATED = 1,
	SAKER_FILE_UPPER_LAYER = 2,
	SAKER_FILE_LOWER_LAYER = 4,
	SAKER_FILE_ALIASED = 8, /* it may have names that are not told: hard links, or a mount of a part of its
				 * file system */
};

/* Asked by user space of the program `identify`: which file a descriptor of the asking task is, in the
 * numbers that records use (stat() has others on btrfs and on some overlays). */
struct saker_identity {
	__s32 fd;
	__u32 dev;
	__u64 ino; /* 0: no such descriptor */
};

#define SAKER_ARGUMENTS 6
#define SAKER_RESULT 6  /* the place of the result among the arguments */
#define SAKER_RESULT2 7 /* the second descriptor of pipe and socketpair */
#define SAKER_STANDARD_FD 8 /* descriptor 0; 9 and 10 are descriptors 1 and 2 */
#define SAKER_POLLED 11     /* one of those that a call waits for */

/* What the probe brings of an argument, beyond its number. Lengths in bytes. */
enum saker_argument {
	SAKER_ARGUMENT_NUMBER = 0,
	SAKER_ARGUMENT_FD = 1,          /* struct saker_descriptor */
	SAKER_ARGUMENT_STRING = 2,      /* up to its NUL */
	SAKER_ARGUMENT_FIXED = 3,       /* `size` bytes */
	SAKER_ARGUMENT_SOCKADDR = 4,    /* the next argument says how long */
	SAKER_ARGUMENT_SOCKADDR_OUT = 5,/* the next argument points to how long; filled by the kernel */
	SAKER_ARGUMENT_DATA = 6,        /* the next argument says how long */
	SAKER_ARGUMENT_DATA_OUT = 7,    /* the result says how long */
	SAKER_ARGUMENT_VECTOR = 8,      /* struct iovec; the next argument says how many */
	SAKER_ARGUMENT_VECTOR_OUT = 9,  /* the same, filled up to the result */
	SAKER_ARGUMENT_MESSAGE = 10,    /* struct msghdr: data, and its address as that of the argument before */
	SAKER_ARGUMENT_MESSAGE_OUT = 11,
	SAKER_ARGUMENT_FD_PAIR = 12,    /* two descriptors that the call has put there */
	SAKER_ARGUMENT_POLL = 13,       /* struct pollfd; the next argument says how many */
	SAKER_ARGUMENT_MESSAGES = 14,   /* struct mmsghdr: a record for each message that the call has handled, whose
					 * result is the message's length */
	SAKER_ARGUMENT_MESSAGES_OUT = 15,
	SAKER_ARGUMENT_QUOTA = 16,      /* a path or a structure, as quotactl()'s command says */
	SAKER_ARGUMENT_FSCONFIG = 17,   /* a text or bytes, as fsconfig()'s command says */
};

/* What to bring of one event's calls; made by user space from src/event/schema. */
struct saker_shape {
	__u8 arguments[SAKER_ARGUMENTS]; /* enum saker_argument */
	__u8 sizes[SAKER_ARGUMENTS];     /* of SAKER_ARGUMENT_FIXED, at most SAKER_FIXED_BYTES_MAX */
	__u8 result;                     /* SAKER_ARGUMENT_NUMBER or _FD */
	__u8 flags;                      /* enum saker_shape_flags */
	__u8 pad[2];
};

enum saker_shape_flags {
	SAKER_SHAPE_PATHS = 1, /* some argument is a path: bring the working directory */
};

struct saker_call_record {
	struct saker_header header;
	struct saker_task task;
	__s64 result;
	__u64 arguments[SAKER_ARGUMENTS];
	/* parts: ARGUMENT DESCRIPTOR DESCRIPTOR_NAME, each with its argument's number; CWD */
};

enum saker_descriptor_kind {
	SAKER_DESCRIPTOR_OTHER = 0,
	SAKER_DESCRIPTOR_FILE = 1,   /* has a path, or a name in a file system without one */
	SAKER_DESCRIPTOR_PIPE = 2,
	SAKER_DESCRIPTOR_SOCKET = 3,
};

/* What a descriptor stands for, read from the kernel's own objects at the time of the record. */
struct saker_descriptor {
	__s32 fd;
	__u16 kind;        /* enum saker_descriptor_kind */
	__u16 family;      /* AF_*, of a socket; the fields below it are a socket's too */
	__u64 ino;
	__u32 dev;         /* as st_dev encodes it */
	__u32 inode_mode;  /* st_mode */
	__u32 file_flags;  /* enum saker_file_flags */
	__u32 magic;       /* of the file system */
	__u16 type;        /* SOCK_* */
	__u16 protocol;    /* IPPROTO_* */
	__u16 state;       /* TCP_*, which all families use */
	__u16 local_port;  /* host byte order */
	__u16 remote_port;
	__u16 pad;
	__u32 queue;       /* connections waiting to be accepted */
	__u32 queue_max;
	__u8 local[16];    /* network byte order, 4 or 16 bytes used */
	__u8 remote[16];
	__u64 own_address;  /* where a unix socket and its peer are in memory */
	__u64 peer_address;
};

enum saker_cgroup_op {
	SAKER_CGROUP_SEEN = 1,     /* made, or met for the first time */
	SAKER_CGROUP_REMOVED = 2,
};

struct saker_cgroup_record {
	struct saker_header header;
	__u64 key;   /* saker_task.cgroup_v2 or cgroup_v1 */
	__u32 op;    /* enum saker_cgroup_op */
	__u32 pad;
	/* parts: CGROUP */
};

/* A cgroup's key: its id, and above it the number of its hierarchy (0 = the default one, v2). */
#define SAKER_CGROUP_KEY(id, hierarchy) ((__u64)(id) | ((__u64)(hierarchy) << 48))

/* Where an event may come from and still matter to a rule; saker_settings.scope, one byte an event. */
enum saker_scope {
	SAKER_SCOPE_HOST = 1,
	SAKER_SCOPE_CONTAINER = 2,
};

/* What the reader of the rings does; it tells the probe through `reader_state`. */
enum saker_reader_state {
	SAKER_READER_AWAKE = 0,
	SAKER_READER_ASLEEP = 1,  /* until somebody rings */
	SAKER_READER_NAPPING = 2, /* wakes by itself in a moment; to be woken only when a ring fills up */
};

/* What user space has decided about a cgroup; absent = not decided, events are sent. */
enum saker_cgroup_class {
	SAKER_CGROUP_PENDING = 0,
	SAKER_CGROUP_HOST = 1,
	SAKER_CGROUP_CONTAINER = 2,
};

#define SAKER_ARGS_BYTES_MAX 16384   /* the limit that can be configured; the default is 4096 */
#define SAKER_ENV_BYTES_MAX 8192
#define SAKER_FILES_MAX 256
#define SAKER_POLLED_MAX 16
#define SAKER_PATH_BYTES_MAX 4096
#define SAKER_RECORD_BYTES_MAX 40960 /* a record larger than this is not ours */
#define SAKER_FIXED_BYTES_MAX 128
#define SAKER_DATA_BYTES_MAX 4096    /* of what was read or written; the default is 80 */
#define SAKER_SYSCALL_NUMBERS 1024
#define SAKER_SOCKETCALL 102         /* i386's one call for all of sockets; which one is its first argument ... */
#define SAKER_SOCKETCALL_BASE 1000   /* ... and that many more are numbers of our own in the 32-bit table */
#define SAKER_SOCKETCALLS 21
#define SAKER_EVENTS_MAX 512
#define SAKER_RING_OPS 64            /* opcodes of io_uring that can be told */
#define SAKER_RINGS_MAX 256

/* Causes counted by the probe, per CPU; names in src/capture/probe_counters.cc. */
enum saker_counter {
	SAKER_COUNT_SENT = 0,           /* records that reached a ring */
	SAKER_COUNT_FILTERED,           /* events that no rule could want */
	SAKER_COUNT_DROP_RING_FULL,     /* lost: the reader was too slow */
	SAKER_COUNT_DROP_RING_MISSING,  /* lost: no ring for this CPU */
	SAKER_COUNT_DROP_SCRATCH,       /* lost: scratch memory was not to be had */
	SAKER_COUNT_TRUNCATED,          /* records with a truncated part */
	SAKER_COUNT_READ_FAILED,        /* parts that could not be read */
	SAKER_COUNT_CGROUP_UNNAMED,     /* cgroups that could not be put into the class map */
	SAKER_COUNTERS
};

#ifdef __cplusplus
#define SAKER_ASSERT_SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type)
#else
#define SAKER_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
#endif
SAKER_ASSERT_SIZE(struct saker_part, 8);
SAKER_ASSERT_SIZE(struct saker_header, 24);
SAKER_ASSERT_SIZE(struct saker_task, 168);
SAKER_ASSERT_SIZE(struct saker_fork_record, 208);
SAKER_ASSERT_SIZE(struct saker_exec_record, 232);
SAKER_ASSERT_SIZE(struct saker_exit_record, 208);
SAKER_ASSERT_SIZE(struct saker_file_record, 240);
SAKER_ASSERT_SIZE(struct saker_cgroup_record, 40);
SAKER_ASSERT_SIZE(struct saker_shape, 16);
SAKER_ASSERT_SIZE(struct saker_call_record, 248);
SAKER_ASSERT_SIZE(struct saker_descriptor, 104);
SAKER_ASSERT_SIZE(struct saker_identity, 16);
SAKER_ASSERT_SIZE(struct saker_usage, 96);
SAKER_ASSERT_SIZE(struct saker_listed_file, 32);

#endif /* SAKER_WIRE_RECORDS_H */
