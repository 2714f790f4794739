/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * http_accept.c - any Accept header chooses one of what is offered.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#include "health/accept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const offered[] = { "text/plain", "application/json",
		"application/openmetrics-text" };
	_cleanup_free_ char *header = strndup((const char *)data, size);

	if (header)
		assert(accept_best(header, offered, ARRAY_LEN(offered)) <
			ARRAY_LEN(offered));
	return 0;
}
