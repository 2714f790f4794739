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
	bool ready, watchdog;             /* READY=1, WATCHDOG=1 */
	char name[FD_NAME_MAX_BYTES + 1]; /* FDNAME=; "" when absent or bad */
};

/* Words that the keeper does not know are for systemd, to whom it passes every datagram
 * on. */
void notice_read(struct notice *ret, const char *bytes, size_t size);
