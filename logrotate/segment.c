/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * segment.c - reading forward in chunks; finding the end's lines by windows that grow
 * backwards, and a time by halving. In packed files both are found by reading on from the
 * beginning.
 */
#include "logrotate/segment.h"

#include <string.h>
#include <sys/stat.h>

enum {
	CHUNK_BYTES = 64 * 1024,
	WINDOW_FIRST_BYTES = 64 * 1024,
	WINDOW_GROWS = 4,
	HALVING_ENDS_BYTES = 256 * 1024,
	UNTIMED_LINES = 1000, /* looked at before giving up on finding a time there */
};

int lines_init(struct lines *lines, const struct segment *segment, int64_t offset,
	const atomic_bool *stop)
{
	int r;

	*lines = (struct lines){ .segment = segment, .offset = offset, .stop = stop };
	r = unpacker_new(&lines->unpacker, segment->fd, segment->packed);
	return r < 0 ? r : unpacker_seek(lines->unpacker, offset);
}

void lines_done(struct lines *lines)
{
	lines->unpacker = unpacker_free(lines->unpacker);
	text_done(&lines->buffer);
}

int64_t lines_offset(const struct lines *lines)
{
	return lines->offset + (int64_t)lines->consumed;
}

/* More bytes behind those that wait: 1, 0 at the end, -errno. */
static int fill(struct lines *lines)
{
	int64_t left = lines->segment->end - lines->offset - (int64_t)lines->buffer.size;
	char chunk[CHUNK_BYTES];
	ssize_t got;

	if (atomic_load(lines->stop))
		return -ECANCELED;
	if (lines->segment->packed != COMPRESS_NONE)
		left = CHUNK_BYTES;
	got = left <= 0 ? 0
			: unpacker_read(lines->unpacker, chunk,
				  (size_t)MIN(left, (int64_t)sizeof(chunk)));
	if (got <= 0)
		return (int)got;
	text_add_bytes(&lines->buffer, chunk, (size_t)got);
	lines->read_bytes += got;
	return text_failed(&lines->buffer) ? -ENOMEM : 1;
}

static void forget_consumed(struct lines *lines)
{
	if (lines->consumed == 0)
		return;
	text_consume(&lines->buffer, lines->consumed);
	lines->offset += (int64_t)lines->consumed;
	lines->consumed = 0;
}

static const char *find_newline(const struct lines *lines, size_t from)
{
	size_t at = lines->consumed + from;

	return at < lines->buffer.size
		       ? memchr(lines->buffer.bytes + at, '\n', lines->buffer.size - at)
		       : NULL;
}

/* Drops the middle of a line that is longer than anybody is shown. */
static void shorten(struct lines *lines)
{
	size_t waiting = lines->buffer.size;

	if (lines->consumed > 0 || waiting <= LINE_SHOWN_BYTES + CHUNK_BYTES)
		return;
	memmove(lines->buffer.bytes + LINE_SHOWN_BYTES,
		lines->buffer.bytes + waiting - CHUNK_BYTES, CHUNK_BYTES);
	lines->buffer.size = LINE_SHOWN_BYTES + CHUNK_BYTES;
	lines->skipped += (int64_t)(waiting - lines->buffer.size);
	lines->offset += (int64_t)(waiting - lines->buffer.size);
}

static int give(struct lines *lines, struct line *ret, size_t size, size_t newline)
{
	*ret = (struct line){
		.bytes = lines->buffer.bytes + lines->consumed,
		.size = MIN(size, (size_t)LINE_SHOWN_BYTES),
		.offset = lines_offset(lines) - lines->skipped,
	};
	lines->skipped = 0;
	lines->consumed += size + newline;
	return 1;
}

int lines_next(struct lines *lines, struct line *ret)
{
	size_t searched = 0;
	const char *end;
	int r = 1;

	while (!(end = find_newline(lines, searched)) && r > 0) {
		searched = lines->buffer.size - lines->consumed;
		forget_consumed(lines);
		r = fill(lines);
		shorten(lines);
		searched = MIN(searched, (size_t)LINE_SHOWN_BYTES);
	}
	if (end)
		return give(lines, ret,
			(size_t)(end - lines->buffer.bytes) - lines->consumed, 1);
	if (r < 0)
		return r;
	if (lines->segment->is_live || lines->buffer.size == lines->consumed)
		return 0;
	return give(lines, ret, lines->buffer.size - lines->consumed, 0);
}

