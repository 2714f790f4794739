/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * history.c - segments after one another.
 *
 * Owns the fds of archives. What cannot be opened or is damaged is passed over: the rest
 * is still worth reading.
 */
#include "logrotate/history.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int history_init(struct history *history, const char *service, const char *stream,
	struct shelf *shelf, int live_fd)
{
	*history = (struct history){ .stream = stream, .live_fd = live_fd };
	history->service = strdup(service);
	if (!history->service)
		return -ENOMEM;
	history->shelf = shelf_share(shelf);
	pthread_mutex_lock(&shelf->lock);
	history->rotations = shelf->rotations;
	pthread_mutex_unlock(&shelf->lock);
	return 0;
}

static void close_segments(struct history *history)
{
	for (size_t i = 0; i < history->count; i++)
		if (!history->segments[i].is_live && history->segments[i].fd >= 0)
			close(history->segments[i].fd);
	free(history->segments);
	history->segments = NULL;
	history->count = history->at = 0;
}

void history_done(struct history *history)
{
	lines_done(&history->lines);
	close_segments(history);
	history->shelf = shelf_free(history->shelf);
	free(history->service);
	history->service = NULL;
}

static bool is_twin(const struct archive *a, const struct archive *b)
{
	return a->dated == b->dated && a->stamp_s == b->stamp_s && a->number == b->number;
}

/* `archives` are newest first, segments oldest first: filled from the end. */
static void add_archive(
	struct history *history, struct segment *segment, const struct archive *archive)
{
	int fd = shelf_open(history->shelf, archive->name);

	*segment = (struct segment){
		.fd = MAX(fd, -1),
		.packed = archive->packed,
		.end = fd < 0 ? 0 : INT64_MAX,
		.modified = { archive->modified_s * US_PER_S },
	};
}

static void add_archives(struct history *history, const struct archives *archives,
	size_t skip, const struct query *query)
{
	struct segment *segments = history->segments;
	size_t opened = 0;

	for (size_t i = 0; i < archives->count && opened < SEGMENTS_MAX; i++) {
		const struct archive *archive = &archives->items[i];

		/* While one is packed it is there twice: the plain one, which comes
		 * first, may go any moment. */
		if (i + 1 < archives->count && is_twin(archive, archive + 1))
			continue;
		if (skip > 0) {
			skip--;
			continue;
		}
		/* mtime is in whole seconds here: the last of them may be newer than
		 * `since` */
		if ((archive->modified_s + 1) * US_PER_S < query->since.us)
			break;
		add_archive(history, &segments[opened++], archive);
	}
	for (size_t i = 0; i < opened / 2; i++) {
		struct segment other = segments[i];

		segments[i] = segments[opened - 1 - i];
		segments[opened - 1 - i] = other;
	}
	history->count = opened;
}

static void add_live(struct history *history)
{
	struct stat info;

	if (history->live_fd < 0 || fstat(history->live_fd, &info) < 0)
		return;
	history->segments[history->count++] = (struct segment){
		.fd = history->live_fd,
		.packed = COMPRESS_NONE,
		.end = info.st_size,
		.is_live = true,
		.modified = { info.st_mtim.tv_sec * US_PER_S },
	};
	history->live_offset = info.st_size;
}

int history_open(struct history *history, const struct query *query)
{
	_cleanup_(archives_done) struct archives archives = { 0 };
	size_t later = 0;
	int r;

	history->segments = calloc(SEGMENTS_MAX + 1, sizeof(*history->segments));
	if (!history->segments)
		return -ENOMEM;
	pthread_mutex_lock(&history->shelf->lock);
	r = shelf_list(&archives, history->shelf);
	later = history->shelf->rotations - history->rotations;
	if (r == 0)
		add_archives(history, &archives, later, query);
	pthread_mutex_unlock(&history->shelf->lock);
	add_live(history);
	history->start_at = history->count;
	return r;
}

int history_find_step(struct history *history, const struct query *query, int64_t count,
	const atomic_bool *stop)
{
	struct found found = { 0 };
	int r;

	if (history->start_at == 0 || history->found >= count) {
		history->at = history->start_at;
		return 0;
	}
	history->start_at--;
	r = segment_find_last(&found, &history->segments[history->start_at], query,
		count - history->found, stop);
	if (r == -ECANCELED || r == -ENOMEM)
		return r;
	history->found += found.count;
	if (found.count > 0)
		history->start = found;
	else
		history->start = (struct found){ 0 };
	return 1;
}

static int begin_segment(
	struct history *history, const struct query *query, const atomic_bool *stop)
{
	const struct segment *segment = &history->segments[history->at];
	int64_t offset;

	if (history->start.count > 0 && history->at == history->start_at)
		offset = history->start.offset;
	else
		offset = segment_find_since(segment, query, stop);
	history->latest = history->latest.us ? history->latest : segment->modified;
	history->reading = true;
	return lines_init(&history->lines, segment, offset, stop);
}

static void end_segment(struct history *history)
{
	if (history->segments[history->at].is_live)
		history->live_offset = lines_offset(&history->lines);
	lines_done(&history->lines);
	history->reading = false;
	history->at++;
}

static int look_at_line(struct history *history, const struct query *query)
{
	history->facts = line_read(history->line.bytes, history->line.size);
	if (history->facts.timed)
		history->latest = history->facts.at;
	history->has_line = query_wants(
		query, &history->facts, history->line.bytes, history->line.size);
	return history->has_line;
}

int history_next(struct history *history, const struct query *query, int64_t *budget,
	const atomic_bool *stop)
{
	history->has_line = false;
	while (history->at < history->count) {
		int64_t before;
		int r = 0;

		if (*budget <= 0)
			return -EAGAIN;
		if (!history->reading)
			r = begin_segment(history, query, stop);
		before = history->lines.read_bytes;
		if (r == 0)
			r = lines_next(&history->lines, &history->line);
		*budget -= history->lines.read_bytes - before;
		if (r == -ECANCELED)
			return r;
		if (r > 0 && look_at_line(history, query))
			return 1;
		if (r <= 0)
			end_segment(history);
	}
	return 0;
}

int history_follow(struct history *history, int live_fd, int64_t offset)
{
	close_segments(history);
	history->live_fd = live_fd;
	history->segments = calloc(1, sizeof(*history->segments));
	if (!history->segments)
		return -ENOMEM;
	add_live(history);
	history->start_at = 0;
	history->start = (struct found){ .offset = offset, .count = 1 };
	history->live_offset = offset;
	return 0;
}
