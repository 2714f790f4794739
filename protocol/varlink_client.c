/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * varlink_client.c - asks, waits, reads answers: for programs that have nothing else to
 * do meanwhile.
 *
 * Blocking with a limit on silence. Where an answer may take long (a stop, a stream),
 * silence is no sign of death: then the server is asked on a second connection. A server
 * that went away is an error, never a SIGPIPE. Answers are limited too: whoever listens
 * at the path is not trusted with our memory.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "protocol/protocol.h"

enum {
	ANSWER_MAX_BYTES = 64 * 1024 * 1024,
	RECEIVE_BYTES = 64 * 1024,
	KNOCK_MS = 5 * MS_PER_S, /* of silence, when an answer may take its time */
};

struct asker {
	const char *path;
	int fd;
	bool patient; /* waits as long as the server lives */
	struct text in;
	size_t scanned;
	varlink_reply_fn *reply;
	void *data;
	struct varlink_answer *answer;
};

/* A path too long for sockaddr_un is reached through its directory's fd. */
static int address_of(struct sockaddr_un *ret, const char *path, int *ret_dir_fd)
{
	_cleanup_free_ char *copy = NULL, *again = NULL;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) < sizeof(ret->sun_path)) {
		memcpy(ret->sun_path, path, strlen(path) + 1);
		return 0;
	}
	copy = strdup(path);
	again = strdup(path);
	if (!copy || !again)
		return -ENOMEM;
	*ret_dir_fd = open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir_fd < 0)
		return -errno;
	if (snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s",
		    *ret_dir_fd, basename(again)) >= (int)sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	return 0;
}

static int set_limit(int fd, int64_t timeout_ms)
{
	struct timeval limit = {
		.tv_sec = timeout_ms / MS_PER_S,
		.tv_usec = timeout_ms % MS_PER_S * US_PER_MS,
	};

	if (timeout_ms == 0)
		limit.tv_usec = 1; /* 0 would mean: for ever */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	return 0;
}

static int connect_to(const char *path, int64_t timeout_ms)
{
	_cleanup_close_ int dir_fd = -1,
			    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	int r;

	if (fd < 0)
		return -errno;
	r = address_of(&address, path, &dir_fd);
	if (r == 0)
		r = set_limit(fd, timeout_ms);
	if (r < 0)
		return r;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return TAKE_FD(fd);
}

static int send_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t put = send(fd, bytes, size, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		bytes += put;
		size -= (size_t)put;
	}
	return 0;
}

/* Takes parameters. */
static int send_question(int fd, const char *method, struct json_t *parameters, bool more)
{
	_cleanup_(json_freep) struct json_t *message = json_new_object();
	_cleanup_free_ char *line = NULL;

	if (!message) {
		json_free(parameters);
		return -ENOMEM;
	}
	if (json_set(message, "parameters", parameters) < 0 ||
		json_set_text(message, "method", method) < 0 ||
		(more && json_set_bool(message, "more", true) < 0))
		return -ENOMEM;
	line = json_print(message, JSON_ONE_LINE);
	if (!line)
		return -ENOMEM;
	if (strlen(line) >= VARLINK_MAX_BYTES)
		return -E2BIG;
	return send_all(fd, line, strlen(line) + 1);
}

/* 1: that was the last answer, 0: more come, negative: the callback's or -EPROTO. */
static int take_answer(struct asker *self, const char *frame, size_t size)
{
	_cleanup_(json_freep) struct json_t *message = NULL;
	struct json_t *parameters;
	const char *error;
	bool more;
	int r;

	if (json_parse(&message, frame, size, ANSWER_MAX_BYTES, NULL) < 0 ||
		json_kind(message) != JSON_IS_MAP)
		return -EPROTO;
	parameters = json_get(message, "parameters");
	if (json_kind(parameters) != JSON_IS_MAP && json_kind(parameters) != JSON_IS_NULL)
		return -EPROTO;
	error = json_get_text(message, "error", NULL);
	if (error) {
		snprintf(self->answer->error, sizeof(self->answer->error), "%s", error);
		self->answer->parameters =
			parameters ? json_share(parameters) : json_new_object();
		return 1;
	}
	more = json_get_bool(message, "continues", false);
	r = self->reply ? self->reply(parameters, more, self->data) : 0;
	if (r < 0)
		return r;
	return more ? 0 : 1;
}

static int take_answers(struct asker *self)
{
	size_t at = 0;
	int r = 0;

	while (r == 0) {
		const char *frame = self->in.bytes + at;
		size_t left = self->in.size - at;
		const char *end =
			memchr(frame + self->scanned, '\0', left - self->scanned);

		if (!end) {
			self->scanned = left;
			break;
		}
		self->scanned = 0;
		r = take_answer(self, frame, (size_t)(end - frame));
		at += (size_t)(end - frame) + 1;
	}
	text_consume(&self->in, at);
	return r;
}

/* Does anybody handle questions there? Any answer will do, and being turned away by a
 * server that is full as well. */
static bool is_alive(const char *path)
{
	_cleanup_close_ int fd = connect_to(path, KNOCK_MS);
	char byte;

	return fd >= 0 &&
	       send_question(fd, "org.varlink.service.GetInfo", json_new_object(),
		       false) == 0 &&
	       recv(fd, &byte, sizeof(byte), 0) >= 0;
}

/* How many bytes came; never 0. */
static ssize_t receive(const struct asker *self, char *bytes, size_t size)
{
	for (;;) {
		ssize_t got = recv(self->fd, bytes, size, 0);

		if (got >= 0)
			return got > 0 ? got : -ECONNRESET;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		if (!self->patient || !is_alive(self->path))
			return -ETIMEDOUT;
	}
}

static int read_answers(struct asker *self)
{
	char bytes[RECEIVE_BYTES];

	for (;;) {
		ssize_t got = receive(self, bytes, sizeof(bytes));
		int r;

		if (got < 0)
			return (int)got;
		text_add_bytes(&self->in, bytes, (size_t)got);
		if (text_failed(&self->in))
			return -ENOMEM;
		r = take_answers(self);
		if (r != 0)
			return MIN(r, 0);
		if (self->in.size > ANSWER_MAX_BYTES)
			return -EMSGSIZE;
	}
}

/* NOLINTNEXTLINE(readability-function-size): asked once per program, wrapped there */
int varlink_ask(const char *socket_path, const char *method, struct json_t *parameters,
	bool more, int64_t timeout_ms, varlink_reply_fn *reply, void *data,
	struct varlink_answer *ret)
{
	bool patient = timeout_ms < 0;
	_cleanup_close_ int fd = connect_to(socket_path, patient ? KNOCK_MS : timeout_ms);
	struct asker self = {
		.path = socket_path,
		.fd = fd,
		.patient = patient,
		.reply = reply,
		.data = data,
		.answer = ret,
	};
	int r;

	*ret = (struct varlink_answer){ 0 };
	if (fd < 0) {
		json_free(parameters);
		return fd;
	}
	r = send_question(fd, method, parameters ? parameters : json_new_object(), more);
	if (r == 0)
		r = read_answers(&self);
	text_done(&self.in);
	return r;
}
