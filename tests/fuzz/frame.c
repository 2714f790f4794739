/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * frame.c - bytes of a varlink client: the server answers or hangs up, within its
 * limits; what it echoes is JSON again and means the same.
 */
#include <assert.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/loop.h"

#include "protocol/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT_MS = 2000 };

struct talk {
	struct loop *loop;
	struct json_t *said; /* parameters of each echoed call, in order */
	struct text heard;
	int fd;
};

static void echo(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct talk *talk = owner;

	(void)now;
	json_append(talk->said, json_share(parameters));
	varlink_reply(call, json_share(parameters), false);
}

static const struct varlink_method methods[] = { { "io.svcd.E", echo }, { NULL, NULL } };

static void on_readable(void *owner, unsigned events, struct instant now)
{
	struct talk *talk = owner;
	char bytes[65536];
	ssize_t got = read(talk->fd, bytes, sizeof(bytes));

	(void)events;
	(void)now;
	if (got > 0)
		text_add_bytes(&talk->heard, bytes, (size_t)got);
	else
		loop_stop(talk->loop);
}

static void on_limit(void *owner, struct instant now)
{
	(void)owner;
	(void)now;
	assert(!"the server neither answered nor hung up");
}

/* The next echoed call that says the same; those between were oneway. */
static size_t find_echo(const struct talk *talk, size_t from, const struct json_t *answer)
{
	while (from < json_size(talk->said) &&
		!json_same(answer, json_item(talk->said, from)))
		from++;
	return from;
}

/* Every answer is an error, an introspection, or an echo in the order of the calls. */
static void check_answer(
	const struct talk *talk, size_t *echoed, const struct json_t *answer)
{
	const struct json_t *parameters = json_get(answer, "parameters");

	if (json_get(answer, "error") || json_get(parameters, "vendor") ||
		json_get(parameters, "description"))
		return;
	*echoed = find_echo(talk, *echoed, parameters);
	assert(*echoed < json_size(talk->said));
	++*echoed;
}

static void check_answers(const struct talk *talk)
{
	size_t echoed = 0;

	for (size_t at = 0; at < talk->heard.size;) {
		const char *frame = talk->heard.bytes + at;
		struct json_t *answer = NULL;
		size_t size = strnlen(frame, talk->heard.size - at);

		if (at + size == talk->heard.size)
			return; /* hung up in the middle of an answer */
		assert(json_parse(&answer, frame, size, VARLINK_MAX_BYTES, NULL) == 0);
		check_answer(talk, &echoed, answer);
		json_free(answer);
		at += size + 1;
	}
}

static int listen_somewhere(struct sockaddr_un *address, socklen_t *size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	assert(bind(fd, (struct sockaddr *)address, sizeof(sa_family_t)) == 0);
	*size = sizeof(*address);
	assert(getsockname(fd, (struct sockaddr *)address, size) == 0);
	assert(listen(fd, 1) == 0);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct talk talk = { .said = json_new_array() };
	struct varlink_server *server;
	struct sockaddr_un address;
	struct watch *watch;
	struct timer *limit;
	socklen_t address_size;
	int listener = listen_somewhere(&address, &address_size);

	talk.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert(connect(talk.fd, (struct sockaddr *)&address, address_size) == 0);
	if (send(talk.fd, data, size, MSG_NOSIGNAL) < 0)
		size = 0;
	shutdown(talk.fd, SHUT_WR);
	assert(loop_new(&talk.loop) == 0);
	assert(varlink_server_new(&server, talk.loop, listener, methods, "", &talk) == 0);
	assert(watch_new(&watch, talk.loop, talk.fd, WATCH_READ, on_readable, &talk) ==
		0);
	assert(timer_new(&limit, talk.loop, on_limit, NULL) == 0);
	timer_arm(limit, instant_add_ms(instant_read(), LIMIT_MS));
	loop_run(talk.loop);
	check_answers(&talk);
	timer_free(limit);
	watch_free(watch);
	varlink_server_free(server);
	loop_free(talk.loop);
	close(talk.fd);
	json_free(talk.said);
	text_done(&talk.heard);
	return 0;
}
