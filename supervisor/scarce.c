/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * scarce.c - of two who want one thing, who has it keeps it.
 *
 * Of two files with one port the reader refuses one; but the port, and its rules in the
 * firewall, are of who runs. Who is refused here stays as it is too, so again until
 * nobody is.
 */
#include "supervisor/scarce.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- who stays ------------------------------------------------------------------- */

/* Whether what runs is still as it is when the plan is done. */
static bool stays(const struct step *step, enum apply_mode mode)
{
	if (!step)
		return true;
	/* before anything runs, who moves has moved already */
	if (step->kind == STEP_CHANGE)
		return step->waits || (mode != APPLY_FIRST && step_needs_operator(step));
	return step->kind != STEP_REMOVE;
}

/* The members that stay; the caller frees. NULL: no memory. */
static const struct member **who_stays(
	const struct plan *plan, const struct members *members, enum apply_mode mode)
{
	const struct member **staying = calloc(members->count + 1, sizeof(*staying));
	size_t count = 0;

	for (size_t i = 0; staying && i < members->count; i++) {
		const struct member *member = members->items[i];

		if (member->service && !member->leaving &&
			stays(plan_find(plan, member->name), mode))
			staying[count++] = member;
	}
	return staying;
}

/* ---- ports ----------------------------------------------------------------------- */

static bool is_any(const struct listen *listen)
{
	return !listen->address || strcmp(listen->address, "*") == 0;
}

static bool listens_meet(const struct listen *a, const struct listen *b)
{
	return a->protocol == b->protocol &&
	       (is_any(a) || is_any(b) || strcmp(a->address, b->address) == 0);
}

static bool has_port(
	const struct declaration *declaration, const struct listen *listen, uint16_t port)
{
	for (size_t i = 0; i < declaration->listen_count; i++) {
		const struct listen *own = &declaration->listen[i];

		for (unsigned n = 1; n <= config_slots(declaration); n++)
			if (config_port(own, n) == port && listens_meet(own, listen))
				return true;
	}
	return false;
}

/* A port that both want; 0: none. */
static uint16_t shared_port(const struct declaration *a, const struct declaration *b)
{
	for (size_t i = 0; i < a->listen_count; i++) {
		for (unsigned n = 1; n <= config_slots(a); n++) {
			const uint16_t port = config_port(&a->listen[i], n);

			if (has_port(b, &a->listen[i], port))
				return port;
		}
	}
	return 0;
}

static bool wants_something(const struct step *step)
{
	return step->kind == STEP_ADD || (step->kind == STEP_CHANGE && !step->waits);
}

/* 1 when the step was refused because somebody who stays has a port of it. */
static int judge_ports(struct step *step, const struct member *const *staying)
{
	for (; *staying; staying++) {
		const struct member *member = *staying;
		uint16_t port;

		if (strcmp(member->name, step->name) == 0)
			continue;
		port = shared_port(
			step->entry->declaration, member->service->declaration);
		if (port == 0)
			continue;
		return step_refuse(step,
			       "listen: port %u belongs to service %s, which runs and "
			       "keeps it: another port, or first `svcctl apply` what "
			       "moves %s",
			       port, member->name, member->name) < 0
			       ? -ENOMEM
			       : 1;
	}
	return 0;
}

/* 1 when somebody was refused. */
static int refuse_taken_ports(
	struct plan *plan, const struct members *members, enum apply_mode mode)
{
	_cleanup_free_ const struct member **staying = who_stays(plan, members, mode);
	int r = staying ? 0 : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < plan->count; i++) {
		int refused = wants_something(&plan->items[i])
				      ? judge_ports(&plan->items[i], staying)
				      : 0;

		r = refused < 0 ? refused : r | refused;
	}
	return r;
}

/* ---- memory ---------------------------------------------------------------------- */

static int64_t memory_of(const struct declaration *declaration)
{
	int64_t each = declaration->limits.memory_bytes, sum;

	if (each == UNSET ||
		__builtin_mul_overflow(each, (int64_t)config_slots(declaration), &sum))
		return each == UNSET ? 0 : INT64_MAX / 2;
	return MIN(sum, INT64_MAX / 2);
}

