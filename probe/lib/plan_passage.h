/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * plan_passage.h: a call on its way through the plan, from the dimensions that cost next to nothing to those that look at
 * files, connections and paths.
 */
#ifndef SAKER_PLAN_PASSAGE_H
#define SAKER_PLAN_PASSAGE_H

#include "lib/plan_names.h"
#include "lib/plan_texts.h"

#define ABOUT_ENDS (1U << SAKER_PLAN_ADDRESS | 1U << SAKER_PLAN_PORT)
#define ABOUT_DESCRIPTORS (1U << SAKER_PLAN_DESCRIPTOR | ABOUT_ENDS)

/* The dimensions of other calls that look at their main descriptor. */
static __always_inline int descriptor_passes(struct passage *p, struct task_struct *task, const struct call *call)
{
	__s32 fd = argument_of(call, p->program->descriptor_of);
	struct file *file = file_of(task, fd);
	__u32 kind;

	if (!file)
		return 0;
	kind = kind_of_file(file);
	p->terms &= p->program->kind[index_below(kind, SAKER_PLAN_KINDS)];
	if (!p->terms)
		return rule_out(p, SAKER_PLAN_DESCRIPTOR);
	if (!(p->program->uses & ABOUT_ENDS) || kind < SAKER_PLAN_KIND_TCP4 || kind > SAKER_PLAN_KIND_IP6)
		return 0;
	return ends_pass(p, file);
}

/* The dimensions of who acts. */
static __noinline int actor_passes(struct passage *p, struct task_struct *task)
{
	const struct saker_plan_program *program = p->program;

	if (uses(p, SAKER_PLAN_TASK)) {
		p->terms &= program->task[index_below(task_bits(task), SAKER_PLAN_TASKS)];
		if (!p->terms)
			return rule_out(p, SAKER_PLAN_TASK);
	}
	if (uses(p, SAKER_PLAN_USER)) {
		p->terms &= by_user(p);
		if (!p->terms)
			return rule_out(p, SAKER_PLAN_USER);
	}
	if (uses(p, SAKER_PLAN_PROCESS)) {
		p->terms &= by_process(p, task);
		if (!p->terms)
			return rule_out(p, SAKER_PLAN_PROCESS);
	}
	if (uses(p, SAKER_PLAN_PARENT)) {
		p->terms &= by_parent(p, task);
		if (!p->terms)
			return rule_out(p, SAKER_PLAN_PARENT);
	}
	return 0;
}

/* 0 when some rule could match the call in scratch memory, of the task at `address`, else RULED_OUT. Checked by the verifier
 * by itself: what follows it does not depend on the ways through it. */
__noinline int plan_passes(__u64 address)
{
	const struct saker_plan_program *program;
	struct task_struct *task = TYPED(struct task_struct, address);
	struct scratch *s = my_scratch();
	const struct call *call;
	struct passage p = {};
	bool open, names_first;
	int why;

	if (!s)
		return 0; /* which is where the loss is counted */
	call = &s->call;
	if (!begin_passage(&p, call->event))
		return RULED_OUT(SAKER_PLAN_NOTHING, 0);
	program = p.program;
	if (uses(&p, SAKER_PLAN_MODE)) {
		p.terms &= program->mode[index_below(mode_of(call), SAKER_PLAN_MODES)];
		if (!p.terms)
			return rule_out(&p, SAKER_PLAN_MODE);
	}
	if (uses(&p, SAKER_PLAN_ARGUMENT)) {
		p.terms = by_arguments(&p, call);
		if (!p.terms)
			return rule_out(&p, SAKER_PLAN_ARGUMENT);
	}
	p.terms &= program->scope[index_below(scope_of(task), 4)];
	if (!p.terms)
		return rule_out(&p, SAKER_PLAN_SCOPE);
	open = call->event <= SAKER_EVENT_OPEN_BY_HANDLE_AT;
	names_first = open && program->names_first;
	if (!names_first) {
		why = actor_passes(&p, task);
		if (why)
			return why;
	}
	if (open) {
		why = names_pass(&p, task, call);
		if (why)
			return why;
		if (names_first) {
			why = actor_passes(&p, task);
			if (why)
				return why;
		}
		return paths_pass(&p, task, call);
	}
	if (program->uses & ABOUT_DESCRIPTORS) {
		why = descriptor_passes(&p, task, call);
		if (why)
			return why;
	}
	return program->uses & ABOUT_TEXTS ? texts_pass(&p, s) : 0;
}

#endif /* SAKER_PLAN_PASSAGE_H */
