/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lists.h - pure: lists of sources, each opened once however many services name it, and
 * the sets of addresses behind them, shared by content.
 */
#pragma once

#include "firewall/model.h"

struct list {
	bool world;
	struct plan_set *sets[FAMILY_COUNT]; /* NULL: nobody of this family */
	char *refused;                       /* why it cannot be used; NULL: it can */
	struct strings unresolved;
	/* inside lists.c: */
	struct list *next;
	char *key;
};

struct lists;

int lists_new(struct lists **ret, const struct plan_input *input); /* borrows; -ENOMEM */
struct lists *lists_free(struct lists *lists);
CLEANUP(struct lists *, lists_free)

/* The list for these words; borrowed. -ENOMEM. */
int lists_find(const struct list **ret, struct lists *lists, const struct strings *words);
/* The words in one line; NULL: no memory. */
char *list_words(const struct strings *words, const char *between);
/* All sets that rules use, sorted by name; the caller owns them. -ENOMEM. */
int lists_take_sets(struct lists *lists, struct plan_set ***ret, size_t *ret_count);
