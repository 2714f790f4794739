/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pipes.c - an epoll of all pipes, edge-triggered, inside the loop's own.
 *
 * Edge-triggered, because a pipe without writers is readable for ever: this way it costs
 * one wake-up, and the first byte of its next writer another. A pipe that has something
 * stays in the ready list until a read found it empty.
 *
 * Owns the fds, one buffer for all, and per pipe only the unfinished line.
 */
#include "logrotate/pipes.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

enum {
	HEADROOM_BYTES =
		64 * 1024, /* an unfinished line up to this is put before the next read */
	TURN_BYTES = 1024 * 1024, /* of one pipe, then the next has its turn */
	EVENTS = 64,
	NAP_US = 5000,
	LONG_NAP_US = 20000,
	QUIET_BYTES = 16 * 1024, /* read in a turn: fewer earn the long nap … */
	BUSY_BYTES = 256 * 1024, /* … and more none at all */
};

struct pipe {
	struct pipes *all;
	struct pipe *next, **link;             /* of all pipes */
	struct pipe *next_ready, **ready_link; /* ready_link NULL: not ready */
	int fd;
	dev_t device;
	ino_t inode;
	size_t line_max;
	struct text unfinished;
	struct instant since; /* of `unfinished` */
	bool paused, hung_up;
	struct pipe_user user;
};

struct pipes {
	struct loop *loop;
	int epoll_fd;
	struct watch *watch; /* of epoll_fd; paused during a nap */
	struct timer *nap, *partial;
	struct pipe *first, *ready;
	struct pipe **ready_end;
	size_t latest_bytes;
	char buffer[HEADROOM_BYTES + PIPE_BATCH_BYTES];
};

int64_t pipes_nap_us(size_t latest_bytes)
{
	if (latest_bytes < QUIET_BYTES)
		return LONG_NAP_US;
	return latest_bytes < BUSY_BYTES ? NAP_US : 0;
}

static void make_ready(struct pipe *pipe)
{
	struct pipes *pipes = pipe->all;

	if (pipe->ready_link)
		return;
	pipe->next_ready = NULL;
	pipe->ready_link = pipes->ready_end;
	*pipes->ready_end = pipe;
	pipes->ready_end = &pipe->next_ready;
}

static void make_unready(struct pipe *pipe)
{
	if (!pipe->ready_link)
		return;
	*pipe->ready_link = pipe->next_ready;
	if (pipe->next_ready)
		pipe->next_ready->ready_link = pipe->ready_link;
	else
		pipe->all->ready_end = pipe->ready_link;
	pipe->ready_link = NULL;
}

static void give(struct pipe *pipe, enum piece piece, const char *bytes, size_t size,
	struct moment at)
{
	if (size > 0)
		pipe->user.read(pipe->user.owner, piece, bytes, size, at);
}

static void give_unfinished(struct pipe *pipe, enum piece piece, struct moment at)
{
	give(pipe, piece, pipe->unfinished.bytes, pipe->unfinished.size, at);
	text_done(&pipe->unfinished);
}

/* Keeps the beginning of a line until its end comes; never more than line_max of it. */
static void keep_unfinished(
	struct pipe *pipe, const char *bytes, size_t size, struct moment at)
{
	if (size == 0)
		return;
	if (pipe->unfinished.size >= pipe->line_max) /* which was more before */
		give_unfinished(pipe, PIECE_CUT, at);
	if (pipe->unfinished.size == 0)
		pipe->since = at.now;
	while (pipe->unfinished.size + size >= pipe->line_max) {
		size_t part = pipe->line_max - pipe->unfinished.size;

		text_add_bytes(&pipe->unfinished, bytes, part);
		give_unfinished(pipe, PIECE_CUT, at);
		pipe->since = at.now;
		bytes += part;
		size -= part;
	}
	if (size > 0)
		text_add_bytes(&pipe->unfinished, bytes, size);
	if (text_failed(&pipe->unfinished))
		give_unfinished(pipe, PIECE_CUT, at); /* without memory: what there is */
	if (pipe->unfinished.size > 0 && !timer_is_armed(pipe->all->partial))
		timer_arm(
			pipe->all->partial, instant_add_ms(pipe->since, PARTIAL_WAIT_MS));
}

/* `bytes` follow what is unfinished; a copy of a short beginning was put right before
 * them. */
static void take_bytes(struct pipe *pipe, char *bytes, size_t size, struct moment at)
{
	char *end = memrchr(bytes, '\n', size);
	size_t whole = end ? (size_t)(end - bytes) + 1 : 0;
	size_t before = pipe->unfinished.size;

	if (whole > 0 && before <= HEADROOM_BYTES) {
		if (before > 0)
			memcpy(bytes - before, pipe->unfinished.bytes, before);
		text_done(&pipe->unfinished);
		give(pipe, PIECE_LINES, bytes - before, before + whole, at);
	} else if (whole > 0) {
		size_t rest = (size_t)((char *)memchr(bytes, '\n', size) - bytes) + 1;

		text_add_bytes(&pipe->unfinished, bytes, rest);
		give_unfinished(pipe, PIECE_LINES, at);
		give(pipe, PIECE_LINES, bytes + rest, whole - rest, at);
	}
	keep_unfinished(pipe, bytes + whole, size - whole, at);
}

