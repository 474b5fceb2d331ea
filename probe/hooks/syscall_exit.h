// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// syscall_exit: the calls that rules want, at their end.
//
// Runs for every system call of the machine, so the first thing is to leave: a call that no rule wants costs
// two bytes of a table, and one that no rule could match a few look-ups (lib/plan.h).
#include "calls/call.h"
#include "calls/file.h"
#include "lib/plan_passage.h"
#include "lib/preempt.h"

static __always_inline bool is_exec(__u32 event)
{
	return event == SAKER_EVENT_EXECVE || event == SAKER_EVENT_EXECVEAT;
}

/* The call at its end, of the task at that address; `regs` still has its arguments. */
static __always_inline int end_call(__u64 task, struct pt_regs *regs, __u32 number, bool compat, long result)
{
	struct call *call;
	struct scratch *s;
	__u32 event;
	int why;

	number = real_number(regs, number, compat);
	if (number >= SAKER_SYSCALL_NUMBERS)
		return 0;
	event = syscall_event[compat][number];
	if (event == SAKER_EVENT_NONE || event >= SAKER_EVENTS_MAX)
		return 0;
	/* A successful exec has had its record from the exec tracepoint. */
	if (is_exec(event) && result >= 0)
		return 0;
	s = my_scratch();
	if (!s) {
		count_dropped(SAKER_COUNT_DROP_SCRATCH, event);
		return 0;
	}
	call = &s->call;
	call->event = event;
	call->compat = compat;
	call->from_ring = call->ruled_out = false;
	call->file = 0;
	call->result = result;
	if (compat && number >= SAKER_SOCKETCALL_BASE)
		read_socketcall_args(call, regs);
	else
		read_args(call, regs);
	why = plan_passes(task);
	if (why) {
		count_ruled_out(event, why);
		if (!plan_compare)
			return 0;
		call->ruled_out = true;
	}
	if (event <= SAKER_EVENT_EXECVEAT)
		send_file();
	else
		send_call(s);
	return 0;
}

static __noinline int end_wanted_call(struct pt_regs *regs, __u32 number, long result)
{
	__u64 task = bpf_get_current_task(); /* as a number, which a function takes */

	hold_cpu();
	end_call(task, regs, number, is_compat(TYPED(struct task_struct, task)), result);
	release_cpu();
	return 0;
}

/* One hook for all calls. What is nearly always so comes before anything is known of the task, and the rest is a function of
 * its own: so most calls pay for no register that it needs. The tracepoint's argument may be read as it is. */
SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_exit, struct pt_regs *at_exit, long result)
{
	__u32 number = syscall_number(at_exit);

	barrier_var(number); /* or it is computed anew for the table, past what the verifier has seen checked */
	if (number >= SAKER_SYSCALL_NUMBERS || !syscall_wanted[number] || calls_told_by != SAKER_CALLS_BY_ONE)
		return 0;
	return end_wanted_call(TYPED(struct pt_regs, at_exit), number, result);
}

/* A hook for each call that is wanted; the others do not come here. The kernel fires these tracepoints for calls of
 * its own width only. */
struct one_call {
	__u64 common;
	long number;
	long result;
};

SEC("tracepoint")
int syscall_exit_one(struct one_call *ctx)
{
	struct pt_regs *regs;

	if (calls_told_by != SAKER_CALLS_BY_EACH)
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return end_call(bpf_get_current_task(), TYPED(struct pt_regs, regs), ctx->number, false, ctx->result);
}

static __always_inline bool is_permitted(__u64 what, long result)
{
	return what == SAKER_RETURNING_FILTER ? (__s32)result != -1 : (__u8)result;
}

/* The functions of the calls that are wanted, in programs of either width; all other calls come nowhere near. */
SEC("kretprobe.multi")
int call_returns(struct pt_regs *ctx)
{
	__u64 what = bpf_get_attach_cookie(ctx);
	bool filtered = what == SAKER_RETURNING_FILTER || what == SAKER_RETURNING_PERMIT;
	long result = returned(ctx);
	struct pt_regs *regs;
	__u32 number;
	bool compat;

	if (calls_told_by != SAKER_CALLS_BY_FUNCTIONS || (filtered && is_permitted(what, result)))
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	number = syscall_number(regs);
	regs = TYPED(struct pt_regs, regs);
	compat = is_compat(current_task());
	if (filtered)
		result = result_in(regs);
	if (what == SAKER_RETURNING_CHILD) {
		if (!makes_tasks(number, compat)) /* a thread of the kernel's own */
			return 0;
		result = 0;
	}
	return end_wanted_call(regs, number, as_told(compat, result));
}
