/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * expand.c - texts with `${…}`: what is kept must stay as it is, and end as the text
 * itself.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "config/config.h"
#include "document/document.h"

static const char *find(const char *name, const void *data)
{
	static const char *const known[][2] = { { "service", "web" }, { "ncpu", "4" },
		{ "port", "${8080 + instance}" }, { "price", "$$5" },
		{ "lines", "a\nb\n" } };

	if (data && strcmp(name, "instance") == 0)
		return data;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i][0], name) == 0)
			return known[i][1];
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct names names = { .find = find };
	_cleanup_free_ char *text = strndup((const char *)data, size);
	_cleanup_free_ char *kept = NULL, *again = NULL, *final = NULL;
	struct error err = { 0 };

	if (!text || expand(&kept, text, &names, true, &err) < 0)
		return 0;
	if (expand(&again, kept, &names, true, &err) < 0)
		abort();
	assert(strcmp(kept, again) == 0);
	/* The first instance can always be made: sums were computed with 1. */
	if (config_expand(&final, kept, 1, &err) < 0)
		abort();
	return 0;
}
