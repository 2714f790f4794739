/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * names.h - what `${…}` means in one declaration. Private to this room.
 */
#pragma once

#include "document/document.h"
#include "sources/secret_names.h"
#include "sources/sources.h"

struct name_table;

enum { NAMES_MAX_VALUES = 1000 }; /* of `values`; more are not looked at */

/* What the names are made of; borrowed by the table. */
struct name_facts {
	const char *service;
	const struct node *tree; /* the merged declaration */
	const struct host *host;
	const struct facts_of_host *facts;
	const struct paths *paths;
	struct secret_keys secrets;
};

int name_table_new(struct name_table **ret, const struct name_facts *facts); /* -ENOMEM */
struct name_table *name_table_free(struct name_table *self);
CLEANUP(struct name_table *, name_table_free)

/* Borrows the table. `secrets` is for texts that may name one. */
struct names name_table_names(struct name_table *self);
/* As above with `values` (a map) of one file before the declaration's own. -ENOMEM. */
int name_table_push(struct name_table *self, const struct node *values);
void name_table_pop(struct name_table *self);
