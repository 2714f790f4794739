/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * less.c - what rows_print() printed in one line, without what it always prints.
 *
 * Most of a declaration says what every other one says, too. To leave that out of the
 * text is cheaper by far than to parse it, to give each value a node, and to read it.
 */
#include <string.h>

#include "rows/rows.h"

struct span {
	const char *begin;
	size_t size;
};

/* Behind the string that begins here, or where it breaks off. */
static const char *skip_string(const char *at)
{
	for (at++; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
	}
	return *at ? at + 1 : at;
}

/* Up to the comma or bracket behind the value. */
static struct span take_value(const char **line)
{
	struct span value = { .begin = *line };
	const char *at = *line;
	size_t depth = 0;

	while (*at && (depth > 0 || !strchr(",}]", *at))) {
		if (*at == '"') {
			at = skip_string(at);
			continue;
		}
		depth += *at == '{' || *at == '[';
		depth -= *at == '}' || *at == ']';
		at++;
	}
	value.size = (size_t)(at - value.begin);
	*line = at;
	return value;
}

/* Whether the next member has this key; then its value is next. */
static bool take_key(const char **line, const char *key)
{
	const char *at = *line + (**line == ',');
	size_t size = strlen(key);

	if (*at != '"' || strncmp(at + 1, key, size) != 0 ||
		strncmp(at + 1 + size, "\":", 2) != 0)
		return false;
	*line = at + 1 + size + 2;
	return true;
}

static void add_key(struct text *out, const char *key)
{
	const bool first = text_failed(out) || out->bytes[out->size - 1] == '{';

	text_addf(out, "%s\"%s\":", first ? "" : ",", key);
}

static bool add_less(
	struct text *out, const struct rows *rows, const char **line, const char **usual);

/* One member; false: it is not as it is printed. */
static bool add_member(struct text *out, const struct field *field, const char **line,
	const char **usual)
{
	bool written = take_key(line, field->key), known = take_key(usual, field->key);
	struct span value = { 0 }, other = { 0 };

	if (written && known && field->kind == &kind_section) {
		add_key(out, field->key);
		return add_less(out, field->rows, line, usual);
	}
	if (written)
		value = take_value(line);
	if (known)
		other = take_value(usual);
	if (written && !(known && value.size == other.size &&
			       memcmp(value.begin, other.begin, value.size) == 0)) {
		add_key(out, field->key);
		text_add_bytes(out, value.begin, value.size);
	}
	return true;
}

/* Rows are printed in their order; what stands in another is not ours. */
static bool add_less(
	struct text *out, const struct rows *rows, const char **line, const char **usual)
{
	if (**line != '{' || **usual != '{')
		return false;
	(*line)++;
	(*usual)++;
	text_add(out, "{");
	for (const struct field *field = rows->fields; field->key; field++) {
		if (!add_member(out, field, line, usual))
			return false;
	}
	text_add(out, "}");
	return *(*line)++ == '}' && *(*usual)++ == '}';
}

char *rows_less(const struct rows *rows, const char *line, const char *usual)
{
	struct text out = { 0 };

	if (add_less(&out, rows, &line, &usual) && !*line)
		return text_take(&out);
	text_done(&out);
	return NULL;
}
