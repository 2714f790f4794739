/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kind_rows.c - kinds that hold rows themselves: sections, lists of things, maps of
 * things.
 *
 * A list of things is a pointer (at `at`) and a count (at `count_at`); an item that could
 * not be read is there all the same, blank, because somebody refused the file for it
 * already.
 */
#include <string.h>

#include "rows/rows.h"

static size_t *count_of(const struct field *field, void *base)
{
	return (size_t *)(void *)((char *)base + field->count_at);
}

static size_t count_in(const struct field *field, const void *base)
{
	return *(const size_t *)(const void *)((const char *)base + field->count_at);
}

/* ---- sections: a struct inside the struct ------------------------------------------ */

static int read_section(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	return rows_read(reader, field->rows, node, member(field, base));
}

static struct json_t *print_section(const struct field *field, const void *base)
{
	return rows_print(field->rows, member_of(field, base));
}

static struct json_t *schema_section(const struct field *field)
{
	return rows_schema(field->rows);
}

/* rows_blank() and rows_done() walk sections by themselves: the defaults of a section
 * stand while some of its rows are read, so it has no `done` of its own. */
const struct kind kind_section = {
	.name = "a map",
	.read = read_section,
	.print = print_section,
	.schema = schema_section,
};

/* ---- a section or nothing ---------------------------------------------------------- */

static int read_choice(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	return rows_read(reader, field->rows, node, base);
}

static bool is_chosen(const struct field *field, const void *base)
{
	return *(const int64_t *)member_of(field, base) != UNSET;
}

static struct json_t *print_choice(const struct field *field, const void *base)
{
	return is_chosen(field, base) ? rows_print(field->rows, base) : json_new_null();
}

static void blank_choice(const struct field *field, void *base)
{
	for (const struct field *row = field->rows->fields; row->key; row++)
		row->kind->blank(row, base);
}

static struct json_t *schema_choice(const struct field *field)
{
	return schema_either(rows_schema(field->rows), schema_of_type("null"));
}

const struct kind kind_choice = {
	.name = "a map or null",
	.read = read_choice,
	.print = print_choice,
	.blank = blank_choice,
	.schema = schema_choice,
};

/* ---- a section that being there switches on ---------------------------------------- */

/* Then `true` alone does not say enough. */
static bool needs_a_key(const struct rows *rows)
{
	for (const struct field *field = rows->fields; field->key; field++) {
		if (field->required)
			return true;
	}
	return false;
}

static int read_switch(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	const struct node everything = { .kind = NODE_MAP, .mark = node->mark };
	const bool brief = !needs_a_key(field->rows);
	bool *on = member(field, base);
	char text[FOUND_BYTES];
	int r = rows_blank(field->rows, base);

	*on = true;
	if (r == 0 && node->kind == NODE_SCALAR && !brief &&
		strcmp(node->text, "false") != 0) {
		refuse(reader, node, "must be a map, or false, not %s",
			found(node, text));
		return 0;
	}
	if (r == 0 && node->kind == NODE_SCALAR) {
		r = read_truth(reader, field, node, on);
		node = &everything;
	}
	return r == 0 && *on ? rows_read(reader, field->rows, node, base) : r;
}

static struct json_t *print_switch(const struct field *field, const void *base)
{
	return *(const bool *)member_of(field, base) ? rows_print(field->rows, base)
						     : json_new_null();
}

static void blank_switch(const struct field *field, void *base)
{
	*(bool *)member(field, base) = false;
}

static void done_switch(const struct field *field, void *base)
{
	rows_done(field->rows, base);
}

static struct json_t *schema_switch(const struct field *field)
{
	struct json_t *off =
		schema_either(schema_of_type("null"), schema_of_type("boolean"));

	return schema_either(rows_schema(field->rows), off);
}

const struct kind kind_switch = {
	.name = "a map, or true or false",
	.read = read_switch,
	.print = print_switch,
	.blank = blank_switch,
	.done = done_switch,
	.schema = schema_switch,
};

/* ---- lists of rows ----------------------------------------------------------------- */

static int make_items(const struct field *field, size_t count, void *base)
{
	void **items = member(field, base);

	*count_of(field, base) = 0;
	*items = calloc(count + 1, field->rows->size);
	return *items ? 0 : -ENOMEM;
}

static void *item_at(const struct field *field, const void *base, size_t index)
{
	char *items = *(char *const *)member_of(field, base);

	return items + index * field->rows->size;
}

static int read_next(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	void *item = item_at(field, base, *count_of(field, base));
	int r;

	++*count_of(field, base);
	r = rows_blank(field->rows, item);
	return r < 0 ? r : rows_read(reader, field->rows, node, item);
}

