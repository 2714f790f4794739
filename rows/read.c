/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fields_read.c - walks a tree along the rows: unknown keys, defaults, what is required,
 * and the path for messages. What a value may be is the business of its kind.
 */
#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "rows/rows.h"

enum { KNOWN_KEYS_SHOWN = 30 };

/* ---- saying what is wrong ---------------------------------------------------------- */

static void add_step(struct text *path, const struct step *step)
{
	if (!step)
		return;
	add_step(path, step->up);
	if (step->key) {
		text_addf(path, "%s%s", path->size ? "." : "",
			step->key[0] ? step->key : "\"\"");
	} else {
		text_addf(path, "[%zu]", step->index);
	}
}

char *reader_path(const struct reader *reader)
{
	struct text path = { 0 };

	add_step(&path, reader->at);
	return text_take(&path);
}

static void refuse_v(
	struct reader *reader, struct mark mark, const char *format, va_list args)
{
	_cleanup_free_ char *path = reader_path(reader);
	struct text sentence = { 0 };

	reader->refusals++;
	text_addv(&sentence, format, args);
	if (path && !text_failed(&sentence))
		problem(reader->problems, mark, path, "%s", sentence.bytes);
	text_done(&sentence);
}

void refuse(struct reader *reader, const struct node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	refuse_v(reader, node->mark, format, args);
	va_end(args);
}

void refuse_at(struct reader *reader, struct mark mark, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	refuse_v(reader, mark, format, args);
	va_end(args);
}

bool refuse_unseen(struct reader *reader)
{
	bool unseen = reader->problems->lines.count >= DOCUMENT_MAX_PROBLEMS;

	reader->refusals += unseen;
	return unseen;
}

const char *found(const struct node *node, char ret[static FOUND_BYTES])
{
	static const char *const kinds[] = {
		[NODE_NULL] = "nothing (null)",
		[NODE_LIST] = "a list",
		[NODE_MAP] = "a map",
	};
	const char *quote = node->quoted ? "\"" : "";
	size_t size;

	if (node->kind != NODE_SCALAR)
		return kinds[node->kind];
	size = strcspn(node->text, "\n");
	snprintf(ret, FOUND_BYTES, "%s%.*s%s%s", quote, (int)MIN(size, 60), node->text,
		size > 60 || node->text[size] ? "..." : "", quote);
	return ret;
}

/* ---- keys -------------------------------------------------------------------------- */

const struct field *rows_find(const struct rows *rows, const char *key)
{
	for (const struct field *field = rows->fields; field->key; field++) {
		if (strcmp(field->key, key) == 0)
			return field;
	}
	return NULL;
}

static const char *next_key(size_t index, const void *data)
{
	const struct rows *rows = data;

	/* The row that ends the table has no key, which ends the question too. */
	return rows->fields[index].key;
}

const char *nearest_key(const struct rows *rows, const char *key)
{
	return text_nearest(key, next_key, rows);
}

/* Where else a key of this name would be right: "memory" is known in "limits". */
static const char *section_with(const struct rows *rows, const char *key)
{
	const struct field *section = rows->whole ? rows->fields : NULL;

	for (; section && section->key; section++) {
		if (section->kind == &kind_section && rows_find(section->rows, key))
			return section->key;
	}
	return NULL;
}

/* All keys where they are few; else where to read of them. */
static void add_known_keys(struct text *keys, const struct rows *rows)
{
	size_t start = keys->size, count = 0;

	for (const struct field *field = rows->fields; field->key; field++)
		text_addf(keys, "%s%s", count++ ? ", " : "", field->key);
	if (count <= KNOWN_KEYS_SHOWN || text_failed(keys))
		return;
	keys->size = start;
	text_addf(keys, "%zu others, such as %s", count, rows->fields[0].key);
}

static void refuse_unknown(
	struct reader *reader, const struct rows *rows, const struct node_item *item)
{
	struct step step = { .up = reader->at, .key = item->key };
	const char *nearest = nearest_key(rows, item->key);
	const char *section = section_with(rows, item->key);
	struct text keys = { 0 };

	add_known_keys(&keys, rows);
	reader->at = &step;
	if (nearest) {
		refuse_at(
			reader, item->key_mark, "unknown key; did you mean %s?", nearest);
	} else if (section) {
		refuse_at(reader, item->key_mark, "unknown key here; it belongs in %s",
			section);
	} else if (!text_failed(&keys)) {
		refuse_at(reader, item->key_mark, "unknown key; %s has %s", rows->noun,
			keys.bytes);
	}
	reader->at = step.up;
	text_done(&keys);
}

/* ---- the walk ---------------------------------------------------------------------- */

int field_read_default(struct reader *reader, const struct field *field, void *base)
{
	_cleanup_(json_freep) struct json_t *json = NULL;
	_cleanup_(node_freep) struct node *node = NULL;
	struct reader quiet = { .problems = reader->problems, .at = reader->at };
	struct node scalar = { .kind = NODE_SCALAR, .mark = { .file = "default" } };

	if (!field->unset)
		return 0;
	if (!strchr("[{", field->unset[0]) || !field->unset[0]) {
		scalar.text = (char *)(uintptr_t)field->unset; /* only read */
		return field->kind->read(&quiet, field, &scalar, base);
	}
	if (json_parse(&json, field->unset, strlen(field->unset), TEXT_MOST_BYTES, NULL) <
			0 ||
		node_from_json(&node, json) < 0)
		return -ENOMEM;
	return field->kind->read(&quiet, field, node, base);
}