/* The offsets of the last so many wanted lines from `from` on, in a ring. */
struct ring {
	int64_t *offsets;
	int64_t room, seen;
};

static int collect(struct ring *ring, const struct segment *segment,
	const struct query *query, int64_t from, const atomic_bool *stop)
{
	struct lines lines;
	struct line line;
	int r = lines_init(&lines, segment, from, stop);

	ring->seen = 0;
	if (r == 0 && from > 0) /* the middle of some line */
		r = lines_next(&lines, &line);
	while (r >= 0 && (r = lines_next(&lines, &line)) > 0) {
		struct line_facts facts = line_read(line.bytes, line.size);

		if (query_wants(query, &facts, line.bytes, line.size))
			ring->offsets[ring->seen++ % ring->room] = line.offset;
	}
	lines_done(&lines);
	return r == -EBADMSG ? 0 : r; /* what is readable of a damaged archive counts */
}

static int64_t segment_size(const struct segment *segment)
{
	struct stat info;

	if (segment->end < INT64_MAX)
		return segment->end;
	return fstat(segment->fd, &info) == 0 ? info.st_size : 0;
}

int segment_find_last(struct found *ret, const struct segment *segment,
	const struct query *query, int64_t count, const atomic_bool *stop)
{
	int64_t size = segment_size(segment), window = WINDOW_FIRST_BYTES, from;
	_cleanup_free_ int64_t *offsets = calloc((size_t)count, sizeof(*offsets));
	struct ring ring = { .offsets = offsets, .room = count };
	int r;

	if (!offsets)
		return -ENOMEM;
	do {
		bool whole = segment->packed != COMPRESS_NONE || window >= size;

		from = whole ? 0 : size - window;
		window *= WINDOW_GROWS;
		r = collect(&ring, segment, query, from, stop);
	} while (r == 0 && from > 0 && ring.seen < count);
	if (r < 0)
		return r;
	ret->count = MIN(ring.seen, count);
	ret->offset = ret->count == 0 ? 0 : offsets[(ring.seen - ret->count) % count];
	return 0;
}

/* The first time that is told after `from`, and the beginning of the line after it
 * began. */
static bool time_after(struct wall *ret, const struct segment *segment, int64_t from,
	const atomic_bool *stop)
{
	struct lines lines;
	struct line line;
	bool timed = false;
	int r = lines_init(&lines, segment, from, stop);

	if (r == 0 && from > 0)
		r = lines_next(&lines, &line);
	for (int i = 0; r >= 0 && i < UNTIMED_LINES && !timed; i++) {
		struct line_facts facts;

		r = lines_next(&lines, &line);
		if (r <= 0)
			break;
		facts = line_read(line.bytes, line.size);
		timed = facts.timed;
		*ret = facts.at;
	}
	lines_done(&lines);
	return timed;
}

static int64_t line_start(
	const struct segment *segment, int64_t at, const atomic_bool *stop)
{
	struct lines lines;
	struct line line;
	int64_t offset = 0;

	if (at == 0)
		return 0;
	if (lines_init(&lines, segment, at, stop) == 0 && lines_next(&lines, &line) > 0)
		offset = lines_offset(&lines);
	lines_done(&lines);
	return offset;
}

int64_t segment_find_since(
	const struct segment *segment, const struct query *query, const atomic_bool *stop)
{
	int64_t low = 0, high = segment_size(segment);

	if (query->since.us <= 0 || segment->packed != COMPRESS_NONE)
		return 0;
	while (high - low > HALVING_ENDS_BYTES) {
		int64_t middle = low + (high - low) / 2;
		struct wall at;

		if (!time_after(&at, segment, middle, stop))
			return line_start(segment, low, stop);
		if (at.us < query->since.us)
			low = middle;
		else
			high = middle;
	}
	return line_start(segment, low, stop);
}
