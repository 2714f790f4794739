/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * http_client.h - one request over a fresh connection to an address we name, on the loop.
 */
#pragma once

#include "base/loop.h"

#include "config/config.h"

struct http_client;
struct http_call;

/* Opens what it will ever need from disk (certificate authorities). -ENOMEM. */
int http_client_new(struct http_client **ret, struct loop *loop);
struct http_client *http_client_free(struct http_client *client);
CLEANUP(struct http_client *, http_client_free)

/* All borrowed until http_client_ask() returns. */
struct http_ask {
	const char *connect_to;    /* "127.0.0.1:80", "[::1]:80" */
	const char *unix_socket;   /* instead of connect_to, or NULL */
	const char *target;        /* path and query as sent */
	const char *host;          /* Host header, or NULL: connect_to */
	const char *method, *body; /* body may be NULL */
	const struct pairs *headers;
	bool tls, tls_verify;
	const char *tls_sni; /* NULL: host */
	int64_t timeout_ms;
};

struct http_reply {        /* borrowed during the callback */
	const char *error; /* NULL: there is an answer; else why not, in words */
	bool timed_out;
	int64_t status, latency_us;
	const char *body; /* NUL-terminated */
	size_t body_size;
};

enum { HTTP_REPLY_MAX_BYTES = 1024 * 1024 };

typedef void http_reply_fn(
	void *owner, const struct http_reply *reply, struct instant now);
/* `done` is called once, later, unless the call is freed first; the call is freed
 * after it. -ENOMEM, -EINVAL: something in `ask` cannot be sent. */
int http_client_ask(struct http_call **ret, struct http_client *client,
	const struct http_ask *ask, http_reply_fn *done, void *owner);
struct http_call *http_call_free(struct http_call *call); /* not from within `done` */
