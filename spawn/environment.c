/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * environment.c - the environment of a child, and files of KEY=VALUE lines.
 */
#include "spawn/environment.h"

#include <ctype.h>
#include <string.h>

static char **find_item(struct strings *environment, const char *key)
{
	size_t size = strlen(key);

	for (size_t i = 0; i < environment->count; i++) {
		if (strncmp(environment->items[i], key, size) == 0 &&
			environment->items[i][size] == '=')
			return &environment->items[i];
	}
	return NULL;
}

int environment_set(struct strings *environment, const char *key, const char *value)
{
	char **old = find_item(environment, key);
	_cleanup_free_ char *item = text_format("%s=%s", key, value);

	if (!item)
		return -ENOMEM;
	if (!old)
		return strings_add(environment, item);
	free(*old);
	*old = TAKE(item);
	return 0;
}

const char **environment_vector(const struct strings *environment)
{
	const char **vector = calloc(environment->count + 1, sizeof(*vector));

	for (size_t i = 0; vector && i < environment->count; i++)
		vector[i] = environment->items[i];
	return vector;
}

static bool is_key(const char *key, size_t size)
{
	if (size == 0 || isdigit((unsigned char)key[0]))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!isalnum((unsigned char)key[i]) && key[i] != '_')
			return false;
	}
	return true;
}

/* Cuts blanks at both ends, then one pair of quotes. */
static char *trimmed(const char *value, size_t size)
{
	while (size > 0 && isspace((unsigned char)value[0])) {
		value++;
		size--;
	}
	while (size > 0 && isspace((unsigned char)value[size - 1]))
		size--;
	if (size >= 2 && strchr("'\"", value[0]) && value[size - 1] == value[0]) {
		value++;
		size -= 2;
	}
	return strndup(value, size);
}

static int parse_line(const char *line, size_t size, environment_fn *each, void *data)
{
	const char *equals = memchr(line, '=', size);
	_cleanup_free_ char *key = NULL, *value = NULL;

	if (!equals || !is_key(line, (size_t)(equals - line)))
		return -EINVAL;
	key = strndup(line, (size_t)(equals - line));
	value = trimmed(equals + 1, size - (size_t)(equals + 1 - line));
	if (!key || !value)
		return -ENOMEM;
	return each(data, key, value);
}

int environment_parse(
	const char *text, environment_fn *each, void *data, struct error *err)
{
	unsigned number = 0;

	while (*text) {
		size_t size = strcspn(text, "\n"), blank = strspn(text, " \t\r");
		int r = 0;

		number++;
		if (blank < size && text[blank] != '#')
			r = parse_line(text + blank, size - blank, each, data);
		if (r < 0) /* the line itself may be a secret */
			return error_set(err, r, "line %u: expected KEY=VALUE", number);
		text += size + (text[size] == '\n');
	}
	return 0;
}
