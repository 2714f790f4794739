/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * member.c - a sorted array of services and what the supervisor knows about each.
 */
#include "supervisor/member.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	free(member->measured);
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
	member->start_by = member->drain_until = member->readiness.again = NEVER;
	member->port.ok = true;
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
