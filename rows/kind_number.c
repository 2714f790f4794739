/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kind_number.c - kinds whose value is a number: counts, octal modes, ports, and numbers
 * that need a unit. A bare number where a unit is needed is refused with the words to
 * write instead.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "rows/rows.h"

/* Plain decimal digits and nothing else; false when it does not fit. */
static bool parse_digits(const char *text, size_t size, int64_t *ret)
{
	int64_t value = 0;

	if (size == 0 || (size > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!isdigit((unsigned char)text[i]) ||
			__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, text[i] - '0', &value))
			return false;
	}
	*ret = value;
	return true;
}

static bool parse_integer(const char *text, int64_t *ret)
{
	bool minus = text[0] == '-';

	if (!parse_digits(text + minus, strlen(text + minus), ret))
		return false;
	*ret = minus ? -*ret : *ret;
	return true;
}

/* A number in quotes is a text, unless the quotes were needed for `${…}`. */
static bool is_text(const struct node *node)
{
	return node->quoted && !strstr(node->text, "${");
}

static void blank_number(const struct field *field, void *base)
{
	*(int64_t *)member(field, base) = UNSET;
}

/* ---- counts ------------------------------------------------------------------------ */

static int64_t most_of(const struct field *field)
{
	return field->most ? field->most : INT64_MAX;
}

static bool count_fits(struct reader *reader, const struct field *field,
	const struct node *node, int64_t value)
{
	if (value >= field->least && value <= most_of(field))
		return true;
	if (field->most) {
		refuse(reader, node,
			"must be from %" PRId64 " to %" PRId64 ", not %" PRId64,
			field->least, field->most, value);
	} else {
		refuse(reader, node, "must be at least %" PRId64 ", not %" PRId64,
			field->least, value);
	}
	return false;
}

static int read_integer(struct reader *reader, const struct field *field,
	const struct node *node, int64_t *ret)
{
	_cleanup_free_ char *text = NULL;
	char found_text[FOUND_BYTES];
	int64_t value;
	int r = read_scalar(reader, field, node, "a whole number", &text);

	if (r <= 0)
		return r;
	if (is_text(node)) {
		refuse(reader, node, "must be a whole number, not the text %s",
			found(node, found_text));
	} else if (!parse_integer(text, &value)) {
		refuse(reader, node, "must be a whole number, not %s%s",
			found(node, found_text),
			text[0] == '0' ? " (write it without leading zeros)" : "");
	} else if (count_fits(reader, field, node, value)) {
		*ret = value;
	}
	return 0;
}

static int read_count(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	return read_integer(reader, field, node, member(field, base));
}

static struct json_t *print_count(const struct field *field, const void *base)
{
	int64_t value = *(const int64_t *)member_of(field, base);

	return value == UNSET && !field->unset ? json_new_null() : json_new_int(value);
}

static struct json_t *schema_integer(const struct field *field)
{
	_cleanup_(json_freep) struct json_t *schema = schema_of_type("integer");

	if (!schema || json_set_int(schema, "minimum", field->least) < 0 ||
		(field->most && json_set_int(schema, "maximum", field->most) < 0))
		return NULL;
	return TAKE(schema);
}

static struct json_t *schema_count(const struct field *field)
{
	return schema_or_expression(schema_integer(field));
}

const struct kind kind_count = {
	.name = "a whole number",
	.read = read_count,
	.print = print_count,
	.blank = blank_number,
	.schema = schema_count,
};

/* ---- lists of numbers -------------------------------------------------------------- */

/* No list: every number is good. Where nothing is the default, an empty list is none. */
static const char any_code[] = "any";

static bool may_be_any(const struct field *field)
{
	return !text_equal(field->unset, "[]");
}

static int read_codes(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	int64_t **items = member(field, base);
	size_t *count = (size_t *)(void *)((char *)base + field->count_at);
	const bool any = may_be_any(field);
	char found_text[FOUND_BYTES];
	int r = 0;

	if (any && node->kind == NODE_SCALAR && strcmp(node->text, any_code) == 0)
		return 0;
	if (node->kind != NODE_LIST || (any && node->count == 0)) {
		refuse(reader, node,
			"must be a list of numbers such as [200, 301]%s, not %s",
			any ? ", or any" : "",
			node->kind == NODE_LIST ? "an empty one"
						: found(node, found_text));
		return 0;
	}
	*items = calloc(node->count + 1, sizeof(**items));
	if (!*items)
		return -ENOMEM;
	for (*count = 0; r == 0 && *count < node->count; ++*count) {
		struct step step = { .up = reader->at, .index = *count };

		reader->at = &step;
		r = read_integer(
			reader, field, node->items[*count].value, &(*items)[*count]);
		reader->at = step.up;
	}
	return r;
}

static struct json_t *print_codes(const struct field *field, const void *base)
{
	const int64_t *items = *(int64_t *const *)member_of(field, base);
	size_t count =
		*(const size_t *)(const void *)((const char *)base + field->count_at);
	_cleanup_(json_freep) struct json_t *list = NULL;

