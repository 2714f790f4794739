/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * channel.c - one end of the pair between supervisor and engine: JSON messages and file
 * descriptors.
 *
 * On the wire a SOCK_SEQPACKET datagram is one JSON object, or, when that is longer
 * than CHANNEL_INLINE_BYTES, the single byte '@' and a sealed memfd before the other
 * fds.
 *
 * Owns the socket, the queue and every fd that arrived and was not taken. Borrows the
 * loop. What the peer sends is hostile: a broken frame ends the channel, an unknown
 * kind (a newer peer) is passed over.
 *
 * Not here: what messages mean, and who is told what again after a restart
 * (supervisor/).
 */
#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/words.h"

#include "protocol/protocol.h"

enum {
	WIRE_FDS = CHANNEL_MAX_FDS + 1, /* the body's memfd comes first */
	MESSAGES_PER_TURN = 64,         /* then others on the loop have their turn */
	QUEUE_MAX_BYTES = 64 * 1024 * 1024,
};
static const char body_beside[] = "@";

/* Fds on their way; an item is -1 once somebody took it. */
struct fds {
	int items[WIRE_FDS];
	size_t count;
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

static void fds_close(struct fds *fds)
{
	for (size_t i = 0; i < fds->count; i++) {
		if (fds->items[i] >= 0)
			close(fds->items[i]);
	}
	fds->count = 0;
}

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

static int put_on_wire(int fd, const struct frame *frame)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS)];
	} control = { 0 };
	struct iovec bytes = { frame->bytes, frame->size };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	if (frame->fds.count > 0) {
		size_t size = sizeof(int) * frame->fds.count;

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(size);
		control.align = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(size),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.align), frame->fds.items, size);
	}
	for (;;) {
		if (sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

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

static int frame_add_body(struct frame *frame, const struct json_t *body)
{
	int fd;

	frame->bytes = json_print(body, JSON_ONE_LINE);
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
	frame->size = strlen(body_beside);
	memcpy(frame->bytes, body_beside, sizeof(body_beside));
	return 0;
}

/* The bytes that the frame holds back: its text, and its memfd's. */
static size_t frame_cost(const struct frame *frame)
{
	struct stat info;

	if (frame->bytes[0] == *body_beside && fstat(frame->fds.items[0], &info) == 0)
		return (size_t)info.st_size;
	return frame->size;
}

static void enqueue(struct channel *self, struct frame *frame)
{
	*self->queue_end = frame;
	self->queue_end = &frame->next;
	self->queue_count++;
	self->queue_bytes += frame_cost(frame);
	watch_set(self->watch, WATCH_READ | WATCH_WRITE);
}

int channel_send(struct channel *self, enum message_kind kind, struct json_t *body,
	const int *fds, size_t fds_count)
{
	_cleanup_(json_freep) struct json_t *owned = body;
	_cleanup_(frame_freep) struct frame *frame = calloc(1, sizeof(*frame));
	int r;

	if (!frame || !owned || json_set_text(owned, "kind", message_words[kind]) < 0)
		return -ENOMEM;
	if (self->closed)
		return -EPIPE;
	if (fds_count > CHANNEL_MAX_FDS)
		return -E2BIG;
	r = frame_add_body(frame, owned);
	if (r == 0)
		r = frame_add_fds(frame, fds, fds_count);
	if (r < 0)
		return r;
	if (self->queue_bytes + frame_cost(frame) > QUEUE_MAX_BYTES)
		return -ENOMEM;
	if (!self->queue) {
		r = put_on_wire(self->fd, frame);
		if (r != -EAGAIN)
			return r == -ECONNRESET || r == -ENOTCONN ? -EPIPE : r;
	}
	enqueue(self, TAKE(frame));
	return 0;
}

static void flush(struct channel *self, struct instant now)
{
	while (self->queue) {
		struct frame *frame = self->queue;
		int r = put_on_wire(self->fd, frame);

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

static void gather_fds(struct msghdr *message, struct fds *fds)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at;
		at = CMSG_NXTHDR(message, at)) {
		size_t size = at->cmsg_len - CMSG_LEN(0);

		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
			continue;
		assert(size <= sizeof(fds->items)); /* by msg_controllen */
		memcpy(fds->items, CMSG_DATA(at), size);
		fds->count = size / sizeof(int);
	}
}

/* The size of a message, 0 at the end, -errno. Whatever fds came are in `fds` in every
 * case. */
static ssize_t take_from_wire(struct channel *self, struct fds *fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS)];
	} control;
	struct iovec bytes = { self->buffer, CHANNEL_INLINE_BYTES };
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		/* Not CMSG_SPACE: its padding would let one more fd in. */
		.msg_controllen = CMSG_LEN(sizeof(int) * WIRE_FDS),
	};
	ssize_t size;

	do {
		size = recvmsg(self->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return -errno;
	gather_fds(&message, fds);
	if (message.msg_flags & MSG_CTRUNC)
		return -EMFILE; /* fds were lost: the peer must tell all again */
	if (message.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	return size;
}

/* A body that its sender could still change or cut would be a SIGBUS in our hands. */
static int read_memfd(struct json_t **ret, int fd, struct error *err)
{
	const int needed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat info;
	char *bytes;
	int r;

	if (seals < 0 || (seals & needed) != needed)
		return error_set(err, -EBADMSG, "body that is not sealed");
	if (fstat(fd, &info) < 0)
		return error_errno(err, -errno, "body");
	if (info.st_size <= 0 || info.st_size > CHANNEL_MAX_BYTES) {
		return error_set(err, -EBADMSG, "body of %jd bytes, at most %d are read",
			(intmax_t)info.st_size, CHANNEL_MAX_BYTES);
	}
	bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return error_errno(err, -errno, "body");
	r = json_parse(ret, bytes, (size_t)info.st_size, CHANNEL_MAX_BYTES, err);
	munmap(bytes, (size_t)info.st_size);
	return r;
}

static int read_body(struct json_t **ret, const char *bytes, size_t size, struct fds *fds,
	struct error *err)
{
	int r;

	if (size != strlen(body_beside) || *bytes != *body_beside)
		return json_parse(ret, bytes, size, CHANNEL_INLINE_BYTES, err);
	if (fds->count == 0)
		return error_set(err, -EBADMSG, "body announced, but no fd came");
	r = read_memfd(ret, fds->items[0], err);
	if (r < 0)
		return r;
	close(fds->items[0]);
	fds->count--;
	memmove(fds->items, fds->items + 1, fds->count * sizeof(int));
	return 0;
}

static int deliver(struct channel *self, size_t size, struct fds *fds, struct error *err)
{
	_cleanup_(json_freep) struct json_t *body = NULL;
	const char *word;
	int kind, r = read_body(&body, self->buffer, size, fds, err);

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
	self->user->message(self->owner, (enum message_kind)kind, body, fds->items,
		fds->count, loop_now(self->loop));
	return 0;
}

/* False when there is no more to read now. */
static bool receive(struct channel *self, struct instant now)
{
	struct fds fds = { 0 };
	struct error err = { 0 };
	ssize_t size = take_from_wire(self, &fds);
	int r = 0;

	if (size > 0)
		r = deliver(self, (size_t)size, &fds, &err);
	fds_close(&fds);
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