int field_read(struct reader *reader, const struct field *field, const struct node *node,
	void *base)
{
	if (node->kind != NODE_NULL) {
		if (field->kind->done)
			field->kind->done(field, base); /* the default */
		return field->kind->read(reader, field, node, base);
	}
	if (field->required && !reader->partial) {
		refuse(reader, node, "must not be null: %s", field->help);
	} else if (field->unset && !strchr("[{", field->unset[0]) && !reader->partial) {
		refuse(reader, node,
			"must be %s, not nothing (null); leave the key out for %s",
			field->kind->name, field->unset);
	}
	return 0;
}

static int read_known(struct reader *reader, const struct field *field,
	const struct node_item *item, void *base)
{
	struct step step = { .up = reader->at, .key = item->key };
	int r;

	reader->at = &step;
	r = field_read(reader, field, item->value, base);
	reader->at = step.up;
	return r;
}

/* Those of kind `first`, which others go on from. */
static int read_first(struct reader *reader, const struct rows *rows,
	const struct node *node, void *base)
{
	int r = 0;

	for (size_t i = 0; rows->first && r == 0 && i < node->count; i++) {
		const struct field *field = rows_find(rows, node->items[i].key);

		if (field && field->kind == rows->first)
			r = read_known(reader, field, &node->items[i], base);
	}
	return r;
}

static int read_items(struct reader *reader, const struct rows *rows,
	const struct node *node, void *base)
{
	int r = read_first(reader, rows, node, base);

	for (size_t i = 0; r == 0 && i < node->count; i++) {
		const struct node_item *item = &node->items[i];
		const struct field *field = rows_find(rows, item->key);

		if (!field && !refuse_unseen(reader)) {
			refuse_unknown(reader, rows, item);
		} else if (field && (!rows->first || field->kind != rows->first)) {
			r = read_known(reader, field, item, base);
		}
	}
	return r;
}

/* A section that is not written has rows that are required all the same. */
static void refuse_missing(
	struct reader *reader, const struct rows *rows, const struct node *node)
{
	const struct node none = { .kind = NODE_MAP, .mark = node->mark };

	for (const struct field *field = rows->fields; field->key; field++) {
		const struct node *child = node_get(node, field->key);
		struct step step = { .up = reader->at, .key = field->key };

		reader->at = &step;
		if (field->kind == &kind_section &&
			(!child || child->kind == NODE_NULL)) {
			refuse_missing(reader, field->rows, &none);
		} else if (field->required && !child) {
			refuse(reader, node, "missing: %s", field->help);
		}
		reader->at = step.up;
	}
}

int rows_read(struct reader *reader, const struct rows *rows, const struct node *node,
	void *base)
{
	size_t refusals = reader->refusals;
	char text[FOUND_BYTES];
	int r;

	if (node->kind != NODE_MAP) {
		refuse(reader, node, "must be a map, not %s", found(node, text));
		return 0;
	}
	r = read_items(reader, rows, node, base);
	if (!reader->partial)
		refuse_missing(reader, rows, node);
	if (r == 0 && rows->finish && !reader->partial && refusals == reader->refusals)
		r = rows->finish(reader, node, base);
	return r;
}

int rows_blank(const struct rows *rows, void *base)
{
	struct problems problems = { 0 };
	struct reader reader = { .problems = &problems };
	int r = 0;

	for (const struct field *field = rows->fields; r == 0 && field->key; field++) {
		struct step step = { .key = field->key };

		reader.at = &step;
		if (field->kind == &kind_section) {
			r = rows_blank(field->rows, member(field, base));
		} else if (field->kind->blank) {
			field->kind->blank(field, base);
		}
		if (r == 0)
			r = field_read_default(&reader, field, base);
		reader.at = NULL;
	}
	assert(reader.refusals == 0); /* a default that its own kind refuses */
	problems_done(&problems);
	return r;
}

static void field_done(const struct field *field, void *base)
{
	if (field->kind == &kind_section)
		rows_done(field->rows, member(field, base));
	else if (field->kind->done)
		field->kind->done(field, base);
}

void rows_done(const struct rows *rows, void *base)
{
	for (const struct field *field = rows->fields; field->key; field++)
		field_done(field, base);
}

static bool is_one_of(const char *key, const char *const *keys)
{
	while (*keys && strcmp(*keys, key) != 0)
		keys++;
	return *keys;
}

void rows_done_but(const struct rows *rows, void *base, const char *const *keys)
{
	for (const struct field *field = rows->fields; field->key; field++)
		if (!field->alias && !is_one_of(field->key, keys))
			field_done(field, base);
}

/* ---- back into JSON ---------------------------------------------------------------- */

struct json_t *rows_print(const struct rows *rows, const void *base)
{
	_cleanup_(json_freep) struct json_t *map = json_new_object();

	for (const struct field *field = rows->fields; map && field->key; field++) {
		if (field->alias ||
			(field->kind->there && !field->kind->there(field, base)))
			continue;
		if (json_set(map, field->key, field->kind->print(field, base)) < 0)
			return NULL;
	}
	return TAKE(map);
}
