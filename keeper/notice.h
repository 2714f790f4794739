/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * notice.h - pure: what one sd_notify(3) datagram of the supervisor asks of the keeper.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/fd_table.h"

enum {
	NOTICE_MAX_BYTES = 4096,
	NOTICE_MAX_FDS = 64, /* in one datagram */
};

struct notice {
	bool store, remove;               /* FDSTORE=1, FDSTOREREMOVE=1 */
	bool ready;                       /* READY=1 */
	bool reexec;                      /* X_SVCD_REEXEC=1 */
	char name[FD_NAME_MAX_BYTES + 1]; /* FDNAME=; "" when absent or bad */
};

void notice_read(struct notice *ret, const char *bytes, size_t size);
/* Takes out the lines that are for the keeper: the store's and ours (X_SVCD_…). What is
 * left, maybe nothing, is for systemd: words that the keeper does not know as well. */
void notice_leave_words(char *text);
