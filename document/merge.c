/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * merge.c - trees laid over each other, and the marks that remember where each value is
 * from.
 */
#include "document/merge.h"

#include <assert.h>
#include <string.h>

static int merge_item(struct node *base, const struct node_item *item)
{
	struct node *old = node_get(base, item->key);

	if (old && old->kind == NODE_MAP && item->value->kind == NODE_NULL)
		return 0;
	if (old && old->kind == NODE_MAP && item->value->kind == NODE_MAP) {
		old->mark = item->value->mark; /* where its owner looks for it */
		return node_merge(old, item->value);
	}
	return node_set(base, item->key, item->key_mark, node_copy(item->value));
}

int node_merge(struct node *base, const struct node *over)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < over->count; i++)
		r = merge_item(base, &over->items[i]);
	return r;
}

struct node *node_remove(struct node *map, const char *key)
{
	for (size_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
		struct node *value = map->items[i].value;

		if (strcmp(map->items[i].key, key) != 0)
			continue;
		free(map->items[i].key);
		memmove(&map->items[i], &map->items[i + 1],
			(map->count - i - 1) * sizeof(map->items[0]));
		map->count--;
		return value;
	}
	return NULL;
}

void node_stamp(struct node *tree, const char *origin)
{
	tree->mark.origin = origin;
	for (size_t i = 0; i < tree->count; i++) {
		tree->items[i].key_mark.origin = origin;
		node_stamp(tree->items[i].value, origin);
	}
}

const char *node_get_text(const struct node *map, const char *key)
{
	const struct node *node =
		map && map->kind == NODE_MAP ? node_get(map, key) : NULL;

	return node && node->kind == NODE_SCALAR ? node->text : NULL;
}

struct mark node_mark(const struct node *tree, const char *path)
{
	_cleanup_free_ char *shorter = strdup(path);
	const struct node *node = node_find(tree, path);

	assert(tree);
	while (!node && shorter && *shorter) {
		char *dot = strrchr(shorter, '.'), *bracket = strrchr(shorter, '[');
		char *cut = dot > bracket ? dot : bracket;

		*(cut ? cut : shorter) = '\0';
		node = *shorter ? node_find(tree, shorter) : tree;
	}
	return node ? node->mark : tree->mark;
}
