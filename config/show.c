/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * show.c - the effective declaration as YAML, and behind each value where it was written.
 *
 * What is printed is a declaration again: it reads back as the same one.
 */
#include <ctype.h>
#include <string.h>

#include "config/config.h"
#include "document/document.h"

enum {
	INDENT = 2,
	ORIGIN_COLUMN = 52,
	INLINE_MAX_COLUMNS = 76, /* a longer list is written an item a line */
};

struct showing {
	FILE *out;
	const struct json_t *origins;
	struct text path;
};

/* ---- scalars ----------------------------------------------------------------------- */

static const char *const not_text[] = { "true", "false", "null", "yes", "no", "on", "off",
	"y", "n", "~" };

/* Whether the text needs no quotes, in a list between brackets too. */
static bool is_plain(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(not_text); i++)
		if (strcasecmp(text, not_text[i]) == 0)
			return false;
	if (!isalnum((unsigned char)text[0]) && !strchr("/_", text[0]))
		return false;
	for (const char *at = text; *at; at++) {
		if (!isalnum((unsigned char)*at) && !strchr("/_.@%+-=", *at) &&
			!(*at == ' ' && isalnum((unsigned char)at[1])) &&
			!(*at == ':' && at[1] && at[1] != ' '))
			return false;
	}
	return text[0] != '\0';
}

static char *scalar_text(const struct json_t *value)
{
	const char *text = json_text(value);

	if (text && is_plain(text))
		return strdup(text);
	return json_print(value, JSON_ONE_LINE);
}

static char *inline_list(const struct json_t *list)
{
	struct text text = { 0 };

	text_add(&text, "[");
	for (size_t i = 0; i < json_size(list); i++) {
		_cleanup_free_ char *item = scalar_text(json_item(list, i));

		if (!item) {
			text_done(&text);
			return NULL;
		}
		text_addf(&text, "%s%s", i ? ", " : "", item);
	}
	text_add(&text, "]");
	return text_take(&text);
}

static char *leaf_text(struct json_t *value)
{
	switch (json_kind(value)) {
	case JSON_IS_LIST: return inline_list(value);
	case JSON_IS_MAP: return strdup("{}");
	default: return scalar_text(value);
	}
}

/* Text of lines that can stand as they are. */
static bool is_block(const char *text)
{
	const char *newline = text ? strchr(text, '\n') : NULL;

	if (!newline || newline == text || text[0] == ' ' || text_ends(text, "\n\n"))
		return false;
	for (const unsigned char *at = (const unsigned char *)text; *at; at++)
		if ((*at < 0x20 && *at != '\n') || *at == 0x7f)
			return false;
	return true;
}

/* ---- lines ------------------------------------------------------------------------- */

static void print_origin(struct showing *self, int column)
{
	const char *origin = json_get_text(self->origins, self->path.bytes, "default");

	fprintf(self->out, "%*s# %s\n", MAX(ORIGIN_COLUMN - column, 2), "", origin);
}

static void print_block(struct showing *self, const char *text, int column, int indent)
{
	const bool newline = text_ends(text, "\n");
	const char *end;

	column += fprintf(self->out, newline ? " |" : " |-");
	print_origin(self, column);
	for (; *text; text = *end ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		if (end > text)
			fprintf(self->out, "%*s%.*s", indent, "", (int)(end - text),
				text);
		fputc('\n', self->out);
	}
}

static int print_items(struct showing *self, struct json_t *list, int column, int indent)
{
	print_origin(self, column);
	for (size_t i = 0; i < json_size(list); i++) {
		_cleanup_free_ char *item = scalar_text(json_item(list, i));

		if (!item)
			return -ENOMEM;
		fprintf(self->out, "%*s- %s\n", indent, "", item);
	}
	return 0;
}

/* What follows "key:" or "-", of which `column` columns are written already. */
static int print_leaf(struct showing *self, struct json_t *value, int column, int indent)
{
	_cleanup_free_ char *text = leaf_text(value);

	if (!text)
		return -ENOMEM;
	if (is_block(json_text(value))) {
		print_block(self, json_text(value), column, indent);
		return 0;
	}
	if (json_kind(value) == JSON_IS_LIST &&
		column + (int)strlen(text) > INLINE_MAX_COLUMNS)
		return print_items(self, value, column, indent);
	column += fprintf(self->out, " %s", text);
	print_origin(self, column);
	return 0;
}

static int print_map(struct showing *self, struct json_t *map, int indent, bool in_list);

/* Items that are maps: "- " stands where the first key's indentation ends. */
static int print_list(struct showing *self, struct json_t *list, int indent)
{
	const size_t size = self->path.size;
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_size(list); i++) {
		struct json_t *item = json_item(list, i);
		int column = fprintf(self->out, "%*s-", indent, "");

		text_addf(&self->path, "[%zu]", i);
		if (text_failed(&self->path))
			return -ENOMEM;
		if (json_is_leaf(item)) {
			r = print_leaf(self, item, column, indent + INDENT);
		} else {
			fputc(' ', self->out);
			r = print_map(self, item, indent + INDENT, true);
		}
		self->path.bytes[self->path.size = size] = '\0';
	}
	return r;
}

static int print_below(struct showing *self, struct json_t *value, int column, int indent)
{
	if (json_is_leaf(value))
		return print_leaf(self, value, column, indent + INDENT);
	fputc('\n', self->out);
	return json_kind(value) == JSON_IS_LIST
		       ? print_list(self, value, indent + INDENT)
		       : print_map(self, value, indent + INDENT, false);
}

/* `in_list`: the first key follows a "- " that is there already. */
static int print_map(struct showing *self, struct json_t *map, int indent, bool in_list)
{
	const size_t size = self->path.size;
	const char *key;
	struct json_t *value;
	bool first = in_list;
	int r = 0;

	json_each(map, key, value)
	{
		_cleanup_(json_freep) struct json_t *name = json_new_text(key);
		_cleanup_free_ char *shown = name ? scalar_text(name) : NULL;

		if (r < 0 || !shown)
			return r < 0 ? r : -ENOMEM;
		text_addf(&self->path, "%s%s", size ? "." : "", key);
		if (text_failed(&self->path))
			return -ENOMEM;
		fprintf(self->out, "%*s%s:", first ? 0 : indent, "", shown);
		first = false;
		r = print_below(self, value, indent + (int)strlen(shown) + 1, indent);
		self->path.bytes[self->path.size = size] = '\0';
	}
	return r;
}

int config_print_show(FILE *out, const struct entry *entry)
{
	struct showing self = { .out = out, .origins = entry->origins };
	int r = 0;

	if (entry->effective)
		r = print_map(&self, entry->effective, 0, false);
	text_done(&self.path);
	if (r == 0 && ferror(out))
		r = -EIO;
	return r;
}