static void hang_up(struct pipe *pipe, struct moment at)
{
	give_unfinished(pipe, PIECE_LAST, at);
	make_unready(pipe);
	if (pipe->hung_up)
		return;
	pipe->hung_up = true;
	pipe->user.hung_up(pipe->user.owner, at);
}

enum outcome { READ_MORE, READ_ALL, READ_END };

static enum outcome read_once(struct pipe *pipe, struct moment at, size_t *total)
{
	char *bytes = pipe->all->buffer + HEADROOM_BYTES;
	ssize_t got;

	do
		got = read(pipe->fd, bytes, PIPE_BATCH_BYTES);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? READ_ALL : READ_END;
	if (got == 0)
		return READ_END;
	*total += (size_t)got;
	pipe->hung_up = false;
	take_bytes(pipe, bytes, (size_t)got, at);
	/* Not full: it was empty then, and what comes later is a new edge. */
	return got < PIPE_BATCH_BYTES ? READ_ALL : READ_MORE;
}

static bool has_no_writer(const struct pipe *pipe)
{
	struct pollfd query = { .fd = pipe->fd };

	return poll(&query, 1, 0) > 0 && (query.revents & POLLHUP);
}

/* Reads one turn's worth; the pipe may be gone afterwards. Returns the bytes. */
static size_t serve(struct pipe *pipe, size_t max_bytes, struct moment at)
{
	enum outcome outcome = READ_MORE;
	size_t total = 0;

	while (outcome == READ_MORE && total < max_bytes && !pipe->paused)
		outcome = read_once(pipe, at, &total);
	/* The last writer may be gone already: then there is no further edge. */
	if (outcome == READ_ALL && !has_no_writer(pipe))
		make_unready(pipe);
	if (outcome == READ_END)
		hang_up(pipe, at);
	return total;
}

static struct pipe *next_to_serve(const struct pipes *pipes)
{
	struct pipe *pipe = pipes->ready;

	while (pipe && pipe->paused)
		pipe = pipe->next_ready;
	return pipe;
}

static void serve_ready(struct pipes *pipes, struct moment at)
{
	size_t turns = 0, bytes = 0;

	for (struct pipe *pipe = pipes->ready; pipe; pipe = pipe->next_ready)
		turns++;
	while (turns-- > 0) {
		struct pipe *pipe = next_to_serve(pipes);

		if (!pipe)
			break;
		make_unready(pipe); /* to the end of the list: others have their turn */
		make_ready(pipe);
		bytes += serve(pipe, TURN_BYTES, at);
	}
	pipes->latest_bytes = bytes;
}

static void rest(struct pipes *pipes, struct moment at)
{
	bool more = next_to_serve(pipes) != NULL;

	watch_set(pipes->watch, more ? 0 : WATCH_READ);
	timer_arm(pipes->nap, more ? at.now : NEVER);
}

static bool is_half_full(const struct pipe *pipe)
{
	int waiting = 0, capacity = fcntl(pipe->fd, F_GETPIPE_SZ);

	return ioctl(pipe->fd, FIONREAD, &waiting) == 0 && waiting >= capacity / 2;
}

/* Puts those that have something new into the ready list; true when one of them should
 * not have to wait. */
static bool note_edges(struct pipes *pipes)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(pipes->epoll_fd, events, EVENTS, 0);
	bool urgent = false;

	for (int i = 0; i < count; i++) {
		struct pipe *pipe = events[i].data.ptr;

		make_ready(pipe);
		urgent = urgent || is_half_full(pipe);
	}
	return urgent;
}

/* Edges are looked at here too: pipes that flood leave no pause in which they would be
 * seen otherwise. */
static void on_nap_over(void *owner, struct instant now)
{
	struct pipes *pipes = owner;
	struct moment at = { now, loop_wall(pipes->loop) };

	note_edges(pipes);
	serve_ready(pipes, at);
	rest(pipes, at);
}

static void on_edge(void *owner, unsigned events, struct instant now)
{
	struct pipes *pipes = owner;
	int64_t nap_us = note_edges(pipes) ? 0 : pipes_nap_us(pipes->latest_bytes);

	(void)events;
	if (!next_to_serve(pipes))
		return;
	watch_set(pipes->watch, 0);
	timer_arm(pipes->nap, instant_add_us(now, nap_us));
}

