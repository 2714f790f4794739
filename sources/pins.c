/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pins.c - a hash per source that a declaration was made of: its own file, the templates
 * of its chain, templates of its files, the host's defaults.
 *
 * Whoever keeps them with what runs can say later which of them changed, and that nothing
 * did, without understanding any of it.
 */
#include <stdio.h>
#include <string.h>

#include "sources/build.h"

enum { HASH_BYTES = 17 };

static int pin(struct json_t *pins, const char *key, const void *bytes, size_t size)
{
	char hash[HASH_BYTES];

	snprintf(hash, sizeof(hash), "%016llx", text_hash(bytes, size));
	return json_set_text(pins, key, hash);
}

int pin_add(struct json_t *pins, const char *kind, const char *name,
	const struct source *source)
{
	_cleanup_free_ char *key =
		text_format("%s%s%s", kind, name ? " " : "", name ? name : "");

	if (!key)
		return -ENOMEM;
	return pin(pins, key, source->bytes ? source->bytes : "", source->size);
}

int pin_add_value(struct json_t *pins, const char *kind, const struct json_t *value)
{
	_cleanup_free_ char *text =
		value ? json_print(value, JSON_ONE_LINE) : strdup("none");

	return text ? pin(pins, kind, text, strlen(text)) : -ENOMEM;
}
