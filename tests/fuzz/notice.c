/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * notice.c - what the supervisor tells the keeper: understood, said again in our words,
 * understood the same.
 */
#include "keeper/notice.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notice first, again;
	char text[FD_NAME_MAX_BYTES + 128];

	notice_read(&first, (const char *)data, size);
	assert(first.name[0] == '\0' || fd_name_is_good(first.name));
	snprintf(text, sizeof(text), "%s%s%s%sFDNAME=%s",
		first.store ? "FDSTORE=1\n" : "", first.remove ? "FDSTOREREMOVE=1\n" : "",
		first.ready ? "READY=1\n" : "", first.reexec ? "X_SVCD_REEXEC=1\n" : "",
		first.name);
	notice_read(&again, text, strlen(text));
	assert(again.store == first.store && again.remove == first.remove &&
		again.ready == first.ready && again.reexec == first.reexec);
	assert(strcmp(again.name, first.name) == 0);
	return 0;
}
