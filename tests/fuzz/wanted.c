/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wanted.c - wanted.json as it may lie on a disk: read, each wish put again, read the
 * same.
 */
#include "supervisor/wanted.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_table(struct wanted_table *ret, const void *data, size_t size)
{
	struct error err = { 0 };
	char path[64];
	int fd = memfd_create("wanted", MFD_CLOEXEC), r;

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = wanted_read(ret, path, &err);
	close(fd);
	assert(ret->json);             /* there is a table in any case */
	assert(r == 0 || err.text[0]); /* and a reason when it is empty */
	return r == 0;
}

static void put_again(struct wanted_table *table, const char *service)
{
	struct wish first, again;

	if (!wanted_get(table, service, &first))
		return;
	/* a text of `first` lives in the row that a put replaces */
	_cleanup_free_ char *who = strdup(first.who), *why = strdup(first.why);

	first.who = who;
	first.why = why;
	(void)wanted_put(table, service, &first);
	assert(wanted_get(table, service, &again));
	assert(again.value == first.value && again.since.us == first.since.us &&
		again.until.us == first.until.us);
	assert(strcmp(again.who, who) == 0 && strcmp(again.why, why) == 0);
	assert(!wanted_put(table, service, &first)); /* nothing is left to write */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wanted_table table = { 0 };
	struct strings names = { 0 };
	const char *key;
	struct json_t *value;

	if (read_table(&table, data, size)) {
		json_each(table.json, key, value)
		{
			(void)value;
			assert(strings_add(&names, key) == 0);
		}
		for (size_t i = 0; i < names.count; i++) {
			put_again(&table, names.items[i]);
			(void)wanted_forget(&table, names.items[i]);
			assert(!wanted_forget(&table, names.items[i]));
		}
	}
	strings_done(&names);
	wanted_done(&table);
	return 0;
}
