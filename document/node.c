/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * node.c - the tree of what was written: made, copied, asked by key and by path, and
 * turned into JSON and back. Knows no key and no type: fields_*.c say what a tree means.
 */
#include "document/node.h"

#include <inttypes.h>
#include <string.h>

#include "document/problem.h"

enum { STEP_BYTES = 256 };

struct node *node_new(enum node_kind kind, struct mark mark)
{
	struct node *node = calloc(1, sizeof(*node));

	if (node) {
		node->kind = kind;
		node->mark = mark;
	}
	return node;
}

struct node *node_new_text(const char *text, struct mark mark)
{
	_cleanup_(node_freep) struct node *node = node_new(NODE_SCALAR, mark);

	if (!node || !(node->text = strdup(text)))
		return NULL;
	node->quoted = true;
	return TAKE(node);
}

struct node *node_free(struct node *node)
{
	if (!node)
		return NULL;
	for (size_t i = 0; i < node->count; i++) {
		free(node->items[i].key);
		node_free(node->items[i].value);
	}
	free(node->items);
	free(node->text);
	free(node);
	return NULL;
}

/* Room is made in powers of two: a list of 10,000 items is not copied 10,000 times. */
static bool make_room(struct node *node)
{
	struct node_item *items;

	if (node->count & (node->count - 1))
		return true;
	items = reallocarray(
		node->items, node->count ? node->count * 2 : 1, sizeof(*items));
	if (items)
		node->items = items;
	return items;
}

int node_append(
	struct node *node, const char *key, struct mark key_mark, struct node *value)
{
	_cleanup_(node_freep) struct node *owned = value;
	_cleanup_free_ char *name = key ? strdup(key) : NULL;

	if (!owned || (key && !name) || !make_room(node))
		return -ENOMEM;
	node->items[node->count++] =
		(struct node_item){ TAKE(name), key_mark, TAKE(owned) };
	return 0;
}

struct node *node_copy(const struct node *node)
{
	_cleanup_(node_freep) struct node *copy = node_new(node->kind, node->mark);

	if (!copy || (node->text && !(copy->text = strdup(node->text))))
		return NULL;
	copy->quoted = node->quoted;
	for (size_t i = 0; i < node->count; i++) {
		const struct node_item *item = &node->items[i];

		if (node_append(copy, item->key, item->key_mark, node_copy(item->value)) <
			0)
			return NULL;
	}
	return TAKE(copy);
}

static struct node_item *find_item(const struct node *map, const char *key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->items[i].key, key) == 0)
			return &map->items[i];
	}
	return NULL;
}

struct node *node_get(const struct node *map, const char *key)
{
	const struct node_item *item = find_item(map, key);

	return item ? item->value : NULL;
}

int node_set(struct node *map, const char *key, struct mark key_mark, struct node *value)
{
	struct node_item *item = find_item(map, key);

	if (!item)
		return node_append(map, key, key_mark, value);
	if (!value)
		return -ENOMEM;
	node_free(item->value);
	item->value = value;
	item->key_mark = key_mark;
	return 0;
}

void node_measure(const struct node *node, size_t depth, size_t *count, size_t *deepest)
{
	*deepest = MAX(*deepest, depth);
	*count += node->count;
	for (size_t i = 0; i < node->count && *count <= DOCUMENT_MAX_KEYS; i++) {
		node_measure(node->items[i].value,
			depth + (node->items[i].value->count > 0), count, deepest);
	}
}

static int compare_items(const void *left, const void *right)
{
	const struct node_item *const *a = left, *const *b = right;
	int order = strcmp((*a)->key, (*b)->key);

	return order ? order : (*a > *b) - (*a < *b);
}

int node_sort(const struct node_item ***ret, const struct node *map)
{
	const struct node_item **items = calloc(map->count + 1, sizeof(void *));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < map->count; i++)
		items[i] = &map->items[i];
	qsort(items, map->count, sizeof(void *), compare_items);
	*ret = items;
	return 0;
}

/* The next step of a dotted path: a key into `key`, or an index. Returns what follows,
 * NULL when it is no path. */
static const char *next_step(const char *path, char key[static STEP_BYTES], size_t *index)
{
	size_t size;

	key[0] = '\0';
	if (*path == '[') {
		char *end;

		*index = strtoul(path + 1, &end, 10);
		if (end == path + 1 || *end != ']')
			return NULL;
		return end[1] == '.' && end[2] ? end + 2 : end + 1;
	}
	size = strcspn(path, ".[");
	if (size == 0 || size >= STEP_BYTES)
		return NULL;
	memcpy(key, path, size);
	key[size] = '\0';
	if (path[size] == '.')
		return path[size + 1] ? path + size + 1 : NULL;
	return path + size;
}

