/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * call_hooks.h: where the probe may be called at the end of calls, as both sides name it. Compiles as C and as C++.
 */
#ifndef SAKER_WIRE_CALL_HOOKS_H
#define SAKER_WIRE_CALL_HOOKS_H

/* Which hooks tell of calls; others may be there for a moment, while they change. */
enum saker_call_hooks {
	SAKER_CALLS_BY_ONE = 0,  /* the end of all calls */
	SAKER_CALLS_BY_EACH,     /* a tracepoint of each that is wanted */
	SAKER_CALLS_BY_FUNCTIONS /* the functions of those that are wanted */
};

/* What it means that a hooked function returns: the hook's cookie. */
enum saker_returning {
	SAKER_RETURNING_CALL = 0, /* a call ends */
	SAKER_RETURNING_CHILD,    /* a new task begins, which is where the call that made it ends for the child */
	/* Filters of seccomp's have decided, and no function runs of a call that they refuse. */
	SAKER_RETURNING_FILTER,   /* refused: -1 */
	SAKER_RETURNING_PERMIT    /* refused: false (Linux 7.3) */
};

#endif /* SAKER_WIRE_CALL_HOOKS_H */
