/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * segment.h - one file of a log, plain or packed, as lines with their offsets.
 */
#pragma once

#include "logrotate/pack.h"
#include "logrotate/query.h"

enum { LINE_SHOWN_BYTES = 128 * 1024 }; /* of a longer line, the rest is not shown */

struct segment {
	int fd;
	enum compress packed;
	int64_t end;  /* a plain one is read up to here; INT64_MAX: as far as it goes */
	bool is_live; /* what has no newline yet is not a line yet */
	struct wall modified;
};

struct lines { /* a reader of one segment */
	const struct segment *segment;
	struct unpacker *unpacker;
	struct text buffer;
	size_t consumed;    /* of buffer: lines that were given out */
	int64_t offset;     /* of the buffer's beginning, unpacked */
	int64_t skipped;    /* of the middle of a line that is too long to show */
	int64_t read_bytes; /* since the beginning: for taking turns */
	const atomic_bool *stop;
	bool ended;
};

struct line {
	const char *bytes; /* valid until the next lines_next() */
	size_t size;       /* without the newline, at most LINE_SHOWN_BYTES */
	int64_t offset;
};

int lines_init(struct lines *lines, const struct segment *segment, int64_t offset,
	const atomic_bool *stop);
void lines_done(struct lines *lines);
/* 1, 0 at the end, -errno (-EBADMSG: damaged; what came before was good; -ECANCELED). */
int lines_next(struct lines *lines, struct line *ret);
/* Where the next line begins. */
int64_t lines_offset(const struct lines *lines);

/* Where the last `count` wanted lines begin, and how many there are. */
struct found {
	int64_t offset, count;
};
int segment_find_last(struct found *ret, const struct segment *segment,
	const struct query *query, int64_t count, const atomic_bool *stop);
/* The beginning of a line before which nothing is newer than query->since. */
int64_t segment_find_since(const struct segment *segment, const struct query *query,
	const atomic_bool *stop);