struct budget {
	int64_t used_bytes;
	size_t services;
};

static void take(struct budget *budget, const struct declaration *declaration)
{
	int64_t bytes = memory_of(declaration);

	if (__builtin_add_overflow(budget->used_bytes, bytes, &budget->used_bytes))
		budget->used_bytes = INT64_MAX;
	budget->services += bytes > 0;
}

/* Accepted before, and now seen for the first time: no addition. */
static bool is_back(const struct step *step, const struct plan_wish *wish)
{
	return step->kind == STEP_ADD && wish->mode == APPLY_FIRST &&
	       json_get(wish->accepted, step->name);
}

/* What is promised whatever becomes of the additions: to who runs and does not go, and
 * to who is back. */
static struct budget promised(const struct plan *plan, const struct members *members,
	const struct plan_wish *wish)
{
	struct budget budget = { 0 };

	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = members->items[i];
		const struct step *step = plan_find(plan, member->name);

		if (member->service && !member->leaving &&
			!(step && step->kind == STEP_REMOVE))
			take(&budget, member->service->declaration);
	}
	for (size_t i = 0; i < plan->count; i++)
		if (is_back(&plan->items[i], wish))
			take(&budget, plan->items[i].entry->declaration);
	return budget;
}

/* "2.5G", rounded up: what is refused must look too large. */
static char *size_text(int64_t bytes, char *ret, size_t size)
{
	const int64_t mib = INT64_C(1024) * 1024, gib = 1024 * mib;

	if (bytes >= 10 * gib)
		snprintf(ret, size, "%" PRId64 "G", (bytes - 1) / gib + 1);
	else
		snprintf(
			ret, size, "%" PRId64 "M", bytes > 0 ? (bytes - 1) / mib + 1 : 0);
	return ret;
}

static int refuse_memory(struct step *step, const struct budget *budget, int64_t bytes,
	const struct plan_wish *wish)
{
	char wanted[32], used[32], most[32];

	return step_refuse(step,
		"limits.memory: %s more would be too much: %zu services have %s of the %s "
		"that limits may add up to here (budget.memory %" PRId64
		"%% in svcd.yaml); less memory or fewer instances, or a larger budget",
		size_text(bytes, wanted, sizeof(wanted)), budget->services,
		size_text(budget->used_bytes, used, sizeof(used)),
		size_text(wish->memory_bytes, most, sizeof(most)), wish->memory_percent);
}

/* By how much a step adds to what is promised; 0: not at all. */
static int64_t addition(const struct step *step, const struct members *members,
	const struct plan_wish *wish)
{
	const struct member *member = members_find(members, step->name);
	int64_t before = 0;

	if (!wants_something(step) || is_back(step, wish))
		return 0;
	if (step->kind == STEP_CHANGE && member && member->service)
		before = memory_of(member->service->declaration);
	return memory_of(step->entry->declaration) - before;
}

static int refuse_over_budget(
	struct plan *plan, const struct members *members, const struct plan_wish *wish)
{
	struct budget budget = promised(plan, members, wish);
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->count; i++) {
		struct step *step = &plan->items[i];
		int64_t more = addition(step, members, wish);

		if (more > 0 && more > wish->memory_bytes - budget.used_bytes) {
			r = refuse_memory(step, &budget, more, wish);
		} else if (more != 0) {
			budget.used_bytes += more;
			budget.services += step->kind == STEP_ADD;
		}
	}
	return r;
}

/* ---- both ------------------------------------------------------------------------ */

int scarce_judge(
	struct plan *plan, const struct members *members, const struct plan_wish *wish)
{
	int r = 1;

	while (r > 0)
		r = refuse_taken_ports(plan, members, wish->mode);
	if (r < 0 || wish->memory_bytes <= 0)
		return r;
	return refuse_over_budget(plan, members, wish);
}

int64_t scarce_memory_bytes(int64_t percent)
{
	int64_t host = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);

	return host / 100 * percent;
}
