/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * syscall.h: which call it was, and its arguments as the registers still have them at its end.
 */
#ifndef SAKER_SYSCALL_H
#define SAKER_SYSCALL_H

#include "lib/read.h"

struct call {
	__u32 event;
	bool compat;
	bool from_ring; /* of an io_uring; strings are in scratch memory then, in the order of the arguments */
	bool ruled_out; /* the plan would not have sent it */
	__s64 result;
	__u64 args[SAKER_ARGUMENTS];
	__u64 file; /* address of what argument 0 of a ring's request stands for, which need not have a descriptor; or 0 */
};

#if defined(__TARGET_ARCH_x86)
/* What a socketcall really is, as a number of the 32-bit table; other calls are what they are. */
static __always_inline __u32 real_number(struct pt_regs *regs, __u32 number, bool compat)
{
	__u32 which;

	if (!compat || number != SAKER_SOCKETCALL)
		return number;
	which = READ(regs, bx);
	return which < SAKER_SOCKETCALLS ? SAKER_SOCKETCALL_BASE + which : number;
}

/* Its arguments lie in the caller's memory. */
static __always_inline void read_socketcall_args(struct call *call, struct pt_regs *regs)
{
	__u32 args[SAKER_ARGUMENTS] = {};
	int i;

	/* Fewer than six may be readable: those that the shortest calls have come first. */
	if (bpf_probe_read_user(args, sizeof(args), (void *)(__u64)(__u32)READ(regs, cx)))
		bpf_probe_read_user(args, 2 * sizeof(args[0]), (void *)(__u64)(__u32)READ(regs, cx));
	for (i = 0; i < SAKER_ARGUMENTS; i++)
		call->args[i] = args[i];
}

#define X32_BIT 0x40000000
/* Of registers whose type the verifier knows, as a tracepoint's argument: it takes the plain load everywhere. */
static __always_inline __u32 syscall_number(struct pt_regs *regs)
{
	return regs->orig_ax & ~X32_BIT;
}

static __always_inline __u64 first_argument(struct pt_regs *regs, bool compat)
{
	return compat ? (__u32)READ(regs, bx) : READ(regs, di);
}

/* What a function returns, in its registers; and what a call is to return, in its caller's. */
static __always_inline long returned(struct pt_regs *ctx)
{
	return ctx->ax;
}

static __always_inline long result_in(struct pt_regs *regs)
{
	return READ(regs, ax);
}

/* What the kernel's tracepoint says of a function's result. */
static __always_inline long as_told(bool compat, long result)
{
	return result;
}

/* fork, vfork, clone, clone3 */
static __always_inline bool makes_tasks(__u32 number, bool compat)
{
	return number == 435 || (compat ? number == 2 || number == 190 || number == 120 : number >= 56 && number <= 58);
}

static __always_inline void read_args(struct call *call, struct pt_regs *regs)
{
	if (call->compat) {
		call->args[0] = (__u32)READ(regs, bx);
		call->args[1] = (__u32)READ(regs, cx);
		call->args[2] = (__u32)READ(regs, dx);
		call->args[3] = (__u32)READ(regs, si);
		call->args[4] = (__u32)READ(regs, di);
		call->args[5] = (__u32)READ(regs, bp);
	} else {
		call->args[0] = READ(regs, di);
		call->args[1] = READ(regs, si);
		call->args[2] = READ(regs, dx);
		call->args[3] = READ(regs, r10);
		call->args[4] = READ(regs, r8);
		call->args[5] = READ(regs, r9);
	}
}
#else
static __always_inline __u32 real_number(struct pt_regs *regs, __u32 number, bool compat)
{
	return number;
}

static __always_inline void read_socketcall_args(struct call *call, struct pt_regs *regs)
{
}

static __always_inline __u32 syscall_number(struct pt_regs *regs)
{
	return regs->syscallno;
}

static __always_inline __u64 first_argument(struct pt_regs *regs, bool compat)
{
	return READ(regs, orig_x0);
}

static __always_inline long returned(struct pt_regs *ctx)
{
	return ctx->regs[0];
}

static __always_inline long result_in(struct pt_regs *regs)
{
	return READ(regs, regs[0]);
}

static __always_inline long as_told(bool compat, long result)
{
	return compat ? (__s32)result : result;
}

/* Children do not come back by the end of a call here. */
static __always_inline bool makes_tasks(__u32 number, bool compat)
{
	return false;
}

static __always_inline void read_args(struct call *call, struct pt_regs *regs)
{
	call->args[0] = READ(regs, orig_x0); /* x0 holds the result by now */
	call->args[1] = READ(regs, regs[1]);
	call->args[2] = READ(regs, regs[2]);
	call->args[3] = READ(regs, regs[3]);
	call->args[4] = READ(regs, regs[4]);
	call->args[5] = READ(regs, regs[5]);
}
#endif

#endif /* SAKER_SYSCALL_H */
