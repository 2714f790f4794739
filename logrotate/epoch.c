/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * epoch.c - a chain that is held from behind: each epoch owns a reference to the next.
 */
#include "logrotate/epoch.h"

#include "base/cleanup.h"

struct epoch *epoch_new(struct epoch *last, int fd)
{
	struct epoch *epoch = calloc(1, sizeof(*epoch));

	if (!epoch) {
		close(fd);
		return NULL;
	}
	epoch->fd = fd;
	epoch->references = 1;
	if (last) {
		last->next = epoch_share(epoch);
		epoch_free(last);
	}
	return epoch;
}

struct epoch *epoch_share(struct epoch *epoch)
{
	epoch->references++;
	return epoch;
}

/* By a loop: a follower that sleeps over a thousand rotations holds a chain of as
 * many. */
struct epoch *epoch_free(struct epoch *epoch)
{
	while (epoch && --epoch->references == 0) {
		struct epoch *next = epoch->next;

		if (epoch->fd >= 0)
			close(epoch->fd);
		free(epoch);
		epoch = next;
	}
	return NULL;
}

struct epoch *epoch_advance(struct epoch *epoch)
{
	struct epoch *next = epoch_share(epoch->next);

	epoch_free(epoch);
	return next;
}