/* Unfinished lines that waited long enough are given out as they are. */
static void on_partial(void *owner, struct instant now)
{
	struct pipes *pipes = owner;
	struct moment at = { now, loop_wall(pipes->loop) };
	struct instant next = NEVER;

	for (struct pipe *pipe = pipes->first; pipe; pipe = pipe->next) {
		struct instant due = instant_add_ms(pipe->since, PARTIAL_WAIT_MS);

		if (pipe->unfinished.size == 0)
			continue;
		if (pipe->ready_link) /* its end may be waiting in the pipe */
			due = instant_add_ms(now, PARTIAL_WAIT_MS);
		if (instant_reached(now, due))
			give_unfinished(pipe, PIECE_CUT, at);
		else
			next = instant_earlier(next, due);
	}
	timer_arm(pipes->partial, next);
}

int pipes_new(struct pipes **ret, struct loop *loop)
{
	_cleanup_(pipes_freep) struct pipes *pipes = calloc(1, sizeof(*pipes));
	int r;

	if (!pipes)
		return -ENOMEM;
	pipes->loop = loop;
	pipes->ready_end = &pipes->ready;
	pipes->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (pipes->epoll_fd < 0)
		return -errno;
	r = watch_new(&pipes->watch, loop, pipes->epoll_fd, WATCH_READ, on_edge, pipes);
	if (r == 0)
		r = timer_new(&pipes->nap, loop, on_nap_over, pipes);
	if (r == 0)
		r = timer_new(&pipes->partial, loop, on_partial, pipes);
	if (r < 0)
		return r;
	*ret = TAKE(pipes);
	return 0;
}

struct pipes *pipes_free(struct pipes *pipes)
{
	if (!pipes)
		return NULL;
	assert(!pipes->first);
	timer_free(pipes->partial);
	timer_free(pipes->nap);
	watch_free(pipes->watch);
	if (pipes->epoll_fd >= 0)
		close(pipes->epoll_fd);
	free(pipes);
	return NULL;
}

static void link_pipe(struct pipe *pipe)
{
	struct pipes *pipes = pipe->all;

	pipe->next = pipes->first;
	pipe->link = &pipes->first;
	if (pipes->first)
		pipes->first->link = &pipe->next;
	pipes->first = pipe;
}

static void unlink_pipe(struct pipe *pipe)
{
	*pipe->link = pipe->next;
	if (pipe->next)
		pipe->next->link = pipe->link;
}

int pipe_new(struct pipe **ret, struct pipes *pipes, int fd, size_t line_max,
	struct pipe_user user)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	_cleanup_close_ int own = fd;
	_cleanup_free_ struct pipe *pipe = calloc(1, sizeof(*pipe));
	struct stat info;
	int r;

	if (!pipe)
		return -ENOMEM;
	if (fstat(own, &info) < 0 || !S_ISFIFO(info.st_mode))
		return -EINVAL;
	r = fd_set_nonblock(own, true);
	if (r < 0)
		return r;
	*pipe = (struct pipe){ .all = pipes,
		.fd = own,
		.line_max = MAX(line_max, 1),
		.device = info.st_dev,
		.inode = info.st_ino,
		.user = user };
	event.data.ptr = pipe;
	if (epoll_ctl(pipes->epoll_fd, EPOLL_CTL_ADD, own, &event) < 0)
		return -errno;
	link_pipe(pipe);
	TAKE_FD(own);
	*ret = TAKE(pipe);
	return 0;
}

struct pipe *pipe_free(struct pipe *pipe, struct moment at)
{
	if (!pipe)
		return NULL;
	/* Somebody may still be writing the rest of it, which the next reader will
	 * get. */
	give_unfinished(pipe, pipe->hung_up ? PIECE_LAST : PIECE_CUT, at);
	make_unready(pipe);
	unlink_pipe(pipe);
	epoll_ctl(pipe->all->epoll_fd, EPOLL_CTL_DEL, pipe->fd, NULL);
	close(pipe->fd);
	free(pipe);
	return NULL;
}

void pipe_set_line_max(struct pipe *pipe, size_t line_max)
{
	pipe->line_max = MAX(line_max, 1);
}

void pipe_pause(struct pipe *pipe, bool paused)
{
	if (pipe->paused == paused)
		return;
	pipe->paused = paused;
	if (!paused && pipe->ready_link) {
		watch_set(pipe->all->watch, 0);
		timer_arm(pipe->all->nap, (struct instant){ 0 });
	}
}

void pipe_drain(struct pipe *pipe, size_t max_bytes, struct moment at)
{
	serve(pipe, max_bytes, at);
}

bool pipe_is_same(const struct pipe *pipe, int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 && info.st_dev == pipe->device &&
	       info.st_ino == pipe->inode;
}

bool pipe_is_hung_up(const struct pipe *pipe)
{
	return pipe->hung_up;
}
