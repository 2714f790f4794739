/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kind_text.c - kinds whose value is one scalar taken as text, a word of a list, or a
 * truth.
 */
#include <string.h>

#include "base/words.h"

#include "rows/rows.h"

/* ---- scalars ----------------------------------------------------------------------- */

int read_scalar(struct reader *reader, const struct field *field, const struct node *node,
	const char *what, char **ret)
{
	struct error err = { 0 };
	char text[FOUND_BYTES];
	struct names names;
	int r;

	if (node->kind != NODE_SCALAR) {
		refuse(reader, node, "must be %s, not %s", what, found(node, text));
		return 0;
	}
	if (reader->partial && strstr(node->text, "${"))
		return 0;
	if (!reader->names || field->verbatim) {
		*ret = strdup(node->text);
		return *ret ? 1 : -ENOMEM;
	}
	names = *reader->names;
	if (!field->keep_secrets)
		names.secrets = SECRETS_REFUSED;
	r = expand(ret, node->text, &names, field->keep_instance, &err);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		refuse(reader, node, "%s", err.text);
		return 0;
	}
	return 1;
}

/* Reads bracket-expression classes: "a-z0-9_-". */
static bool in_class(const char *class, unsigned char byte)
{
	const unsigned char *at = (const unsigned char *)class;

	for (; *at; at++) {
		if (at[1] == '-' && at[2]) {
			if (byte >= at[0] && byte <= at[2])
				return true;
			at += 2;
		} else if (byte == *at) {
			return true;
		}
	}
	return false;
}

static bool has_shape(const struct shape *shape, const char *text)
{
	size_t size = strlen(text);

	if (size == 0 || size > shape->most ||
		!in_class(shape->first, (unsigned char)*text))
		return false;
	for (size_t i = 1; i < size; i++) {
		if (!in_class(shape->rest, (unsigned char)text[i]))
			return false;
	}
	return true;
}

static bool has_control(const char *text, bool lines)
{
	for (; *text; text++) {
		if (((unsigned char)*text < 0x20 && *text != '\t' &&
			    !(lines && *text == '\n')) ||
			*text == 0x7f)
			return true;
	}
	return false;
}

bool text_fits(struct reader *reader, const struct field *field, const struct node *node,
	const char *text)
{
	size_t most = field->most ? (size_t)field->most : TEXT_MOST_BYTES;
	bool pending = field->keep_instance && strstr(text, "${");
	char found_text[FOUND_BYTES];

	if (strlen(text) > most) {
		refuse(reader, node, "must be at most %zu bytes long, not %zu", most,
			strlen(text));
	} else if (field->shape && !pending && !has_shape(field->shape, text)) {
		refuse(reader, node, "must be %s, not %s", field->shape->says,
			found(&(struct node){ .kind = NODE_SCALAR,
				      .text = (char *)(uintptr_t)text,
				      .quoted = true },
				found_text));
	} else if (!field->shape && field->kind != &kind_block &&
		   has_control(text, field->lines)) {
		refuse(reader, node, "must be %s without control characters",
			field->lines ? "text" : "one line");
	} else {
		return true;
	}
	return false;
}

/* The same class for JSON Schema: bytes above ASCII are any other character. */
static void add_class(struct text *pattern, const char *class)
{
	text_add(pattern, "[");
	for (; *class; class ++) {
		if ((unsigned char)*class == 0x80) {
			text_add(pattern, "\\u0080");
		} else if ((unsigned char)*class == 0xff) {
			text_add(pattern, "\\uffff");
		} else {
			text_add_bytes(pattern, class, 1);
		}
	}
	text_add(pattern, "]");
}

/* "^[a-z][a-z0-9-]{0,30}$", or something that is expanded first. */
static int set_pattern(struct json_t *schema, const struct shape *shape)
{
	struct text pattern = { 0 };
	int r;

	text_add(&pattern, "^");
	add_class(&pattern, shape->first);
	add_class(&pattern, shape->rest);
	text_addf(&pattern, "{0,%zu}$|\\$\\{", shape->most - 1);
	r = text_failed(&pattern) ? -ENOMEM
				  : json_set_text(schema, "pattern", pattern.bytes);
	text_done(&pattern);
	return r;
}

/* ---- text -------------------------------------------------------------------------- */

static int read_text(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	_cleanup_free_ char *text = NULL;
	char **place = member(field, base);
	int r = read_scalar(reader, field, node, field->kind->name, &text);

	if (r == 1 && text_fits(reader, field, node, text)) {
		free(*place);
		*place = TAKE(text);
	}
	return MIN(r, 0);
}

static struct json_t *print_text(const struct field *field, const void *base)
{
	return json_new_text(*(char *const *)member_of(field, base));
}

static void done_text(const struct field *field, void *base)
{
	char **place = member(field, base);

	free(TAKE(*place));
}

/* Plain numbers and truths are texts too; editors need not ask for quotes. */
static struct json_t *schema_text(const struct field *field)
{
	_cleanup_(json_freep) struct json_t *schema = json_new_object();
	struct json_t *types = json_new_array();
	int r = schema ? 0 : -ENOMEM;

