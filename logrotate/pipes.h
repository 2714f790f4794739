/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pipes.h - the read ends of what services print to: bytes in, whole lines out.
 *
 * Wake-ups are coalesced: after the first byte the loop sleeps on for a while, shorter
 * the more there was to read last time, not at all when a pipe is half full. Pipes take
 * turns, so that one that floods does not starve the others.
 */
#pragma once

#include "base/loop.h"

#include "logrotate/moment.h"

struct pipes; /* all of them */
struct pipe;  /* one */

enum piece {
	PIECE_LINES, /* whole lines; the last byte is a newline */
	PIECE_CUT,   /* part of a line that was too long or waited too long; no newline */
	PIECE_LAST,  /* what stood before the end without a newline */
};
struct pipe_user {
	void *owner;
	void (*read)(void *owner, enum piece piece, const char *bytes, size_t size,
		struct moment at);
	/* No writer has it open now. One may open it again, unless the pipe is freed
	 * here. */
	void (*hung_up)(void *owner, struct moment at);
};

enum { PIPE_BATCH_BYTES = 256 * 1024, PARTIAL_WAIT_MS = 1000 };

int pipes_new(struct pipes **ret, struct loop *loop); /* -errno */
struct pipes *pipes_free(struct pipes *pipes);        /* which has no pipe any more */
CLEANUP(struct pipes *, pipes_free)

/* Takes fd, also when it fails. -EINVAL: not a pipe that can be read; -errno. */
int pipe_new(struct pipe **ret, struct pipes *pipes, int fd, size_t line_max,
	struct pipe_user user);
/* Gives out what is left of an unfinished line. */
struct pipe *pipe_free(struct pipe *pipe, struct moment at);
void pipe_set_line_max(struct pipe *pipe, size_t line_max);
/* Leave what comes in the pipe, or go on. */
void pipe_pause(struct pipe *pipe, bool paused);
/* Reads what is there now, at most `max_bytes` (so that a flood has an end). */
void pipe_drain(struct pipe *pipe, size_t max_bytes, struct moment at);
bool pipe_is_same(const struct pipe *pipe, int fd);
bool pipe_is_hung_up(const struct pipe *pipe);

/* Pure: how long to sleep on after the first byte, given what the latest turn read. */
int64_t pipes_nap_us(size_t latest_bytes);
