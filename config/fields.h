/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fields.h - trees of nodes into structs by the rows, and questions about the rows. The
 * rows themselves are rows.h and keys_*.c.
 */
#pragma once

#include "config/config.h"
#include "document/document.h"
#include "rows/rows.h"

/* Tree → struct by the rows, with defaults; expands `${…}` with `names` (NULL: the text
 * is already effective). Every unknown key (nearest right word), wrong type, unit and
 * range is a problem; *ret is NULL when there was one. -ENOMEM.
 *
 * `files[].content` is left as it stands: its names are those of the file's values too.
 * `overrides` is checked and not kept. Left NULL for build.c: run.user, run.group,
 * access.group, logs.directory and the like, whose default is another value. */
int fields_read_declaration(struct declaration **ret, const struct node *tree,
	const struct names *names, struct problems *problems);
/* *ret is whole also when problems were added: keys that were refused have their
 * default. */
int fields_read_host(
	struct host *ret, const struct node *tree, struct problems *problems);
int fields_read_site(
	struct site *ret, const struct node *tree, struct problems *problems);
/* Only what stands in a partial tree (template, defaults, the `set` of an override):
 * unknown keys, kinds, units and ranges; values with `${` in them are left for later. */
int fields_check_partial(const struct node *tree, struct problems *problems);

/* Walks every leaf path of the rows: for completion and documents. `unset` is NULL for
 * keys without default. Lists are "listen[].port". */
void fields_each_path(field_path_fn *each, void *data);
/* What a change at this dotted path ("run.stop.timeout", "listen[0].port") needs. A path
 * that leads to a map or a list needs the most that anything in it needs. */
enum effect fields_effect(const char *path);
/* Whether a declaration can have this dotted path. */
bool fields_known(const char *path);
/* One of `policy.ceilings` by its key: the bound (UNSET: none), and a value as an
 * operator writes it there; the caller frees, NULL: no memory. */
int64_t ceiling_bound(const struct host_policy *policy, const char *key);
char *ceiling_print(const char *key, int64_t value);
