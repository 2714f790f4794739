/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fields.h - the rows: every key, its place in the struct, how it is read, what it is when unset, what
 * it means, what a change of it needs. keys_*.c hold the tables; fields_*.c walk them.
 */
#pragma once

#include "config/config.h"
#include "config/expand.h"
#include "config/node.h"

/* Tree → struct by the rows, with defaults; expands `${…}` with `names` (NULL: the text is already effective). Every unknown key
 * (nearest right word), wrong type, unit and range is a problem; *ret is NULL when there was one. -ENOMEM. */
int fields_read_declaration(struct declaration **ret, const struct node *tree,
	const struct names *names, struct problems *problems);
int fields_read_host(
	struct host *ret, const struct node *tree, struct problems *problems);
int fields_read_site(
	struct site *ret, const struct node *tree, struct problems *problems);
/* Only the keys of a partial tree (template, defaults, override): unknown keys and kinds. */
int fields_check_partial(const struct node *tree, struct problems *problems);
/* Walks every leaf path of the rows: for origins and completion. */
typedef void field_path_fn(
	const char *path, const char *unset, const char *help, void *data);
void fields_each_path(field_path_fn *each, void *data);
/* What a change at this dotted path ("run.stop.timeout", "listen[0].port") needs. */
enum effect fields_effect(const char *path);
/* The nearest right top-level or nested path, for messages; NULL. */
const char *fields_nearest_path(const char *path);
