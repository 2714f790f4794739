/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * live.h - the file that is written to now: opened without following anything, judged,
 * and mended where an earlier svcd-log was killed in the middle of a line.
 */
#pragma once

#include <sys/types.h>

#include "base/time.h"

#include "logrotate/shelf.h"

struct live {
	dev_t device;
	ino_t inode;
	int64_t size_bytes;
	struct wall since; /* its period began then: when it was made */
};

/* Opens the shelf's log for appending and reading, makes it when it is not there. Refuses
 * anything but a regular file with one name. The fd, or -errno and a sentence. */
int live_open(struct live *ret, const struct shelf *shelf, mode_t mode, struct wall now,
	struct error *err);
/* Whether the name still leads to this file. */
bool live_is_named(const struct live *live, const struct shelf *shelf);
