/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * environment.h - "KEY=VALUE" lists for a child: nothing is inherited. Pure.
 */
#pragma once

#include "base/error.h"
#include "base/text.h"

#define ENVIRONMENT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { ENVIRONMENT_FILE_MAX_BYTES = 256 * 1024 };

/* A later value of the same key takes the place of the former. -ENOMEM. */
int environment_set(struct strings *environment, const char *key, const char *value);
/* For exec: the items and a NULL behind them. The array is the caller's, the strings stay
 * with `environment`. */
const char **environment_vector(const struct strings *environment);

/* Lines KEY=VALUE; blank lines and those that begin with # are skipped; a value may stand
 * in single or double quotes, and nothing in it is expanded. `each` is called per line.
 * -EINVAL with the line's number, or what `each` returned. */
typedef int environment_fn(void *data, const char *key, const char *value);
int environment_parse(
	const char *text, environment_fn *each, void *data, struct error *err);
