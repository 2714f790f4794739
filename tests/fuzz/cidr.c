/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whatever is read as an address or a network prints as itself, and reads again as the
 * same.
 */
#include "firewall/cidr.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char printed[RANGE_TEXT_BYTES];
	struct error err = { 0 };
	enum family family, again;
	struct range range, copy;

	assert(text);
	if (cidr_read(&range, &family, text, &err) == 0) {
		range_print(family, &range, printed);
		assert(cidr_read(&copy, &again, printed, &err) == 0);
		assert(again == family);
		assert(memcmp(&copy, &range, sizeof(range)) == 0);
	} else {
		assert(err.text[0] != 0);
	}
	free(text);
	return 0;
}