	if (count == 0 && may_be_any(field))
		return json_new_text(any_code);
	list = json_new_array();
	for (size_t i = 0; list && i < count; i++) {
		if (json_append(list, json_new_int(items[i])) < 0)
			return NULL;
	}
	return TAKE(list);
}

static void done_codes(const struct field *field, void *base)
{
	int64_t **items = member(field, base);

	free(TAKE(*items));
	*(size_t *)(void *)((char *)base + field->count_at) = 0;
}

static struct json_t *schema_codes(const struct field *field)
{
	struct json_t *list = schema_list(schema_integer(field));

	if (!may_be_any(field))
		return list;
	return schema_either(list, schema_constant(json_new_text(any_code)));
}

const struct kind kind_codes = {
	.name = "a list of numbers",
	.read = read_codes,
	.print = print_codes,
	.done = done_codes,
	.schema = schema_codes,
	.indexes = 1,
};

/* ---- modes ------------------------------------------------------------------------- */

enum { MODE_MOST = 0777 }; /* setuid, setgid and sticky are nobody's wish here */

static int read_mode(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	_cleanup_free_ char *text = NULL;
	char found_text[FOUND_BYTES];
	int r = read_scalar(reader, field, node, "a mode such as \"0644\"", &text);
	size_t size = r == 1 ? strlen(text) : 0;

	if (r <= 0)
		return r;
	if (size < 3 || size > 5 || strspn(text, "01234567") != size) {
		refuse(reader, node, "must be a mode in octal such as \"0644\", not %s",
			found(node, found_text));
	} else if (strtol(text, NULL, 8) > MODE_MOST) {
		refuse(reader, node, "must be at most \"0777\", not %s",
			found(node, found_text));
	} else {
		*(int64_t *)member(field, base) = strtol(text, NULL, 8);
	}
	return 0;
}

static struct json_t *print_mode(const struct field *field, const void *base)
{
	int64_t mode = *(const int64_t *)member_of(field, base);
	char text[8];

	if (mode == UNSET)
		return json_new_null();
	snprintf(text, sizeof(text), "%04o", (unsigned)mode & MODE_MOST);
	return json_new_text(text);
}

static struct json_t *schema_mode(const struct field *field)
{
	_cleanup_(json_freep) struct json_t *schema = schema_of_type("string");

	(void)field;
	if (!schema || json_set_text(schema, "pattern", "^[0-7]{3,5}$|\\$\\{") < 0)
		return NULL;
	/* 0644 without quotes is a number to an editor */
	return schema_either(TAKE(schema), schema_of_type("integer"));
}

const struct kind kind_mode = {
	.name = "an octal mode",
	.read = read_mode,
	.print = print_mode,
	.blank = blank_number,
	.schema = schema_mode,
};

/* ---- ports ------------------------------------------------------------------------- */

enum { PORT_MOST = 65535 };

static int read_port(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	bool name_allowed = field->kind == &kind_port_name;
	_cleanup_free_ char *text = NULL;
	char found_text[FOUND_BYTES];
	int64_t port;
	int r = read_scalar(reader, field, node, field->kind->name, &text);

	if (r <= 0)
		return r;
	if (strstr(text, "${") && field->keep_instance) {
		; /* a number for each instance: judged when all is known */
	} else if (parse_integer(text, &port) && (port < 1 || port > PORT_MOST)) {
		refuse(reader, node, "must be a port from 1 to 65535, not %" PRId64,
			port);
		return 0;
	} else if (name_allowed && !isdigit((unsigned char)text[0])) {
		if (!text_fits(reader, field, node, text))
			return 0;
	} else if (!parse_integer(text, &port)) {
		refuse(reader, node, "must be %s, not %s", field->kind->name,
			found(node, found_text));
		return 0;
	}
	*(char **)member(field, base) = TAKE(text);
	return 0;
}

static struct json_t *print_port(const struct field *field, const void *base)
{
	const char *text = *(char *const *)member_of(field, base);
	int64_t port;

	if (text && parse_integer(text, &port))
		return json_new_int(port);
	return json_new_text(text);
}

static void done_port(const struct field *field, void *base)
{
	char **text = member(field, base);

	free(TAKE(*text));
}

static struct json_t *schema_port(const struct field *field)
{
	struct field number = { .least = 1, .most = PORT_MOST };

	if (field->kind == &kind_port)
		return schema_or_expression(schema_integer(&number));
	return schema_either(schema_integer(&number), schema_of_type("string"));
}

const struct kind kind_port = {
	.name = "a port number",
	.read = read_port,
	.print = print_port,
	.done = done_port,
	.schema = schema_port,
};

const struct kind kind_port_name = {
	.name = "a port number or a name of `listen`",
	.read = read_port,
	.print = print_port,
	.done = done_port,
	.schema = schema_port,
};
