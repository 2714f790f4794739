/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kind_json.c - kinds that are kept as written, for readers elsewhere: free maps, and
 * parts of a file under their keys in one object.
 */
#include <string.h>

#include "rows/rows.h"

/* ---- any JSON ---------------------------------------------------------------------- */

/* Expands every scalar of a copy. 1: done; 0: refused or left for later. */
static int expand_all(struct reader *reader, const struct field *field, struct node *node)
{
	char *text = NULL;
	int r = 1;

	if (node->kind == NODE_SCALAR) {
		r = read_scalar(reader, field, node, "a text", &text);
		if (r == 1) {
			free(node->text);
			node->text = text;
		}
		return r;
	}
	for (size_t i = 0; r > 0 && i < node->count; i++) {
		struct step step = {
			.up = reader->at, .key = node->items[i].key, .index = i
		};

		reader->at = &step;
		r = expand_all(reader, field, node->items[i].value);
		reader->at = step.up;
	}
	return r;
}

static const char *next_word(size_t index, const void *data)
{
	const struct words *words = data;

	return index < words->count ? words->items[index] : NULL;
}

static bool is_one_of(const struct words *words, const char *key)
{
	for (size_t i = 0; i < words->count; i++) {
		if (strcmp(words->items[i], key) == 0)
			return true;
	}
	return false;
}

/* A map, or a list where the default is one; where it is a word, check_*.c judges. */
static bool is_of_its_type(
	struct reader *reader, const struct field *field, const struct node *node)
{
	const bool list = field->unset && field->unset[0] == '[';
	char text[FOUND_BYTES];

	if (node->kind == (list ? NODE_LIST : NODE_MAP) || (field->unset && !list))
		return true;
	refuse(reader, node, "must be %s, not %s", list ? "a list" : "a map",
		found(node, text));
	return false;
}

void refuse_other_keys(
	struct reader *reader, const struct field *field, const struct node *node)
{
	for (size_t i = 0; i < node->count; i++) {
		const struct node_item *item = &node->items[i];
		struct step step = { .up = reader->at, .key = item->key };
		const char *nearest;

		if (is_one_of(field->words, item->key))
			continue;
		nearest = text_nearest(item->key, next_word, field->words);
		reader->at = &step;
		refuse_at(reader, item->key_mark, "unknown key%s%s%s",
			nearest ? "; did you mean " : "", nearest ? nearest : "",
			nearest ? "?" : "");
		reader->at = step.up;
	}
}

/* 1: *ret is it. */
static int take_json(struct reader *reader, const struct field *field,
	const struct node *node, struct json_t **ret)
{
	_cleanup_(node_freep) struct node *copy = node_copy(node);
	int r;

	if (!copy)
		return -ENOMEM;
	if (!is_of_its_type(reader, field, copy))
		return 0;
	if (field->words)
		refuse_other_keys(reader, field, copy);
	r = expand_all(reader, field, copy);
	if (r <= 0)
		return r;
	*ret = node_to_json(copy);
	return *ret ? 1 : -ENOMEM;
}

static int read_json(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	return MIN(take_json(reader, field, node, member(field, base)), 0);
}

static struct json_t *print_json(const struct field *field, const void *base)
{
	struct json_t *json = *(struct json_t *const *)member_of(field, base);

	return json ? json_share(json) : json_new_null();
}

static void done_json(const struct field *field, void *base)
{
	struct json_t **json = member(field, base);

	json_free(TAKE(*json));
}

static struct json_t *schema_json(const struct field *field)
{
	return field->words ? schema_of_type("object") : json_new_object();
}

const struct kind kind_json = {
	.name = "a map",
	.read = read_json,
	.print = print_json,
	.done = done_json,
	.schema = schema_json,
	.free = true,
};

/* ---- the same, each under its key in one object ------------------------------------ */

static int read_rest(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	struct json_t **rest = member(field, base), *value = NULL;
	int r = take_json(reader, field, node, &value);

	if (r <= 0)
		return r;
	if (!*rest)
		*rest = json_new_object();
	if (!*rest) {
		json_free(value);
		return -ENOMEM;
	}
	return json_set(*rest, field->key, value);
}

static struct json_t *part_of(const struct field *field, const void *base)
{
	return json_get(*(struct json_t *const *)member_of(field, base), field->key);
}

static struct json_t *print_rest(const struct field *field, const void *base)
{
	return json_share(part_of(field, base));
}

static bool has_part(const struct field *field, const void *base)
{
	return part_of(field, base) != NULL;
}

/* Called before its key is read again, and once for each of the rows at the end. */
static void done_rest(const struct field *field, void *base)
{
	struct json_t **rest = member(field, base);

	if (*rest)
		json_remove(*rest, field->key);
	if (*rest && json_size(*rest) == 0)
		json_free(TAKE(*rest));
}

const struct kind kind_rest = {
	.name = "a map",
	.read = read_rest,
	.print = print_rest,
	.there = has_part,
	.done = done_rest,
	.schema = schema_json,
	.free = true,
};
