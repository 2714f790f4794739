/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * epoch.h - the file that a log is written to between two rotations, as its followers see
 * it: each holds the epoch it reads, and finds the next one from there, however many
 * rotations later.
 *
 * Only the loop's thread touches epochs; a searching thread gets the bare fd and only
 * preads it.
 */
#pragma once

struct epoch {
	int fd;             /* -1: so many rotations ago that it was closed */
	struct epoch *next; /* NULL: this is the live one */
	unsigned references;
};

/* Follows `last` (NULL: the first); takes fd. NULL: no memory, fd is closed. The writer's
 * reference moves from `last` to the new one. */
struct epoch *epoch_new(struct epoch *last, int fd);
struct epoch *epoch_share(struct epoch *epoch);
struct epoch *epoch_free(struct epoch *epoch); /* one user less */
/* The reference moves on to the next one, which must exist. */
struct epoch *epoch_advance(struct epoch *epoch);
