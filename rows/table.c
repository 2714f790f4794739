/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * table.c - the rows as scdoc text, for svcd-service(5), svcd.yaml(5) and
 * svcd-site(5).
 */
#include <string.h>

#include "rows/rows.h"

/* What scdoc would take for markup. */
static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("_*\\`#<>~[]", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void put_words(FILE *out, const struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		fprintf(out, "%s%s", i ? " | " : "", words->items[i]);
}

/* A bound as its kind writes it: "100ms". */
static char *bound(const struct field *field, int64_t value)
{
	struct field here = *field;
	_cleanup_(json_freep) struct json_t *json = NULL;

	here.at = 0;
	json = here.kind->print(&here, &value);
	return json_kind(json) == JSON_IS_TEXT
		       ? text_format("%s", json_text(json))
		       : text_format("%lld", (long long)json_int(json));
}

static void put_range(FILE *out, const struct field *field)
{
	static const struct kind *const numbers[] = { &kind_count, &kind_duration,
		&kind_size, &kind_percent, &kind_rate };
	_cleanup_free_ char *least = NULL, *most = NULL;
	bool number = false;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		number = number || field->kind == numbers[i];
	if (!number)
		return;
	least = bound(field, field->least);
	most = bound(field, field->most);
	if (field->most && least && most)
		fprintf(out, " from %s to %s", least, most);
	else if (field->least > 0 && least)
		fprintf(out, " of at least %s", least);
}

static void put_default(FILE *out, const struct field *field)
{
	if (field->required) {
		fputs("; required", out);
	} else if (field->derived) {
		fputs("; default: ", out);
	} else if (field->unset) {
		fputs("; default ", out);
	}
	put_escaped(out, field->derived ? field->derived
			 : field->unset && !field->required
				 ? (field->unset[0] ? field->unset : "empty")
				 : "");
}

static void put_effect(FILE *out, const struct field *field)
{
	static const char *const words[] = {
		[CHANGE_IN_PLACE] = "in place",
		[CHANGE_RELOAD] = "reload",
		[CHANGE_RESTART] = "restart",
	};

	fprintf(out, "; change: %s", words[field->effect]);
}

static void put_rows(
	FILE *out, const struct rows *rows, const char *prefix, bool effects);

/* The rows inside of a key, under its path. */
static void put_inside(
	FILE *out, const struct field *field, const char *path, bool effects)
{
	bool list = field->kind == &kind_list || field->kind == &kind_one_or_list;
	_cleanup_free_ char *inside = text_format("%s%s.", path,
		list                       ? "[]"
		: field->kind == &kind_map ? ".NAME"
					   : "");

	if (inside && field->rows->fields)
		put_rows(out, field->rows, inside, effects);
}

static void put_field(
	FILE *out, const struct field *field, const char *prefix, bool effects)
{
	_cleanup_free_ char *path = text_format("%s%s", prefix, field->key);

	if (!path)
		return;
	if (field->kind != &kind_section) {
		fputc('*', out);
		put_escaped(out, path);
		fputs("* (", out);
		if (field->kind == &kind_word) {
			put_words(out, field->words);
		} else {
			put_escaped(out, field->kind->name);
		}
		put_range(out, field);
		put_default(out, field);
		if (effects)
			put_effect(out, field);
		fputs(")\n\t", out);
		put_escaped(out, field->help);
		fputs(".\n\n", out);
	}
	if (field->rows && !field->alias)
		put_inside(out, field, path, effects);
}

static void put_rows(FILE *out, const struct rows *rows, const char *prefix, bool effects)
{
	for (const struct field *field = rows->fields; field->key; field++)
		put_field(out, field, prefix, effects);
}

int rows_print_table(FILE *out, const struct rows *rows, bool effects)
{
	put_rows(out, rows, "", effects);
	return ferror(out) ? -EIO : 0;
}