static int read_list(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	char text[FOUND_BYTES];
	int r = make_items(field, node->count, base);

	if (r == 0 && node->kind != NODE_LIST) {
		refuse(reader, node, "must be %s (each %s is %s), not %s",
			field->kind->name, field->kind == &kind_list ? "item" : "map",
			field->rows->noun, found(node, text));
	}
	for (size_t i = 0; r == 0 && node->kind == NODE_LIST && i < node->count; i++) {
		struct step step = { .up = reader->at, .index = i };

		reader->at = &step;
		r = read_next(reader, field, node->items[i].value, base);
		reader->at = step.up;
	}
	return r;
}

static struct json_t *print_list(const struct field *field, const void *base)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();

	for (size_t i = 0; list && i < count_in(field, base); i++) {
		if (json_append(list, rows_print(field->rows, item_at(field, base, i))) <
			0)
			return NULL;
	}
	return TAKE(list);
}

static void done_list(const struct field *field, void *base)
{
	void **items = member(field, base);

	for (size_t i = 0; i < count_in(field, base); i++)
		rows_done(field->rows, item_at(field, base, i));
	free(TAKE(*items));
	*count_of(field, base) = 0;
}

static struct json_t *schema_rows_list(const struct field *field)
{
	return schema_list(rows_schema(field->rows));
}

const struct kind kind_list = {
	.name = "a list",
	.read = read_list,
	.print = print_list,
	.done = done_list,
	.schema = schema_rows_list,
	.indexes = 1,
};

static int read_one_or_list(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	int r;

	if (node->kind != NODE_MAP)
		return read_list(reader, field, node, base);
	r = make_items(field, 1, base);
	return r < 0 ? r : read_next(reader, field, node, base);
}

static struct json_t *print_one_or_list(const struct field *field, const void *base)
{
	if (count_in(field, base) == 0)
		return json_new_null();
	if (count_in(field, base) == 1)
		return rows_print(field->rows, item_at(field, base, 0));
	return print_list(field, base);
}

static struct json_t *schema_one_or_list(const struct field *field)
{
	return schema_either(
		schema_either(rows_schema(field->rows), schema_of_type("null")),
		schema_rows_list(field));
}

const struct kind kind_one_or_list = {
	.name = "a map, or a list of maps",
	.read = read_one_or_list,
	.print = print_one_or_list,
	.done = done_list,
	.schema = schema_one_or_list,
	.indexes = 1,
};

/* ---- maps of rows ------------------------------------------------------------------ */

/* What each thing of a map begins with. */
struct named {
	char *name;
};

static int read_named(struct reader *reader, const struct field *field,
	const struct node_item *item, void *base)
{
	const struct node key = { .kind = NODE_SCALAR, .mark = item->key_mark };
	const struct field name = { .shape = field->keys };
	struct named *named = item_at(field, base, *count_of(field, base));
	struct step step = { .up = reader->at, .key = item->key };
	int r = 0;

	reader->at = &step;
	if (text_fits(reader, &name, &key, item->key)) {
		named->name = text_format("%s", item->key);
		++*count_of(field, base);
		r = !named->name  ? -ENOMEM
		    : field->item ? field_read(reader, field->item, item->value, named)
				  : rows_read(reader, field->rows, item->value, named);
	}
	reader->at = step.up;
	return r;
}

static int read_map(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	char text[FOUND_BYTES];
	int r = make_items(field, node->count, base);

	if (r == 0 && node->kind != NODE_MAP) {
		refuse(reader, node, "must be a map (each value is %s), not %s",
			field->rows->noun, found(node, text));
	}
	for (size_t i = 0; r == 0 && node->kind == NODE_MAP && i < node->count; i++)
		r = read_named(reader, field, &node->items[i], base);
	return r;
}

static struct json_t *print_map(const struct field *field, const void *base)
{
	_cleanup_(json_freep) struct json_t *map = json_new_object();

	for (size_t i = 0; map && i < count_in(field, base); i++) {
		const struct named *named = item_at(field, base, i);
		struct json_t *value =
			field->item ? field->item->kind->print(field->item, named)
				    : rows_print(field->rows, named);

		if (json_set(map, named->name, value) < 0)
			return NULL;
	}
	return TAKE(map);
}

static void done_map(const struct field *field, void *base)
{
	void **items = member(field, base);

	for (size_t i = 0; i < count_in(field, base); i++) {
		struct named *named = item_at(field, base, i);

		free(named->name);
		if (field->item) {
			field->item->kind->done(field->item, named);
		} else {
			rows_done(field->rows, named);
		}
	}
	free(TAKE(*items));
	*count_of(field, base) = 0;
}

static struct json_t *schema_rows_map(const struct field *field)
{
	return schema_map(field->item ? field->item->kind->schema(field->item)
				      : rows_schema(field->rows));
}

const struct kind kind_map = {
	.name = "a map",
	.read = read_map,
	.print = print_map,
	.done = done_map,
	.schema = schema_rows_map,
};
