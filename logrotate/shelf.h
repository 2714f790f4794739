/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * shelf.h - where one log and its archives stand: the directory fds, the name, and the
 * lock under which names change. Shared by the loop (which rotates), the tidying and the
 * searching thread.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/time.h"

#include "logrotate/names.h"

struct shelf {
	int live_fd, archive_fd; /* directories; may be the same number */
	char *live;              /* name of the log */
	char *dateformat;
	pthread_mutex_t lock; /* of names: held for renames and for list-and-open */
	unsigned rotations;   /* under `lock`: since it was opened */
	int64_t last_stamp_s, last_number; /* of the newest archive's name */
	atomic_uint references;
};

struct archives {
	struct archive *items; /* newest first */
	size_t count;
};

enum { ARCHIVES_MAX = 100000 }; /* of one log; more is an error, not memory */

/* Opens `directory` (checked: ours or root's, unless `foreign`, and not writable by
 * everyone) and `olddir` (NULL: the same). A sentence in `err` says what an operator
 * should mend. */
struct shelf_place {
	const char *directory, *olddir, *live, *dateformat;
	bool foreign;
};
int shelf_new(struct shelf **ret, const struct shelf_place *place, struct error *err);
struct shelf *shelf_share(struct shelf *shelf);
struct shelf *shelf_free(struct shelf *shelf); /* one user less */
CLEANUP(struct shelf *, shelf_free)

/* Gives the live log a fresh archive name; names rise even when the clock falls.
 * -errno. */
int shelf_put_away(struct shelf *shelf, struct wall now);
/* Reads the directory; -errno. Of a packed archive whose plain one still stands, both are
 * listed. */
int shelf_list(struct archives *ret, const struct shelf *shelf);
void archives_done(struct archives *archives);
/* For reading. -EINVAL, -EMLINK: what a service put in its place. -errno. */
int shelf_open(const struct shelf *shelf, const char *archive);
