/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * history.h - the lines of one log in the order in which they were printed, archives and
 * live file as one. Lives in the searching thread, but for what history_init() is given.
 */
#pragma once

#include "logrotate/segment.h"
#include "logrotate/shelf.h"

enum { SEGMENTS_MAX = 512 }; /* older archives than these are not opened */

struct history {
	char *service;
	const char *stream; /* "" when both streams go there */
	struct shelf *shelf;
	/* When it was asked: what was archived later is in the live file here. */
	unsigned rotations;
	int live_fd;              /* borrowed */
	struct segment *segments; /* oldest first; the last is the live one */
	size_t count, at;
	struct lines lines;
	bool reading;
	struct line line; /* the next wanted one, when `has_line` */
	struct line_facts facts;
	bool has_line;
	struct wall latest; /* time of the latest line: lines without one inherit it */
	struct found start;
	size_t start_at;
	int64_t found;       /* by history_find_step() */
	int64_t live_offset; /* how far the live file was read … */
	int64_t live_end;    /* … when it had that many bytes, for answer.c */
};

/* Shares the shelf; borrows live_fd (-1: none). -ENOMEM. */
int history_init(struct history *history, const char *service, const char *stream,
	struct shelf *shelf, int live_fd);
void history_done(struct history *history);
/* Opens what there is to read. */
int history_open(struct history *history, const struct query *query);
/* One step of finding the last `count` wanted lines: 1 when there is more to do. */
int history_find_step(struct history *history, const struct query *query, int64_t count,
	const atomic_bool *stop);
/* Reads on to the next wanted line: 1, 0 when there is none, -ECANCELED. Looks at no more
 * than about `*budget` bytes, which it lowers; when those are used up it is -EAGAIN. */
int history_next(struct history *history, const struct query *query, int64_t *budget,
	const atomic_bool *stop);
/* Reads on in the live file, which may be another one now, from `offset`. */
int history_follow(struct history *history, int live_fd, int64_t offset);
