/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * orphan.c - a line about how a process ended: read, written, read the same.
 */
#include <assert.h>
#include <string.h>

#include "base/orphans.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[2 * ORPHAN_LINE_BYTES], again[ORPHAN_LINE_BYTES];
	struct orphan first, second;
	size_t length;

	if (size >= sizeof(line))
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	if (!orphan_read(&first, line))
		return 0;
	length = orphan_write(again, &first);
	assert(length > 0 && again[length - 1] == '\n');
	again[length - 1] = '\0';
	assert(orphan_read(&second, again));
	assert(second.pid == first.pid && second.start == first.start &&
		second.code == first.code && second.status == first.status);
	return 0;
}
