/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * diff.c - two effective declarations, leaf by leaf: what differs, and what applying it
 * needs.
 *
 * Not here: what a key needs when it changes: the rows say it, and a file by itself
 * (`on_change`).
 */
#include <stdlib.h>
#include <string.h>

#include "config/fields.h"
#include "document/document.h"

struct leaf {
	char *path, *value;
};

struct leaves {
	struct leaf *items;
	size_t count;
};

static void leaves_done(struct leaves *leaves)
{
	for (size_t i = 0; i < leaves->count; i++) {
		free(leaves->items[i].path);
		free(leaves->items[i].value);
	}
	free(leaves->items);
}

static int add_leaf(const char *path, struct json_t *value, void *data)
{
	struct leaves *leaves = data;
	struct leaf *items;
	const char *text = json_text(value);

	if ((leaves->count & (leaves->count - 1)) == 0) {
		items = reallocarray(leaves->items, leaves->count ? leaves->count * 2 : 1,
			sizeof(*items));
		if (!items)
			return -ENOMEM;
		leaves->items = items;
	}
	items = &leaves->items[leaves->count++];
	items->path = strdup(path);
	items->value = text ? strdup(text) : json_print(value, JSON_ONE_LINE);
	return items->path && items->value ? 0 : -ENOMEM;
}

static int collect(struct leaves *leaves, struct json_t *tree)
{
	return tree ? leaves_walk(tree, add_leaf, leaves) : 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct leaf *)a)->path, ((const struct leaf *)b)->path);
}

static const struct leaf *find_leaf(const struct leaves *sorted, const char *path)
{
	const struct leaf key = { .path = (char *)(uintptr_t)path };

	if (sorted->count == 0)
		return NULL;
	return bsearch(&key, sorted->items, sorted->count, sizeof(key), by_path);
}

/* An empty list that got its first item is said by the item. */
static bool stands_for_nothing(const struct leaf *leaf, const struct leaves *others)
{
	size_t size = strlen(leaf->path);

	if (strcmp(leaf->value, "[]") != 0 && strcmp(leaf->value, "{}") != 0)
		return false;
	for (size_t i = 0; i < others->count; i++) {
		const char *path = others->items[i].path;

		if (strncmp(path, leaf->path, size) == 0 &&
			(path[size] == '[' || path[size] == '.'))
			return true;
	}
	return false;
}

static int add_change(
	struct changes *changes, const char *key, const char *before, const char *after)
{
	struct change *items =
		realloc(changes->items, (changes->count + 1) * sizeof(*items));
	struct change *change;

	if (!items)
		return -ENOMEM;
	changes->items = items;
	change = &items[changes->count++];
	*change = (struct change){ .key = strdup(key),
		.before = before ? strdup(before) : NULL,
		.after = after ? strdup(after) : NULL };
	if (!change->key || (before && !change->before) || (after && !change->after))
		return -ENOMEM;
	return 0;
}

/* What `leaves` has and `others` has not, or otherwise; `gone`: only what it has not at
 * all. */
static int compare(struct changes *changes, const struct leaves *leaves,
	const struct leaves *others, const struct leaves *sorted, bool gone)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < leaves->count; i++) {
		const struct leaf *leaf = &leaves->items[i];
		const struct leaf *other = find_leaf(sorted, leaf->path);

		if ((other && (gone || strcmp(other->value, leaf->value) == 0)) ||
			(!other && stands_for_nothing(leaf, others)))
			continue;
		r = add_change(changes, leaf->path,
			gone ? leaf->value : (other ? other->value : NULL),
			gone ? NULL : leaf->value);
	}
	return r;
}

static int sort_copy(struct leaves *ret, const struct leaves *leaves)
{
	if (leaves->count == 0)
		return 0;
	ret->items = reallocarray(NULL, leaves->count, sizeof(ret->items[0]));
	if (!ret->items)
		return -ENOMEM;
	memcpy(ret->items, leaves->items, leaves->count * sizeof(ret->items[0]));
	ret->count = leaves->count;
	qsort(ret->items, ret->count, sizeof(ret->items[0]), by_path);
	return 0;
}

static int diff_leaves(
	struct changes *changes, const struct leaves *before, const struct leaves *after)
{
	struct leaves before_sorted = { 0 }, after_sorted = { 0 };
	int r = sort_copy(&before_sorted, before);

	r = r < 0 ? r : sort_copy(&after_sorted, after);
	r = r < 0 ? r : compare(changes, before, after, &after_sorted, true);
	r = r < 0 ? r : compare(changes, after, before, &before_sorted, false);
	free(before_sorted.items); /* the leaves belong to what was sorted */
	free(after_sorted.items);
	return r;
}

/* ---- what a change needs ----------------------------------------------------------- */

/* Behind "files[N]."; NULL: `key` is of no file. */
static const char *file_key(const char *key, size_t *ret_index)
{
	static const char before[] = "files[", behind[] = "].";
	char *end;

	if (!text_starts(key, before))
		return NULL;
	*ret_index = strtoul(key + strlen(before), &end, 10);
	return text_starts(end, behind) ? end + strlen(behind) : NULL;
}

static bool can_reload(const struct json_t *declaration)
{
	const struct json_t *run = json_get(declaration, "run");

	return json_kind(json_get(run, "reload")) == JSON_IS_MAP;
}

static enum effect effect_of(const char *key, const struct json_t *after)
{
	size_t index;
	const char *below = file_key(key, &index), *wish;

	if (!below || strcmp(below, "path") == 0 || strcmp(below, "on_change") == 0)
		return fields_effect(key);
	wish = json_get_text(json_item(json_get(after, "files"), index), "on_change",
		on_change_words[ON_CHANGE_RESTART]);
	if (strcmp(wish, on_change_words[ON_CHANGE_NOTHING]) == 0)
		return CHANGE_IN_PLACE;
	return strcmp(wish, on_change_words[ON_CHANGE_RELOAD]) == 0 && can_reload(after)
		       ? CHANGE_RELOAD
		       : CHANGE_RESTART;
}

int config_diff(struct changes *ret, struct json_t *before, struct json_t *after)
{
	struct leaves old = { 0 }, new = { 0 };
	struct changes changes = { 0 };
	int r = collect(&old, before);

	r = r < 0 ? r : collect(&new, after);
	r = r < 0 ? r : diff_leaves(&changes, &old, &new);
	for (size_t i = 0; i < changes.count; i++)
		changes.items[i].effect = effect_of(changes.items[i].key, after);
	leaves_done(&old);
	leaves_done(&new);
	if (r < 0)
		changes_done(&changes);
	else
		*ret = changes;
	return r;
}

void changes_done(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->items[i].key);
		free(changes->items[i].before);
		free(changes->items[i].after);
	}
	free(changes->items);
	*changes = (struct changes){ 0 };
}
