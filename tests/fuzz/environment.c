/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 *
 * environment.c - environment files: what is understood can be written down and is
 * understood the same.
 */
#include "spawn/environment.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int keep(void *data, const char *key, const char *value)
{
	return environment_set(data, key, value);
}

static int print(void *data, const char *key, const char *value)
{
	text_addf(data, "%s='%s'\n", key, value);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	_cleanup_(strings_done) struct strings first = { 0 }, again = { 0 };
	_cleanup_(text_done) struct text printed = { 0 };
	struct error err = { 0 };

	if (environment_parse(text, keep, &first, &err) < 0)
		return 0;
	assert(environment_parse(text, print, &printed, &err) == 0);
	if (!printed.bytes)
		return 0;
	assert(environment_parse(printed.bytes, keep, &again, &err) == 0);
	assert(first.count == again.count);
	for (size_t i = 0; i < first.count; i++)
		assert(strcmp(first.items[i], again.items[i]) == 0);
	return 0;
}
