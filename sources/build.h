/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * build.h - the steps between gathered bytes and judged declarations. Private to this
 * room.
 */
#pragma once

#include "document/document.h"
#include "sources/sources.h"

struct name_table;

/* ---- layers.c: defaults, templates, the service, overrides ------------------------- */

struct template
{
	char *name, *origin;
	struct node *tree; /* NULL: refused */
	const struct source *source;
};

struct layers {
	const struct node *defaults;  /* NULL: none */
	struct json_t *defaults_json; /* the same, borrowed: to pin */
	struct template *templates;
	size_t templates_count;
};

/* The file name without directory and ending; the caller frees. NULL: no memory. */
char *name_of_file(const char *path);
/* A source as a tree; NULL: refused, with a problem. -ENOMEM. */
int source_parse(
	struct node **ret, const struct source *source, struct problems *problems);

/* Reads and checks all templates; wrong ones are problems. -ENOMEM. */
int layers_read(
	struct layers *layers, const struct sources *sources, struct problems *problems);
/* The service laid over its templates over the defaults; NULL: refused. What took part is
 * added to `entry->pins`. -ENOMEM. */
int layers_merge(struct node **ret, const struct layers *layers,
	const struct node *service, struct entry *entry);
void layers_done(struct layers *layers);

/* ---- files.c ----------------------------------------------------------------------- */

/* Makes `content` of each of `files`: its template's text or its own, with names
 * replaced. Templates that took part are added to `entry->pins`. -ENOMEM. */
int file_texts_render(struct node *tree, const struct sources *sources,
	struct name_table *names, struct entry *entry);

/* ---- pins.c: what a declaration was made of ---------------------------------------- */

/* Notes the hash of a source under "KIND NAME", or KIND alone. -ENOMEM. */
int pin_add(struct json_t *pins, const char *kind, const char *name,
	const struct source *source);
/* The same of a value: its text may be written otherwise and mean the same. NULL is a
 * value too: that there is none. */
int pin_add_value(struct json_t *pins, const char *kind, const struct json_t *value);

/* ---- overrides.c: values per site, cluster or host --------------------------------- */

/* What an override may match. */
struct whereabouts {
	const char *fqdn, *site; /* NULL: not known */
	const struct strings *clusters;
	const struct site *known; /* the names that there are */
};

/* Takes `overrides` out of the tree and lays those that match here over it, in order.
 * Wrong ones are problems. -ENOMEM. */
int overrides_apply(
	struct node *tree, const struct whereabouts *here, struct problems *problems);

/* ---- origins.c --------------------------------------------------------------------- */

/* {"run.stop.timeout": "template node node.yaml:12", …} of what was written; NULL: no
 * memory. */
struct json_t *origins_of(struct json_t *effective, const struct node *tree);
