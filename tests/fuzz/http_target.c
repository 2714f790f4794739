/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * http_target.c - what a client asks for: read, printed, read again, and the same.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "health/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *bytes = strndup((const char *)data, size);
	struct target first, again;
	struct text text = { 0 }, twice = { 0 };

	if (!bytes || target_parse(&first, bytes) < 0)
		return 0;
	target_print(&text, &first);
	/* Encoding may make it longer than what is read. */
	if (text.size <= TARGET_MAX_BYTES) {
		int r = target_parse(&again, text.bytes);

		assert(r == 0);
		target_print(&twice, &again);
		assert(strcmp(text.bytes, twice.bytes) == 0);
	}
	text_done(&text);
	text_done(&twice);
	return 0;
}
