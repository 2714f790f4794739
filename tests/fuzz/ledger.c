/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ledger.c - a state that something wrote over: one of the two that were written is read,
 * or none. The first bytes of the input say where, the rest is what.
 */
#include "supervisor/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WHERE_BYTES = 3, SLOT_APART = LEDGER_MAX_BYTES + 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static off_t place_of(const uint8_t *where)
{
	return (off_t)(where[0] % 2) * SLOT_APART + where[1] + 256 * (where[2] % 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const written[] = { "the former state", "the latter" };
	struct ledger *ledger = NULL, *heir = NULL;
	char *bytes = NULL;
	size_t got = 0;

	if (size < WHERE_BYTES || ledger_new(&ledger, -1) < 0)
		return 0;
	for (size_t i = 0; i < 2; i++)
		assert(ledger_write(ledger, written[i], strlen(written[i])) == 0);
	if (pwrite(ledger_fd(ledger), data + WHERE_BYTES, size - WHERE_BYTES,
		    place_of(data)) < 0)
		abort();
	assert(ledger_new(&heir, dup(ledger_fd(ledger))) == 0);
	if (ledger_read(heir, &bytes, &got) == 0)
		assert(strcmp(bytes, written[0]) == 0 || strcmp(bytes, written[1]) == 0);
	free(bytes);
	ledger_free(heir);
	ledger_free(ledger);
	return 0;
}
