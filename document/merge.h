/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * merge.h - pure: trees laid over each other.
 */
#pragma once

#include "document/node.h"

/* Lays `over` on `base`, both maps: maps are joined by key, lists and scalars replace. An
 * empty section (null over a map) changes nothing. Copies what it takes. -ENOMEM. */
int node_merge(struct node *base, const struct node *over);
/* Takes a key out of a map. NULL: it was not there. */
struct node *node_remove(struct node *map, const char *key);
/* Writes the origin into all marks of a tree; borrowed. */
void node_stamp(struct node *tree, const char *origin);
/* The text of a scalar below `map`; NULL when it is not there or something else. */
const char *node_get_text(const struct node *map, const char *key);
/* The mark of what says most about a path: itself, or the nearest map around it. */
struct mark node_mark(const struct node *tree, const char *path);
