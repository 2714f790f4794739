/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * accept.c - the Accept header of RFC 9110, as far as it chooses between our few types.
 * Pure.
 *
 * A client that accepts nothing we have gets our first type: a probe is better answered
 * than refused.
 */
#include "health/accept.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADER_MAX_BYTES = 4096 };

/* How exactly the range "type/subtype" at `at` means `type`: 3 the same, 2 "type/ *",
 * 1 "* / *", 0 not. */
static int fit(const char *at, size_t size, const char *type)
{
	const char *slash = strchr(type, '/');
	size_t major = (size_t)(slash - type) + 1;

	if (size == strlen(type) && strncasecmp(at, type, size) == 0)
		return 3;
	if (size == major + 1 && at[major] == '*' && strncasecmp(at, type, major) == 0)
		return 2;
	return size == 3 && strncmp(at, "*/*", 3) == 0;
}

/* The `q` of the parameters up to `end`; 1 when not said. */
static double quality(const char *at, const char *end)
{
	while (at < end && *at == ';') {
		at += 1 + strspn(at + 1, " \t");
		if (strncasecmp(at, "q=", 2) == 0)
			return strtod(at + 2, NULL);
		at += strcspn(at, ";,");
	}
	return 1;
}

static double quality_of(const char *header, const char *type)
{
	double best = 0;
	int best_fit = 0;

	while (*header) {
		const char *end, *at = header + strspn(header, " \t,");
		size_t size = strcspn(at, " \t;,");
		int now = fit(at, size, type);

		end = at + strcspn(at, ",");
		if (now > best_fit) {
			best_fit = now;
			best = quality(at + size + strspn(at + size, " \t"), end);
		}
		header = end;
	}
	return best;
}

size_t accept_best(const char *header, const char *const *offered, size_t count)
{
	size_t best = 0;
	double best_quality = 0;

	if (!header || strnlen(header, HEADER_MAX_BYTES) == HEADER_MAX_BYTES)
		return 0;
	for (size_t i = 0; i < count; i++) {
		double now = quality_of(header, offered[i]);

		if (now > best_quality) {
			best_quality = now;
			best = i;
		}
	}
	return best;
}
