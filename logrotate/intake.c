/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * intake.c - between a pipe and its service.
 *
 * Owns the pipe and the remembered tail.
 */
#include "logrotate/intake.h"

#include <string.h>

#include "logrotate/pipes.h"
#include "logrotate/service.h"

struct intake {
	struct service *service;
	struct intake *next;
	struct pipe *pipe;
	char *name;
	int64_t instance;
	int stream;
	bool retired;
	struct text tail;
};

static void remember(struct intake *intake, const char *bytes, size_t size)
{
	struct text *tail = &intake->tail;

	if (size >= TAIL_BYTES) {
		text_clear(tail);
		bytes += size - TAIL_BYTES;
		size = TAIL_BYTES;
	}
	text_add_bytes(tail, bytes, size);
	if (text_failed(tail))
		text_done(tail);
	else if (tail->size > TAIL_BYTES)
		text_consume(tail, tail->size - TAIL_BYTES);
}

static void take(struct intake *intake, const char *lines, size_t size, struct moment at)
{
	remember(intake, lines, size);
	service_take(intake->service, intake->stream, lines, size, at);
}

static void on_read(
	void *owner, enum piece piece, const char *bytes, size_t size, struct moment at)
{
	static const char mark[] = " [svcd: the line goes on]";
	struct intake *intake = owner;
	bool marked = intake->service->logs.partial == PARTIAL_MARK;
	struct text line = { 0 };

	if (piece == PIECE_LINES) {
		take(intake, bytes, size, at);
	} else {
		text_add_bytes(&line, bytes, size);
		if (piece == PIECE_CUT && marked)
			text_add(&line, mark);
		text_add(&line, "\n");
		if (!text_failed(&line))
			take(intake, line.bytes, line.size, at);
		text_done(&line);
	}
	intake_pace(intake);
}

static void on_hung_up(void *owner, struct moment at)
{
	struct intake *intake = owner;

	if (intake->retired)
		intake_free(intake, at);
}

int intake_new(struct service *service, const struct pipe_told *told, int fd)
{
	size_t line_max = (size_t)service->logs.line_max_bytes;
	struct intake *intake = calloc(1, sizeof(*intake));
	int r;

	if (!intake || !(intake->name = strdup(told->name))) {
		close(fd);
		free(intake);
		return -ENOMEM;
	}
	intake->service = service;
	intake->instance = told->instance;
	intake->stream = told->stream;
	r = pipe_new(&intake->pipe, service->commons->pipes, fd, line_max,
		(struct pipe_user){ intake, on_read, on_hung_up });
	if (r < 0) {
		free(intake->name);
		free(intake);
		return r;
	}
	intake->next = service->intakes;
	service->intakes = intake;
	return 0;
}

struct intake *intake_free(struct intake *intake, struct moment at)
{
	struct intake **link;

	if (!intake)
		return NULL;
	intake->retired = false; /* what follows must not free it a second time */
	pipe_pause(intake->pipe, false);
	pipe_drain(intake->pipe, DRAIN_BYTES, at);
	pipe_free(intake->pipe, at);
	link = &intake->service->intakes;
	while (*link != intake)
		link = &(*link)->next;
	*link = intake->next;
	text_done(&intake->tail);
	free(intake->name);
	free(intake);
	return NULL;
}

bool intake_is(const struct intake *intake, const struct pipe_told *told, int fd)
{
	return intake_is_named(intake, told->name) && pipe_is_same(intake->pipe, fd);
}

bool intake_is_named(const struct intake *intake, const char *name)
{
	return !intake->retired && strcmp(intake->name, name) == 0;
}

void intake_retire(struct intake *intake, struct moment at)
{
	intake->retired = true;
	if (pipe_is_hung_up(intake->pipe))
		intake_free(intake, at);
}

void intake_pace(struct intake *intake)
{
	pipe_pause(intake->pipe, service_is_full(intake->service, intake->stream));
}

void intake_drain(struct intake *intake, struct moment at)
{
	pipe_drain(intake->pipe, DRAIN_BYTES, at);
}

void intake_set_line_max(struct intake *intake)
{
	pipe_set_line_max(intake->pipe, (size_t)intake->service->logs.line_max_bytes);
}

struct intake *intake_next(const struct intake *intake)
{
	return intake->next;
}

/* Each instance has a pipe per stream, or one for both. A retired one may go while it is
 * read. */
static struct intake *find(struct intake *first, int64_t instance, int stream)
{
	struct intake *other = NULL;

	for (struct intake *at = first; at; at = at->next) {
		if (at->instance != instance || at->retired)
			continue;
		if (at->stream == stream)
			return at;
		other = at;
	}
	return other;
}

/* Where the last `lines` lines begin. */
static const char *find_last(const struct text *tail, int64_t lines)
{
	const char *at = tail->bytes + tail->size - 1; /* the last newline */

	while (at > tail->bytes && (at[-1] != '\n' || --lines > 0))
		at--;
	if (at == tail->bytes && tail->size == TAIL_BYTES) /* that one has no beginning */
		at = (char *)memchr(at, '\n', tail->size) + 1;
	return at;
}

static struct json_t *lines_of(const struct text *tail, int64_t count)
{
	struct json_t *lines = json_new_array();
	const char *end = tail->bytes + tail->size;

	if (tail->size == 0 || count <= 0)
		return lines;
	for (const char *at = find_last(tail, count); lines && at < end;) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		_cleanup_free_ char *line = strndup(at, (size_t)(line_end - at));

		if (!line || json_append_text(lines, line) < 0)
			break;
		at = line_end + 1;
	}
	return lines;
}

struct json_t *intakes_tail(
	struct intake *first, const struct tail_asked *asked, struct moment at)
{
	struct intake *intake = find(first, asked->instance, asked->stream);
	struct json_t *lines;

	if (!intake)
		return NULL;
	pipe_drain(intake->pipe, DRAIN_BYTES, at);
	lines = lines_of(&intake->tail, asked->lines);
	text_clear(&intake->tail); /* the next process has words of its own */
	return lines;
}
