/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kind_union.c - kinds that may be written in several ways: what a check asks, how a
 * service is reloaded, where its output goes.
 */
#include <string.h>

#include "config/keys.h"

/* ---- probes: one key of several says what a check asks ----------------------------- */

/* A probe written as a map has `rows`; written shorter, it is `item` alone. All write
 * into members that the other probes use too, so the one before is undone first. */

static bool is_asked(const struct field *field, const void *base)
{
	return ((const struct check *)base)->kind == (enum check_kind)field->value;
}

static void done_probe(const struct field *field, void *base)
{
	if (!is_asked(field, base))
		return;
	if (field->rows) {
		rows_done(field->rows, base);
	} else if (field->item && field->item->kind->done) {
		field->item->kind->done(field->item, base);
	}
}

static void forget_probe(const struct rows *checks, void *base)
{
	for (const struct field *field = checks->fields; field->key; field++) {
		if (field->kind == &kind_probe)
			done_probe(field, base);
	}
}

static int read_probe(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	struct check *check = base;
	bool notify = true;
	int r;

	forget_probe(&check_rows, base);
	check->kind = (enum check_kind)field->value;
	r = field->rows ? rows_blank(field->rows, base) : 0;
	if (r < 0)
		return r;
	if (field->rows && node->kind == NODE_MAP)
		return rows_read(reader, field->rows, node, base);
	if (field->item)
		return field_read(reader, field->item, node, base);
	r = read_truth(reader, field, node, &notify);
	if (r == 0 && !notify)
		refuse(reader, node, "must be true; leave the check out to have none");
	return r;
}

static struct json_t *print_probe(const struct field *field, const void *base)
{
	if (field->rows)
		return rows_print(field->rows, base);
	if (field->item)
		return field->item->kind->print(field->item, base);
	return json_new_bool(true);
}

static struct json_t *schema_probe(const struct field *field)
{
	struct json_t *brief = field->item ? field->item->kind->schema(field->item)
					   : schema_constant(json_new_bool(true));

	if (!field->rows)
		return brief;
	return schema_either(brief, rows_schema(field->rows));
}

const struct kind kind_probe = {
	.name = "what the check asks",
	.read = read_probe,
	.print = print_probe,
	.there = is_asked,
	.done = done_probe,
	.schema = schema_probe,
	.indexes_of_row = true,
};

/* ---- reload: {signal}, {command} or none ------------------------------------------- */

static bool is_word(const struct node *node, const char *word)
{
	return node->kind == NODE_SCALAR && strcmp(node->text, word) == 0;
}

static int read_reload(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	const size_t refusals = reader->refusals;
	struct run *run = base;
	char text[FOUND_BYTES];
	int r;

	run->reload.possible = !is_word(node, "none");
	if (!run->reload.possible)
		return 0;
	if (node->kind != NODE_MAP) {
		refuse(reader, node,
			"must be {signal: HUP}, {command: [...]} or none, not %s",
			found(node, text));
		return 0;
	}
	r = rows_read(reader, field->rows, node, base);
	if (r < 0 || refusals != reader->refusals)
		return r;
	if (node->count != 1)
		refuse(reader, node, "must have one of signal and command%s",
			node->count > 1 ? ", not both" : "");
	else if (!reader->partial && !run->reload.signal &&
		 run->reload.command.count == 0)
		refuse(reader, node, "names nothing to do; write none instead");
	return 0;
}

static struct json_t *print_reload(const struct field *field, const void *base)
{
	const struct run *run = base;
	const struct field *row = &field->rows->fields[run->reload.signal ? 0 : 1];
	_cleanup_(json_freep) struct json_t *map = NULL;

	if (!run->reload.possible)
		return json_new_text("none");
	map = json_new_object();
	if (!map || json_set(map, row->key, row->kind->print(row, base)) < 0)
		return NULL;
	return TAKE(map);
}

static void done_reload(const struct field *field, void *base)
{
	rows_done(field->rows, base);
}

static struct json_t *schema_reload(const struct field *field)
{
	return schema_either(
		rows_schema(field->rows), schema_constant(json_new_text("none")));
}

const struct kind kind_reload = {
	.name = "{signal}, {command} or none",
	.read = read_reload,
	.print = print_reload,
	.done = done_reload,
	.schema = schema_reload,
};

/* ---- where output goes ------------------------------------------------------------- */

/* `file` is the usual file; any other word but journal, both and none is the name of
 * one. */
static int read_log_target(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	char **target = member(field, base), *usual;
	int r = kind_text.read(reader, field, node, base);

	if (r < 0 || !*target || strcmp(*target, "file") != 0)
		return r;
	usual = strdup(field->unset);
	if (!usual)
		return -ENOMEM;
	free(*target);
	*target = usual;
	return 0;
}

static struct json_t *print_log_target(const struct field *field, const void *base)
{
	return kind_text.print(field, base);
}

static void done_log_target(const struct field *field, void *base)
{
	kind_text.done(field, base);
}

static struct json_t *schema_log_target(const struct field *field)
{
	return kind_text.schema(field);
}

const struct kind kind_log_target = {
	.name = "file, journal, both, none or a file name",
	.read = read_log_target,
	.print = print_log_target,
	.done = done_log_target,
	.schema = schema_log_target,
};
