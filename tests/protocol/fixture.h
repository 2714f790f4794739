/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fixture.h - a varlink server on a socket in /tmp, with methods that answer, count,
 * wait, flood and refuse: what varlink.c and varlink_client.c talk to.
 */
#pragma once

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/loop.h"

#include "protocol/protocol.h"
#include "tests/test.h"

enum { LIMIT_MS = 60000 };

/* A server on a socket in /tmp, and what its methods saw. */
struct fixture {
	struct loop *loop;
	struct varlink_server *server;
	struct timer *limit;
	char path[64];
	struct varlink_call *kept[2]; /* by method Wait; ended by the test */
	size_t kept_count, gone, drained, ran;
	struct varlink_peer peer;
	bool stop_when_kept, stop_when_gone;
};

static void method_echo(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct fixture *self = owner;

	(void)now;
	self->ran++;
	self->peer = *varlink_peer(call);
	varlink_reply(call, json_share(parameters), false);
}

static void method_count(void *owner, struct varlink_call *call,
	struct json_t *parameters, struct instant now)
{
	int64_t to = json_get_int(parameters, "to", 3);

	(void)owner;
	(void)now;
	for (int64_t i = 1; i <= to; i++) {
		struct json_t *number = json_new_object();

		json_set_int(number, "n", i);
		varlink_reply(call, number, i < to);
	}
}

static void on_gone(void *data, struct varlink_call *call)
{
	struct fixture *self = data;

	self->gone++;
	varlink_error(call, VARLINK_FAILED, NULL);
	self->kept_count = 0;
	if (self->stop_when_gone)
		loop_stop(self->loop);
}

static void method_wait(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct fixture *self = owner;

	(void)parameters;
	(void)now;
	varlink_on_gone(call, on_gone, self);
	self->kept[self->kept_count++] = call;
	if (self->stop_when_kept)
		loop_stop(self->loop);
}

/* Answers with `bytes` bytes, `times` times: a client that does not read feels it. */
static void method_flood(void *owner, struct varlink_call *call,
	struct json_t *parameters, struct instant now)
{
	int64_t size = json_get_int(parameters, "bytes", 1), times;
	char *text = malloc((size_t)size + 1);

	(void)owner;
	(void)now;
	memset(text, 'x', (size_t)size);
	text[size] = '\0';
	times = json_get_int(parameters, "times", 1);
	for (int64_t i = 1; i <= times; i++) {
		struct json_t *answer = json_new_object();

		json_set_text(answer, "text", text);
		varlink_reply(call, answer, i < times);
	}
	free(text);
}

static void method_refuse(void *owner, struct varlink_call *call,
	struct json_t *parameters, struct instant now)
{
	struct json_t *answer = json_new_object();

	(void)owner;
	(void)parameters;
	(void)now;
	json_set_text(answer, "name", "mathiod");
	json_set_text(answer, "suggestion", "mathoid");
	varlink_error(call, VARLINK_NOT_FOUND, answer);
}

static const struct varlink_method methods[] = {
	{ "io.svcd.Echo", method_echo },
	{ "io.svcd.Count", method_count },
	{ "io.svcd.Wait", method_wait },
	{ "io.svcd.Flood", method_flood },
	{ "io.svcd.Refuse", method_refuse },
	{ NULL, NULL },
};

static void on_limit(void *owner, struct instant now)
{
	(void)owner;
	(void)now;
	fail_msg("the answer did not come within %d ms", LIMIT_MS);
}

static void fixture_init(struct fixture *self)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*self = (struct fixture){ 0 };
	snprintf(self->path, sizeof(self->path), "/tmp/svcd-test-%d.sock", (int)getpid());
	unlink(self->path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", self->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 512), 0);
	assert_int_equal(loop_new(&self->loop), 0);
	assert_int_equal(timer_new(&self->limit, self->loop, on_limit, self), 0);
	assert_int_equal(varlink_server_new(&self->server, self->loop, fd, methods,
				 varlink_io_svcd, self),
		0);
}

static void fixture_done(struct fixture *self)
{
	varlink_server_free(self->server);
	timer_free(self->limit);
	loop_free(self->loop);
	unlink(self->path);
}

static void run(struct fixture *self)
{
	timer_arm(self->limit, instant_add_ms(instant_read(), LIMIT_MS));
	loop_run(self->loop);
	timer_arm(self->limit, NEVER);
}
