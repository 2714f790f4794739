/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * channel.c - one end of the pair between supervisor and engine: JSON messages and file
 * descriptors.
 *
 * Owns the socket, the queue and every fd that arrived and was not taken. Borrows the
 * loop. What the peer sends is hostile: a broken frame ends the channel, an unknown
 * kind (a newer peer) is passed over.
 *
 * Not here: what messages mean, and who is told what again after a restart
 * (supervisor/).
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/stranger.h"
#include "base/words.h"

#include "protocol/wire.h"

enum {
	MESSAGES_PER_TURN = 64, /* then others on the loop have their turn */
	QUEUE_MAX_BYTES = 64 * 1024 * 1024,
};

struct frame {
	struct frame *next;
	char *bytes;
	size_t size;
	struct fds fds;
};

struct channel {
	struct loop *loop;
	const struct channel_user *user;
	void *owner;
	int fd;
	struct watch *watch;
	struct frame *queue, **queue_end;
	size_t queue_count, queue_bytes;
	char *buffer; /* of one inline message */
	bool busy;    /* inside a callback of its user: a free must wait */
	bool freed, closed;
};

static struct frame *frame_free(struct frame *frame)
{
	if (!frame)
		return NULL;
	fds_close(&frame->fds);
	free(frame->bytes);
	free(frame);
	return NULL;
}
CLEANUP(struct frame *, frame_free)

static void queue_clear(struct channel *self)
{
	while (self->queue) {
		struct frame *frame = self->queue;

		self->queue = frame->next;
		frame_free(frame);
	}
	self->queue_end = &self->queue;
	self->queue_count = self->queue_bytes = 0;
}

static void on_ready(void *owner, unsigned events, struct instant now);

int channel_new(struct channel **ret, struct loop *loop, int fd,
	const struct channel_user *user, void *owner)
{
	_cleanup_(channel_freep) struct channel *self = calloc(1, sizeof(*self));

	if (!self) {
		close(fd);
		return -ENOMEM;
	}
	self->loop = loop;
	self->user = user;
	self->owner = owner;
	self->fd = fd;
	self->queue_end = &self->queue;
	self->buffer = malloc(CHANNEL_INLINE_BYTES);
	if (!self->buffer || fd_set_cloexec(fd, true) < 0 ||
		watch_new(&self->watch, loop, fd, WATCH_READ, on_ready, self) < 0)
		return -ENOMEM;
	*ret = TAKE(self);
	return 0;
}

struct channel *channel_free(struct channel *self)
{
	if (!self)
		return NULL;
	self->watch = watch_free(self->watch);
	if (self->fd >= 0)
		close(TAKE_FD(self->fd));
	queue_clear(self);
	if (self->busy) {
		self->freed = true;
		return NULL;
	}
	free(self->buffer);
	free(self);
	return NULL;
}

size_t channel_waiting(const struct channel *self)
{
	return self->queue_count;
}

/* Says so once; what was queued will never be read. */
static void end(struct channel *self, const char *reason, struct instant now)
{
	if (self->closed || self->freed)
		return;
	self->closed = true;
	watch_set(self->watch, 0);
	queue_clear(self);
	self->user->closed(self->owner, reason, now);
}

/* ---- sending --------------------------------------------------------------------- */

static int frame_add_fds(struct frame *frame, const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);

		if (fd < 0)
			return -errno;
		frame->fds.items[frame->fds.count++] = fd;
	}
	return 0;
}

/* The body is an object with a "kind": it ends with a brace, and is not empty. */
static char *print_body(const struct json_t *body, const struct channel_part *part)
{
	char *bytes = json_print(body, JSON_ONE_LINE), *whole;

	if (!bytes || !part)
		return bytes;
	bytes[strlen(bytes) - 1] = '\0';
	whole = text_format("%s,\"%s\":%s}", bytes, part->key, part->text);
	free(bytes);
	return whole;
}

static int frame_add_body(
	struct frame *frame, const struct json_t *body, const struct channel_part *part)
{
	int fd;

	frame->bytes = print_body(body, part);
	if (!frame->bytes)
		return -ENOMEM;
	frame->size = strlen(frame->bytes);
	if (frame->size > CHANNEL_MAX_BYTES)
		return -E2BIG;
	if (frame->size <= CHANNEL_INLINE_BYTES)
		return 0;
	fd = fd_sealed("svcd-message", frame->bytes, frame->size);
	if (fd < 0)
		return fd;
	frame->fds.items[frame->fds.count++] = fd;
	frame->size = strlen(WIRE_BESIDE);
	memcpy(frame->bytes, WIRE_BESIDE, sizeof(WIRE_BESIDE));
	return 0;
}

/* The bytes that the frame holds back: its text, and its memfd's. */
static size_t frame_cost(const struct frame *frame)
{
	struct stat info;

	if (frame->bytes[0] == WIRE_BESIDE[0] && fstat(frame->fds.items[0], &info) == 0)
		return (size_t)info.st_size;
	return frame->size;
}

static struct iovec frame_bytes(const struct frame *frame)
{
	return (struct iovec){ frame->bytes, frame->size };
}

static void enqueue(struct channel *self, struct frame *frame)
{
	*self->queue_end = frame;
	self->queue_end = &frame->next;
	self->queue_count++;
	self->queue_bytes += frame_cost(frame);
	watch_set(self->watch, WATCH_READ | WATCH_WRITE);
}