	r = r < 0 ? r : json_append_text(types, "string");
	if (!field->shape) {
		r = r < 0 ? r : json_append_text(types, "number");
		r = r < 0 ? r : json_append_text(types, "boolean");
	}
	r = r < 0 ? (json_free(types), r) : json_set(schema, "type", types);
	if (r == 0 && field->shape)
		r = set_pattern(schema, field->shape);
	return r < 0 ? NULL : TAKE(schema);
}

const struct kind kind_text = {
	.name = "a text",
	.read = read_text,
	.print = print_text,
	.done = done_text,
	.schema = schema_text,
};

const struct kind kind_block = {
	.name = "a text (of any lines)",
	.read = read_text,
	.print = print_text,
	.done = done_text,
	.schema = schema_text,
};

/* ---- words ------------------------------------------------------------------------- */

static const char *next_word(size_t index, const void *data)
{
	const struct words *words = data;

	return index < words->count ? words->items[index] : NULL;
}

/* "a, b or c" */
static void add_words(struct text *list, const struct words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		text_addf(list, "%s%s",
			i == 0                  ? ""
			: i + 1 == words->count ? " or "
						: ", ",
			words->items[i]);
	}
}

static void refuse_word(struct reader *reader, const struct field *field,
	const struct node *node, const char *word)
{
	const char *nearest = text_nearest(word, next_word, field->words);
	char text[FOUND_BYTES];
	struct text list = { 0 };

	add_words(&list, field->words);
	if (!text_failed(&list)) {
		refuse(reader, node, "must be %s, not %s%s%s%s", list.bytes,
			found(node, text), nearest ? "; did you mean " : "",
			nearest ? nearest : "", nearest ? "?" : "");
	}
	text_done(&list);
}

static int read_word(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	_cleanup_free_ char *word = NULL;
	int r = read_scalar(reader, field, node, "a word", &word), value;

	if (r <= 0)
		return r;
	value = words_find(field->words->items, field->words->count, word);
	if (text_equal(word, field->words->other))
		value = field->words->other_is;
	if (value < 0) {
		refuse_word(reader, field, node, word);
	} else {
		*(unsigned *)member(field, base) = (unsigned)value;
	}
	return 0;
}

static struct json_t *print_word(const struct field *field, const void *base)
{
	unsigned value = *(const unsigned *)member_of(field, base);

	return json_new_text(field->words->items[value]);
}

static struct json_t *schema_word(const struct field *field)
{
	_cleanup_(json_freep) struct json_t *schema = json_new_object();
	struct json_t *words = json_new_array();
	int r = words ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < field->words->count; i++)
		r = json_append_text(words, field->words->items[i]);
	if (r == 0 && field->words->other)
		r = json_append_text(words, field->words->other);
	if (!schema || r < 0) {
		json_free(words);
		return NULL;
	}
	return json_set(schema, "enum", words) < 0 ? NULL : TAKE(schema);
}

const struct kind kind_word = {
	.name = "a word",
	.read = read_word,
	.print = print_word,
	.schema = schema_word,
};

/* ---- true and false ---------------------------------------------------------------- */

/* What YAML 1.1 took for a truth, and what to write today. */
static const struct {
	const char *word;
	bool value, accepted;
} truths[] = {
	{ "true", true, true },
	{ "false", false, true },
	{ "True", true, false },
	{ "TRUE", true, false },
	{ "yes", true, false },
	{ "Yes", true, false },
	{ "on", true, false },
	{ "1", true, false },
	{ "False", false, false },
	{ "FALSE", false, false },
	{ "no", false, false },
	{ "No", false, false },
	{ "off", false, false },
	{ "0", false, false },
};

int read_truth(struct reader *reader, const struct field *field, const struct node *node,
	bool *ret)
{
	_cleanup_free_ char *text = NULL;
	char found_text[FOUND_BYTES];
	int r = read_scalar(reader, field, node, "true or false", &text);

	if (r <= 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(truths); i++) {
		if (strcmp(text, truths[i].word) != 0)
			continue;
		if (truths[i].accepted && (!node->quoted || strstr(node->text, "${"))) {
			*ret = truths[i].value;
		} else {
			refuse(reader, node, "must be true or false, not %s; write %s%s",
				found(node, found_text),
				truths[i].value ? "true" : "false",
				node->quoted ? " without quotes" : "");
		}
		return 0;
	}
	refuse(reader, node, "must be true or false, not %s", found(node, found_text));
	return 0;
}

static int read_bool(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	return read_truth(reader, field, node, member(field, base));
}

static struct json_t *print_bool(const struct field *field, const void *base)
{
	return json_new_bool(*(const bool *)member_of(field, base));
}

static struct json_t *schema_bool(const struct field *field)
{
	(void)field;
	return schema_of_type("boolean");
}

const struct kind kind_bool = {
	.name = "true or false",
	.read = read_bool,
	.print = print_bool,
	.schema = schema_bool,
};