static struct node *child(const struct node *node, const char *key, size_t index)
{
	if (key[0])
		return node_get(node, key);
	return node->kind == NODE_LIST && index < node->count ? node->items[index].value
							      : NULL;
}

const struct node *node_find(const struct node *tree, const char *path)
{
	char key[STEP_BYTES];
	size_t index = 0;

	while (tree && *path) {
		if (tree->kind == NODE_SCALAR)
			return tree;
		path = next_step(path, key, &index);
		if (!path)
			return NULL;
		tree = child(tree, key, index);
	}
	return tree;
}

/* The map or list that a step leads to; a map is made where nothing is. */
static int step_into(struct node **ret, struct node *node, const char *key, size_t index)
{
	struct node *next = child(node, key, index);
	int r;

	if (!next || next->kind == NODE_NULL) {
		if (!key[0] || node->kind != NODE_MAP)
			return -EINVAL;
		next = node_new(NODE_MAP, node->mark);
		r = node_set(node, key, node->mark, next);
		if (r < 0)
			return r;
	}
	*ret = next;
	return 0;
}

int node_set_path(struct node *map, const char *path, struct node *value)
{
	_cleanup_(node_freep) struct node *owned = value;
	char key[STEP_BYTES];
	size_t index = 0;
	int r = 0;

	while ((path = next_step(path, key, &index)) && *path && r == 0)
		r = step_into(&map, map, key, index);
	if (r < 0)
		return r;
	if (!path || !key[0] || map->kind != NODE_MAP)
		return -EINVAL;
	return node_set(map, key, owned ? owned->mark : map->mark, TAKE(owned));
}

/* ---- JSON -------------------------------------------------------------------------- */

static char *print_scalar(const struct json_t *json)
{
	switch (json_kind(json)) {
	case JSON_IS_TEXT: return strdup(json_text(json));
	case JSON_IS_BOOL: return strdup(json_bool(json) ? "true" : "false");
	case JSON_IS_INT: return text_format("%" PRId64, json_int(json));
	default: return json_print(json, JSON_ONE_LINE);
	}
}

static int add_items(struct node *node, struct json_t *json)
{
	const char *key;
	struct json_t *value;
	int r = 0;

	for (size_t i = 0; r == 0 && node->kind == NODE_LIST && i < json_size(json);
		i++) {
		struct node *item = NULL;

		r = node_from_json(&item, json_item(json, i));
		r = r < 0 ? r : node_append(node, NULL, node->mark, item);
	}
	if (node->kind != NODE_MAP)
		return r;
	json_each(json, key, value)
	{
		struct node *item = NULL;

		r = r < 0 ? r : node_from_json(&item, value);
		r = r < 0 ? r : node_append(node, key, node->mark, item);
	}
	return r;
}

int node_from_json(struct node **ret, struct json_t *json)
{
	static const enum node_kind kinds[] = {
		[JSON_IS_NULL] = NODE_NULL,
		[JSON_IS_BOOL] = NODE_SCALAR,
		[JSON_IS_INT] = NODE_SCALAR,
		[JSON_IS_DOUBLE] = NODE_SCALAR,
		[JSON_IS_TEXT] = NODE_SCALAR,
		[JSON_IS_LIST] = NODE_LIST,
		[JSON_IS_MAP] = NODE_MAP,
	};
	_cleanup_(node_freep) struct node *node =
		node_new(kinds[json_kind(json)], (struct mark){ .file = "" });

	if (!node)
		return -ENOMEM;
	if (node->kind == NODE_SCALAR && !(node->text = print_scalar(json)))
		return -ENOMEM;
	node->quoted = json_kind(json) == JSON_IS_TEXT;
	if (add_items(node, json) < 0)
		return -ENOMEM;
	*ret = TAKE(node);
	return 0;
}

/* A plain scalar is what JSON would take it for: `012`, `1_000` and `10:20` stay
 * texts. */
static struct json_t *scalar_to_json(const struct node *node)
{
	struct json_t *value = NULL;

	if (!node->quoted && node->text[0] && strchr("-0123456789tf", node->text[0]) &&
		json_parse(&value, node->text, strlen(node->text), 64, NULL) == 0)
		return value;
	return json_new_text(node->text);
}

struct json_t *node_to_json(const struct node *node)
{
	_cleanup_(json_freep) struct json_t *json = NULL;

	if (node->kind == NODE_NULL)
		return json_new_null();
	if (node->kind == NODE_SCALAR)
		return scalar_to_json(node);
	json = node->kind == NODE_LIST ? json_new_array() : json_new_object();
	for (size_t i = 0; json && i < node->count; i++) {
		struct json_t *value = node_to_json(node->items[i].value);
		int r = node->kind == NODE_LIST
				? json_append(json, value)
				: json_set(json, node->items[i].key, value);

		if (r < 0)
			return NULL;
	}
	return TAKE(json);
}
