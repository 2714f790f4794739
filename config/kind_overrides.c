/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kind_overrides.c - values per site, cluster or host: read by the rows of what they set,
 * and not kept; overrides.c of sources lays them over.
 */
#include "config/keys.h"

static const char *const match_words[] = { "site", "cluster", "host" };

static void check_match(struct reader *reader, const struct node *node)
{
	const struct field match = { .words = WORDS(match) };
	struct step step = { .up = reader->at, .key = "match" };
	char text[FOUND_BYTES];

	reader->at = &step;
	refuse_other_keys(reader, &match, node);
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		if (node->items[i].value->kind != NODE_SCALAR) {
			refuse(reader, node->items[i].value, "must be a name, not %s",
				found(node->items[i].value, text));
		}
	}
	if (node->kind == NODE_MAP && node->count == 0)
		refuse(reader, node, "must name a site, a cluster or a host");
	reader->at = step.up;
}

static void refuse_path(struct reader *reader, const struct node_item *item)
{
	_cleanup_free_ char *nearest = NULL;

	if (refuse_unseen(reader))
		return;
	nearest = rows_nearest_path(&declaration_rows, item->key);
	refuse_at(reader, item->key_mark, "unknown key %s%s%s%s", item->key,
		nearest ? "; did you mean " : "", nearest ? nearest : "",
		nearest ? "?" : "");
}

static int check_set(struct reader *reader, const struct node *node)
{
	struct step step = { .up = reader->at, .key = "set" };
	char text[FOUND_BYTES];
	int r = 0;

	reader->at = &step;
	if (node->kind != NODE_MAP) {
		refuse(reader, node, "must be a map such as {run.instances: 1}, not %s",
			found(node, text));
	}
	for (size_t i = 0; r == 0 && node->kind == NODE_MAP && i < node->count; i++) {
		const struct node_item *item = &node->items[i];

		if (rows_find_path(&declaration_rows, item->key)) {
			r = rows_check_at(
				reader, &declaration_rows, item->key, item->value);
		} else {
			refuse_path(reader, item);
		}
	}
	reader->at = step.up;
	return r;
}

static int check_override(struct reader *reader, const struct node *node)
{
	const struct node *match = node_get(node, "match"), *set = node_get(node, "set");

	if (!match || !set || node->count != 2) {
		refuse(reader, node,
			"must be {match: {site, cluster or host: NAME}, set: {PATH: VALUE}}");
		return 0;
	}
	check_match(reader, match);
	return check_set(reader, set);
}

static int read_overrides(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	char text[FOUND_BYTES];
	int r = 0;

	(void)field;
	(void)base;
	if (node->kind != NODE_LIST) {
		refuse(reader, node, "must be a list of {match, set}, not %s",
			found(node, text));
		return 0;
	}
	for (size_t i = 0; r == 0 && i < node->count; i++) {
		struct step step = { .up = reader->at, .index = i };

		reader->at = &step;
		r = check_override(reader, node->items[i].value);
		reader->at = step.up;
	}
	return r;
}

static struct json_t *print_nothing(const struct field *field, const void *base)
{
	(void)field;
	(void)base;
	return json_new_null();
}

/* They are merged before the effective declaration is printed. */
static bool never_there(const struct field *field, const void *base)
{
	(void)field;
	(void)base;
	return false;
}

static struct json_t *schema_overrides(const struct field *field)
{
	(void)field;
	return schema_list(schema_of_type("object"));
}

const struct kind kind_overrides = {
	.name = "a list of {match, set}",
	.read = read_overrides,
	.print = print_nothing,
	.there = never_there,
	.schema = schema_overrides,
	.free = true,
};
