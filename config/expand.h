/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * expand.h - pure: `${name}`, `${10042 + instance}`, `${ncpu * 1.5}`, `$$`.
 */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* What names mean while one declaration is read. `find` returns the value (borrowed) or NULL; `each` the i-th name, for
 * the nearest right word. */
struct names {
	const char *(*find)(const char *name, const void *data);
	const char *(*each)(size_t index, const void *data);
	const void *data;
};

/* Replaces every name. With `keep_instance`, parts that need `instance` stay as they are and `$$` stays escaped, so
 * that config_expand() can finish later; without it `instance` is unknown. -EINVAL with a sentence (unknown name, unclosed brace,
 * division by zero, result too long), -ENOMEM. */
int expand(char **ret, const char *text, const struct names *names, bool keep_instance,
	struct error *err);
