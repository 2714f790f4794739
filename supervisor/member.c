/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * member.c - a sorted array of services and what the supervisor knows about each.
 */
#include "supervisor/member.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Not judged yet; and what nearly all are nearly always, which one copy says for all. */
static const struct readiness unjudged = { .again = { INT64_MAX } };
static const struct readiness well = {
	.terms = {
#define X(id, word) [TERM_##id] = { .ok = true },
		READY_TERMS(X)
#undef X
	},
	.ready = true,
	.again = { INT64_MAX },
};

static bool is_well(const struct readiness *judged)
{
	for (size_t i = 0; i < TERM_COUNT; i++)
		if (!judged->terms[i].ok || judged->terms[i].reason[0])
			return false;
	return judged->ready && judged->again.us == NEVER.us;
}

static void forget_readiness(struct member *member)
{
	if (member->readiness != &well && member->readiness != &unjudged)
		free((void *)(uintptr_t)member->readiness);
}

void member_keep_readiness(struct member *member, const struct readiness *judged)
{
	struct readiness *own;

	if (is_well(judged)) {
		forget_readiness(member);
		member->readiness = &well;
		return;
	}
	own = malloc(sizeof(*own));
	if (!own)
		return;
	*own = *judged;
	forget_readiness(member);
	member->readiness = own;
}

void member_keep_port(struct member *member, const struct term *port)
{
	if (port->ok) {
		free(member->port);
		member->port = NULL;
		return;
	}
	if (!member->port)
		member->port = malloc(sizeof(*member->port));
	if (member->port)
		*member->port = *port;
}

/* The place of `name`, or where it would stand. */
static size_t place_of(const struct members *members, const char *name)
{
	size_t low = 0, high = members->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(members->items[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct member *members_find(const struct members *members, const char *name)
{
	size_t at = place_of(members, name);

	return at < members->count && strcmp(members->items[at]->name, name) == 0
		       ? members->items[at]
		       : NULL;
}

static struct member *member_free(struct member *member)
{
	if (!member)
		return NULL;
	service_free(member->service);
	changes_done(&member->pending);
	strings_done(&member->refused);
	forget_readiness(member);
	free(member->port);
	remark_clear(&member->upstream);
	remark_clear(&member->waits_for);
	free(member->measured);
	free(member->record);
	free(member->name);
	free(member);
	return NULL;
}
CLEANUP(struct member *, member_free)

struct member *members_add(
	struct members *members, struct supervisor *supervisor, const char *name)
{
	_cleanup_(member_freep) struct member *member = calloc(1, sizeof(*member));
	size_t at = place_of(members, name);
	struct member **bigger;

	if (!member)
		return NULL;
	member->supervisor = supervisor;
	member->name = strdup(name);
	member->operators_gid = UNSET;
	member->start_by = member->drain_until = NEVER;
	member->readiness = &unjudged;
	bigger = reallocarray(members->items, members->count + 1, sizeof(*bigger));
	if (bigger)
		members->items = bigger;
	if (!member->name || !bigger)
		return NULL;
	memmove(bigger + at + 1, bigger + at, (members->count - at) * sizeof(*bigger));
	members->count++;
	bigger[at] = member;
	return TAKE(member);
}

void members_remove(struct members *members, struct member *member)
{
	size_t at = place_of(members, member->name);

	memmove(members->items + at, members->items + at + 1,
		(members->count - at - 1) * sizeof(*members->items));
	members->count--;
	member_free(member);
}

void members_done(struct members *members)
{
	for (size_t i = 0; i < members->count; i++)
		member_free(members->items[i]);
	free(members->items);
	*members = (struct members){ 0 };
}
