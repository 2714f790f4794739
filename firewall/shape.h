/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * shape.h - pure: what is in the table, as a sorted list of names with the hash of what
 * each holds, and the difference between two such lists.
 */
#pragma once

#include "firewall/model.h"

enum item_kind { ITEM_COUNTER, ITEM_SET, ITEM_MAP, ITEM_CHAIN, ITEM_PORT };

enum { HASH_UNKNOWN = 0 }; /* never equal to any: it is written anew */

struct item {
	enum item_kind kind;
	char name[NAME_BYTES];
	unsigned long long hash;
	uint8_t protocol; /* of a port */
	uint16_t port;
	/* In a wanted shape, borrowed from the plan: */
	const struct plan_service *service; /* NULL: nobody's alone */
	const void *planned;                /* plan_set, plan_chain or plan_port */
};

struct shape {
	struct item *items;
	size_t count, capacity;
};

/* All: -ENOMEM. */
int shape_add(struct shape *shape, const struct item *item);
int shape_add_port(struct shape *shape, uint8_t protocol, uint16_t port);
int shape_of_plan(struct shape *ret, const struct plan *plan);
void shape_sort(struct shape *shape);
void shape_done(struct shape *shape);

enum change_verb { CHANGE_ADD = 1, CHANGE_REPLACE = 2, CHANGE_REMOVE = 4 };
struct table_change {
	enum change_verb verb;
	const struct item *item; /* to remove: of `have`; else of `want` */
};
struct table_changes {
	struct table_change *items;
	size_t count;
};

/* Both sorted; both must outlive the changes. -ENOMEM. */
int shape_diff(
	struct table_changes *ret, const struct shape *have, const struct shape *want);
void table_changes_done(struct table_changes *changes);
