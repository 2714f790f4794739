/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * expand.h - pure: `${name}`, `${10042 + instance}`, `${ncpu * 1.5}`, `$$`.
 *
 * Kept form: a text in which every name but `instance` is replaced, parts that need
 * `instance` still stand as `${…}`, and a dollar that means a dollar is `$$` where it
 * must be. Expanding a kept form again, keeping, changes nothing.
 */
#pragma once

#include "base/error.h"
#include "base/text.h"

enum { EXPAND_MAX_BYTES = 1024 * 1024 }; /* of one result */

/* What `${secret.KEY}` is where a text stands. */
enum secret_names {
	SECRETS_REFUSED,
	SECRETS_KEPT, /* any key; it stays as it stands */
	SECRETS_FOUND /* a name as others are */
};

/* What names mean while one declaration is read. */
struct names {
	/* The value in kept form, borrowed; NULL: no such name. */
	const char *(*find)(const char *name, const void *data);
	/* The i-th name, for the nearest right word; NULL at the end. */
	const char *(*each)(size_t index, const void *data);
	const void *data;
	/* A sentence why a known name has no value here, or NULL. May be NULL itself. */
	const char *(*why)(const char *name, const void *data);
	size_t *budget; /* bytes that all results may still take; NULL: no bound */
	enum secret_names secrets;
};

/* Replaces every name. Arithmetic (+ - * / % and parentheses) rounds down to a whole
 * number. A value of several lines that stands alone on a line is indented as its `${…}`
 * was. With `keep_instance` the result is in kept form, so that config_expand() can
 * finish later; without it `instance` is a name as others are. -EINVAL with a sentence
 * (unknown name, unclosed brace, division by zero, result too long), -ENOMEM. */
int expand(char **ret, const char *text, const struct names *names, bool keep_instance,
	struct error *err);

/* Escapes the dollars of a plain value, for find(). NULL: no memory. */
char *expand_escape(const char *plain);
