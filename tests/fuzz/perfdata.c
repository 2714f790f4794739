/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * perfdata.c - what a plugin prints: read, printed as we print it, read the same.
 */
#include "health/perfdata.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(char *text, size_t size, const struct perfdata *perfdata)
{
	size_t used = (size_t)snprintf(text, size, "|");

	for (size_t i = 0; i < perfdata->count; i++)
		used += (size_t)snprintf(text + used, size - used, "%s=%.17g%s;;;; ",
			perfdata->items[i].label, perfdata->items[i].value,
			perfdata->items[i].unit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *output = strndup((const char *)data, size), text[1024];
	struct perfdata first, again;

	assert(output);
	perfdata_read(&first, output);
	free(output);
	assert(first.count <= PERFDATA_MAX);
	print(text, sizeof(text), &first);
	perfdata_read(&again, text);
	assert(again.count == first.count);
	for (size_t i = 0; i < first.count; i++) {
		assert(isfinite(first.items[i].value));
		assert(strcmp(again.items[i].label, first.items[i].label) == 0);
		assert(strcmp(again.items[i].unit, first.items[i].unit) == 0);
		assert(again.items[i].value == first.items[i].value);
	}
	return 0;
}
