/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * heritage.c - a state that another version, or something else, wrote: each part is as
 * long as it says, and can be taken in any order.
 */
#include "supervisor/heritage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char begin[] = "{\"boot\":\"b\",";
	struct heritage heritage = { 0 };
	char *bytes = malloc(sizeof(begin) + size);

	if (!bytes)
		return 0;
	memcpy(bytes, begin, sizeof(begin) - 1);
	memcpy(bytes + sizeof(begin) - 1, data, size);
	bytes[sizeof(begin) - 1 + size] = '\0';
	if (heritage_read(&heritage, bytes, sizeof(begin) - 1 + size, "b", NULL) < 0)
		return 0;
	while (heritage.left > 0) {
		size_t left = heritage.left;

		for (size_t i = 0; i < heritage.count && left == heritage.left; i++) {
			struct heritage_part *part = &heritage.parts[i];

			if (!part->text)
				continue;
			assert(strlen(part->text) <= part->size);
			(void)heritage_find(&heritage, part->name);
			(void)heritage_record(part);
			heritage_drop(&heritage, part);
		}
	}
	heritage_done(&heritage);
	return 0;
}
