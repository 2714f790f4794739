/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keeper_lines.c - reads, keeps who ended, and tells who listens.
 */
#include "supervisor/keeper_lines.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

enum {
	FILE_MAX_BYTES = ORPHANS_KEPT * ORPHAN_LINE_BYTES,
	READ_BYTES = 4096,
	READS_PER_TURN = 64, /* then the rest of the loop has its turn */
};

static void take_line(struct keeper_lines *lines, const char *line, struct instant now)
{
	static const char reexec[] = "reexec";
	const struct store_user *user = lines->user;
	struct orphan orphan;

	if (orphan_read(&orphan, line)) {
		(void)orphans_add(&lines->orphans, &orphan);
		if (user && user->ended)
			user->ended(lines->owner, &orphan, now);
	} else if (text_starts(line, reexec) && user && user->reexec) {
		line += strlen(reexec);
		user->reexec(lines->owner, line + strspn(line, " "), now);
	}
}

/* A line that is too long is cut: none of ours is. */
static void take_bytes(
	struct keeper_lines *lines, const char *bytes, size_t size, struct instant now)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != '\n') {
			if (lines->partial_size < sizeof(lines->partial) - 1)
				lines->partial[lines->partial_size++] = bytes[i];
			continue;
		}
		lines->partial[lines->partial_size] = '\0';
		lines->partial_size = 0;
		take_line(lines, lines->partial, now);
	}
}

int keeper_lines_load(struct keeper_lines *lines, int fd)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r = fd_read_all(&text, &size, fd, FILE_MAX_BYTES);

	if (r == 0)
		take_bytes(lines, text, size, (struct instant){ 0 });
	return r;
}

static void on_readable(void *owner, unsigned events, struct instant now)
{
	struct keeper_lines *lines = owner;

	(void)events;
	for (int i = 0; i < READS_PER_TURN; i++) {
		char bytes[READ_BYTES];
		ssize_t size = read(lines->fd, bytes, sizeof(bytes));

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			return;
		if (size <= 0) {
			watch_set(lines->watch, 0);
			if (lines->user && lines->user->alone)
				lines->user->alone(lines->owner, now);
			return;
		}
		take_bytes(lines, bytes, (size_t)size, now);
	}
}

int keeper_lines_listen(struct keeper_lines *lines, struct loop *loop, int fd)
{
	int r = fd_set_nonblock(fd, true);

	lines->fd = fd;
	return r < 0 ? r
		     : watch_new(&lines->watch, loop, fd, WATCH_READ, on_readable, lines);
}

void keeper_lines_done(struct keeper_lines *lines)
{
	watch_free(lines->watch);
	orphans_done(&lines->orphans);
}