/* Takes the frame's bytes away when the kernel has them; else it waits in the queue. */
static int put(struct channel *self, struct frame *frame)
{
	_cleanup_(frame_freep) struct frame *owned = frame;
	int r;

	if (self->queue_bytes + frame_cost(frame) > QUEUE_MAX_BYTES)
		return -ENOMEM;
	if (!self->queue) {
		r = wire_put(self->fd, frame_bytes(frame), &frame->fds);
		if (r != -EAGAIN)
			return r == -ECONNRESET || r == -ENOTCONN ? -EPIPE : r;
	}
	enqueue(self, TAKE(owned));
	return 0;
}

/* A frame with all but descriptors; takes `body`. */
static int make_frame(struct frame **ret, enum message_kind kind, struct json_t *body,
	const struct channel_part *part)
{
	_cleanup_(json_freep) struct json_t *owned = body;
	_cleanup_(frame_freep) struct frame *frame = calloc(1, sizeof(*frame));
	int r = frame && owned ? json_set_text(owned, "kind", message_words[kind])
			       : -ENOMEM;

	if (r == 0)
		r = frame_add_body(frame, owned, part);
	if (r == 0)
		*ret = TAKE(frame);
	return r;
}

int channel_send(struct channel *self, enum message_kind kind, struct json_t *body,
	const int *fds, size_t fds_count)
{
	_cleanup_(frame_freep) struct frame *frame = NULL;
	int r = make_frame(&frame, kind, body, NULL);

	if (r == 0 && self->closed)
		r = -EPIPE;
	if (r == 0 && fds_count > CHANNEL_MAX_FDS)
		r = -E2BIG;
	if (r == 0)
		r = frame_add_fds(frame, fds, fds_count);
	return r == 0 ? put(self, TAKE(frame)) : r;
}

int channel_send_part(struct channel *self, enum message_kind kind, struct json_t *body,
	const struct channel_part *part)
{
	_cleanup_(frame_freep) struct frame *frame = NULL;
	int r = make_frame(&frame, kind, body, part);

	if (r == 0 && self->closed)
		r = -EPIPE;
	return r == 0 ? put(self, TAKE(frame)) : r;
}

static void flush(struct channel *self, struct instant now)
{
	while (self->queue) {
		struct frame *frame = self->queue;
		int r = wire_put(self->fd, frame_bytes(frame), &frame->fds);

		if (r == -EAGAIN)
			return;
		if (r < 0) {
			end(self, strerror(-r), now);
			return;
		}
		self->queue = frame->next;
		if (!self->queue)
			self->queue_end = &self->queue;
		self->queue_count--;
		self->queue_bytes -= frame_cost(frame);
		frame_free(frame);
	}
	watch_set(self->watch, WATCH_READ);
	if (self->user->writable)
		self->user->writable(self->owner, now);
}

/* ---- receiving ------------------------------------------------------------------- */

static int deliver(struct channel *self, size_t size, struct fds *fds, struct error *err)
{
	_cleanup_(json_freep) struct json_t *body = NULL;
	const char *word;
	int kind, r = wire_read_body(&body, self->buffer, size, fds, err);

	if (r < 0)
		return r;
	word = json_get_text(body, "kind", NULL);
	if (!word)
		return error_set(err, -EBADMSG, "message without a kind");
	if (fds->count > CHANNEL_MAX_FDS)
		return error_set(err, -EBADMSG, "message with too many fds");
	kind = words_find(message_words, MESSAGE_COUNT, word);
	if (kind < 0) {
		log_debug("message of unknown kind \"%.32s\" passed over", word);
		return 0;
	}
	self->user->message(
		self->owner, (enum message_kind)kind, body, fds, loop_now(self->loop));
	return 0;
}

/* What came and nobody took; the peer may have been taken over. */
static void drop_received(const struct fds *fds)
{
	for (size_t i = 0; i < fds->count; i++) {
		if (fds->items[i] >= 0)
			stranger_close(fds->items[i]);
	}
}

/* False when there is no more to read now. */
static bool receive(struct channel *self, struct instant now)
{
	struct iovec buffer = { self->buffer, CHANNEL_INLINE_BYTES };
	struct fds fds = { 0 };
	struct error err = { 0 };
	ssize_t size = wire_take(self->fd, buffer, &fds);
	int r = 0;

	if (size > 0)
		r = deliver(self, (size_t)size, &fds, &err);
	drop_received(&fds);
	if (size == -EAGAIN)
		return false;
	if (size == 0) {
		end(self, "the peer closed its end", now);
	} else if (size < 0) {
		end(self, size == -EMSGSIZE ? "message too long" : strerror((int)-size),
			now);
	} else if (r < 0) {
		end(self, err.text, now);
	}
	return !self->freed && !self->closed;
}

static void on_ready(void *owner, unsigned events, struct instant now)
{
	struct channel *self = owner;

	self->busy = true;
	if (events & WATCH_WRITE)
		flush(self, now);
	for (int i = 0; i < MESSAGES_PER_TURN && !self->freed && !self->closed; i++) {
		if (!receive(self, now))
			break;
	}
	self->busy = false;
	if (self->freed)
		channel_free(self);
}
