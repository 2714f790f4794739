/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rules.h - the door of this room: what must be true of what was read, beyond one key at
 * a time. Pure; every refusal is a problem with its place.
 */
#pragma once

#include "config/config.h"

struct paths;

struct checking {
	struct declaration *declaration;
	const struct node *tree; /* for places, and for what was written at all */
	const struct host *host;
	const struct site *site;
	const struct paths *paths;
	struct problems *problems;
	struct strings *warnings;
};

/* Fills in defaults that are other values (user, log directory, …). -ENOMEM. */
int declaration_complete(struct checking *self);
void declaration_check(struct checking *self);
void host_check(
	const struct host *host, const struct node *tree, struct problems *problems);
/* Sets and default sources of the site. */
void site_check(
	const struct site *site, const struct node *tree, struct problems *problems);

struct draft {
	struct node *tree; /* merged; NULL: it could not be parsed */
};

/* Refuses entries that cannot stand beside an earlier one; `accepted` as in struct
 * sources. -ENOMEM. */
int entries_check(
	struct config *config, const struct draft *drafts, const struct json_t *accepted);
/* Makes an entry a refused one. */
void entry_refuse(struct entry *entry);
