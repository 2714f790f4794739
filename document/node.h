/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * node.h - what a file says before anyone asks what it means: a tree of scalars, lists
 * and maps, each with the place where it was written. libyaml's only user is yaml.c; JSON
 * comes in by node_from_json().
 *
 * A node owns its children. Marks borrow the file name from the sources, which outlive
 * the tree.
 */
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

enum node_kind { NODE_NULL, NODE_SCALAR, NODE_LIST, NODE_MAP };

struct mark {
	const char *file;      /* as shown to people; "" for what came from JSON */
	unsigned line, column; /* from 1; 0: none */
	const char *origin;    /* NULL, or a word before the place: "template node",
				  "defaults", "override" */
};

struct node {
	enum node_kind kind;
	struct mark mark;
	char *text;  /* of a scalar */
	bool quoted; /* a scalar in quotes or a block: always a string */
	struct node_item {
		char *key; /* of a map; NULL in a list */
		struct mark key_mark;
		struct node *value;
	} * items;
	size_t count;
};

struct problems;

struct node *node_new(enum node_kind kind, struct mark mark); /* NULL: no memory */
/* A scalar in quotes: always a string. NULL: no memory. */
struct node *node_new_text(const char *text, struct mark mark);
struct node *node_free(struct node *node);
CLEANUP(struct node *, node_free)
struct node *node_copy(const struct node *node); /* deep; NULL: no memory */
struct node *node_get(const struct node *map, const char *key); /* borrowed or NULL */
/* The node that says most about a dotted path ("run.stop.timeout", "listen[0].port"): the
 * one written there, or the scalar that stands for the map that the path goes through
 * (`http: /_info` for "http.path"). Borrowed; NULL: nothing was written. */
const struct node *node_find(const struct node *tree, const char *path);
/* Appends to a map or, with NULL key, a list, without looking for the key. Takes value.
 * -ENOMEM. */
int node_append(
	struct node *node, const char *key, struct mark key_mark, struct node *value);
/* Sets or replaces; takes value. -ENOMEM. */
int node_set(struct node *map, const char *key, struct mark key_mark, struct node *value);
/* The items of a map by key; those of one key as they stand. Caller frees the list.
 * -ENOMEM. */
int node_sort(const struct node_item ***ret, const struct node *map);
/* Adds the keys and items of a tree to *count, and raises *deepest to how deep it goes
 * when it stands at `depth`; stops early beyond DOCUMENT_MAX_KEYS. */
void node_measure(const struct node *node, size_t depth, size_t *count, size_t *deepest);
/* By dotted path; makes the maps on the way, "[N]" must exist. Takes value. -EINVAL when
 * the path is none or goes through something else than maps, -ENOMEM. */
int node_set_path(struct node *map, const char *path, struct node *value);

/* One document of YAML 1.1/1.2 (or JSON). Duplicate keys, anchors beyond the limits,
 * NULs, tabs, a second document, … are problems with their place. NULL in *ret when
 * refused. -ENOMEM. */
int node_from_yaml(struct node **ret, const char *file, const char *bytes, size_t size,
	struct problems *problems);
int node_from_json(struct node **ret, struct json_t *json); /* -ENOMEM */
/* Plain `true`, `12` and `1.5` become bool and numbers, other scalars texts. NULL: no
 * memory. */
struct json_t *node_to_json(const struct node *node);
