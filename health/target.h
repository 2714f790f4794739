/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * target.h - what a client asks for: path and query of an HTTP request, read with limits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
	TARGET_MAX_BYTES = 2048,
	TARGET_MAX_PARTS = 3, /* "/readyz/NAME/CHECK" */
	TARGET_PART_BYTES = 128,
	TARGET_MAX_EXCLUDES = 32,
};

enum format { FORMAT_BY_ACCEPT, FORMAT_TEXT, FORMAT_JSON, FORMAT_NAGIOS };

struct target {
	char parts[TARGET_MAX_PARTS][TARGET_PART_BYTES]; /* decoded; unused ones are "" */
	size_t parts_count;
	bool verbose;
	bool drain_404; /* ?drain=404: HAProxy's disable-on-404 */
	enum format format;
	char excludes[TARGET_MAX_EXCLUDES][TARGET_PART_BYTES];
	size_t excludes_count;
};

/* 0, or -EINVAL: longer or deeper than any of our paths, or badly encoded. Parameters
 * that we do not know are passed over. "*" (of OPTIONS) is no parts. */
int target_parse(struct target *ret, const char *bytes);
/* The shortest spelling that reads back as the same. */
void target_print(struct text *text, const struct target *target);
bool target_excludes(const struct target *target, const char *name);
