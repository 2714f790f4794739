/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * http_client.c - libcurl's multi interface behind one noun; the only user of libcurl.
 *
 * Nothing is opened from disk after start: certificate authorities are read once and
 * passed as bytes. What a request may do stands in http_dress.c.
 *
 * Owns the multi handle, a watch per socket of libcurl's and its one timer. Borrows the
 * loop.
 */
#include "health/http_client.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#include "health/http_dress.h"

static const char authorities_path[] = "/etc/ssl/certs/ca-certificates.crt";
enum { AUTHORITIES_MAX_BYTES = 4 * 1024 * 1024 };

struct http_client {
	struct loop *loop;
	CURLM *multi;
	struct timer *timer;
	struct instant now; /* of the wake-up that is being handled */
	char *authorities;  /* NULL: none on this host; then every verification fails */
	size_t authorities_size;
};

struct http_call {
	struct http_client *client;
	struct http_dress dress;
	struct text body;
	bool too_big;
	char error[CURL_ERROR_SIZE];
	char *peer;
	http_reply_fn *done;
	void *owner;
};

/* One watched socket; libcurl keeps the pointer for us (curl_multi_assign). */
struct wire {
	struct http_client *client;
	int fd;
	struct watch *watch;
};

static void describe_failure(
	const struct http_call *call, CURLcode code, char *ret, size_t ret_size)
{
	long os_errno = 0;

	curl_easy_getinfo(call->dress.easy, CURLINFO_OS_ERRNO, &os_errno);
	if (call->too_big)
		snprintf(ret, ret_size, "the answer is larger than %d bytes",
			HTTP_REPLY_MAX_BYTES);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		snprintf(ret, ret_size, "no answer in time from %s", call->peer);
	else if (code == CURLE_COULDNT_CONNECT)
		snprintf(ret, ret_size, "connect to %s: %s", call->peer,
			os_errno ? strerror((int)os_errno) : "failed");
	else
		snprintf(ret, ret_size, "%s",
			call->error[0] ? call->error : curl_easy_strerror(code));
}

static void finish(struct http_call *call, CURLcode code)
{
	char error[CURL_ERROR_SIZE + 64];
	struct http_reply reply = {
		.timed_out = code == CURLE_OPERATION_TIMEDOUT,
		.body = call->body.bytes ? call->body.bytes : "",
		.body_size = call->body.size,
	};
	curl_off_t total_us = 0;
	long status = 0;

	curl_easy_getinfo(call->dress.easy, CURLINFO_TOTAL_TIME_T, &total_us);
	curl_easy_getinfo(call->dress.easy, CURLINFO_RESPONSE_CODE, &status);
	reply.latency_us = total_us;
	reply.status = status;
	if (code != CURLE_OK) {
		describe_failure(call, code, error, sizeof(error));
		reply.error = error;
	}
	call->done(call->owner, &reply, call->client->now);
	http_call_free(call);
}

static void collect(struct http_client *client)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left))) {
		struct http_call *call = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		finish(call, code);
	}
}

static void on_socket(void *owner, unsigned events, struct instant now)
{
	struct wire *wire = owner;
	struct http_client *client = wire->client;
	int mask = (events & WATCH_READ ? CURL_CSELECT_IN : 0) |
		   (events & WATCH_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	client->now = now;
	/* `wire` may be gone after this. */
	curl_multi_socket_action(client->multi, wire->fd, mask, &running);
	collect(client);
}

static void on_timer(void *owner, struct instant now)
{
	struct http_client *client = owner;
	int running;

	client->now = now;
	curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(client);
}

static int want_timer(CURLM *multi, long wait_ms, void *owner)
{
	struct http_client *client = owner;

	(void)multi;
	timer_arm(client->timer,
		wait_ms < 0 ? NEVER : instant_add_ms(loop_now(client->loop), wait_ms));
	return 0;
}

static struct wire *wire_free(struct wire *wire)
{
	if (wire)
		watch_free(wire->watch);
	free(wire);
	return NULL;
}

static int wire_new(struct wire **ret, struct http_client *client, int fd)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	if (!wire)
		return -ENOMEM;
	wire->client = client;
	wire->fd = fd;
	if (watch_new(&wire->watch, client->loop, fd, 0, on_socket, wire) < 0) {
		free(wire);
		return -ENOMEM;
	}
	*ret = wire;
	return 0;
}

static int want_socket(
	CURL *easy, curl_socket_t fd, int what, void *owner, void *socket_owner)
{
	struct http_client *client = owner;
	struct wire *wire = socket_owner;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		wire_free(wire);
		return 0;
	}
	if (!wire) {
		if (wire_new(&wire, client, fd) < 0)
			return -1;
		curl_multi_assign(client->multi, fd, wire);
	}
	watch_set(wire->watch, (what & CURL_POLL_IN ? WATCH_READ : 0U) |
				       (what & CURL_POLL_OUT ? WATCH_WRITE : 0U));
	return 0;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *owner)
{
	struct http_call *call = owner;

	(void)one;
	call->too_big = call->body.size + size > HTTP_REPLY_MAX_BYTES;
	if (call->too_big)
		return 0; /* libcurl ends the call */
	text_add_bytes(&call->body, bytes, size);
	return text_failed(&call->body) ? 0 : size;
}

static void set_tls(struct http_call *call, const struct http_ask *ask)
{
	struct http_client *client = call->client;
	struct curl_blob authorities = {
		.data = client->authorities,
		.len = client->authorities_size,
		.flags = CURL_BLOB_NOCOPY,
	};

	curl_easy_setopt(
		call->dress.easy, CURLOPT_SSL_VERIFYPEER, ask->tls_verify ? 1L : 0L);
	curl_easy_setopt(
		call->dress.easy, CURLOPT_SSL_VERIFYHOST, ask->tls_verify ? 2L : 0L);
	curl_easy_setopt(call->dress.easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(call->dress.easy, CURLOPT_CAPATH, NULL);
	if (client->authorities)
		curl_easy_setopt(call->dress.easy, CURLOPT_CAINFO_BLOB, &authorities);
}

static int call_new(struct http_call **ret, struct http_client *client)
{
	struct http_call *call = calloc(1, sizeof(*call));

	if (!call)
		return -ENOMEM;
	call->client = client;
	call->dress.easy = curl_easy_init();
	if (!call->dress.easy) {
		free(call);
		return -ENOMEM;
	}
	curl_easy_setopt(call->dress.easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(call->dress.easy, CURLOPT_ERRORBUFFER, call->error);
	curl_easy_setopt(call->dress.easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(call->dress.easy, CURLOPT_WRITEDATA, call);
	*ret = call;
	return 0;
}

CLEANUP(struct http_call *, http_call_free)

int http_client_ask(struct http_call **ret, struct http_client *client,
	const struct http_ask *ask, http_reply_fn *done, void *owner)
{
	_cleanup_(http_call_freep) struct http_call *call = NULL;
	int r = call_new(&call, client);

	if (r < 0)
		return r;
	call->done = done;
	call->owner = owner;
	call->peer = strdup(ask->unix_socket ? ask->unix_socket : ask->connect_to);
	if (!call->peer)
		return -ENOMEM;
	set_tls(call, ask);
	r = http_dress(&call->dress, ask);
	if (r < 0)
		return r;
	client->now = loop_now(client->loop);
	if (curl_multi_add_handle(client->multi, call->dress.easy) != CURLM_OK)
		return -ENOMEM;
	*ret = TAKE(call);
	return 0;
}

struct http_call *http_call_free(struct http_call *call)
{
	if (!call)
		return NULL;
	curl_multi_remove_handle(call->client->multi, call->dress.easy);
	http_dress_done(&call->dress);
	text_done(&call->body);
	free(call->peer);
	free(call);
	return NULL;
}

int http_client_new(struct http_client **ret, struct loop *loop)
{
	_cleanup_(http_client_freep) struct http_client *client =
		calloc(1, sizeof(*client));

	if (!client || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	client->loop = loop;
	client->multi = curl_multi_init();
	if (!client->multi || timer_new(&client->timer, loop, on_timer, client) < 0)
		return -ENOMEM;
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	(void)file_read(&client->authorities, &client->authorities_size, AT_FDCWD,
		authorities_path, AUTHORITIES_MAX_BYTES);
	*ret = TAKE(client);
	return 0;
}

struct http_client *http_client_free(struct http_client *client)
{
	if (!client)
		return NULL;
	curl_multi_cleanup(client->multi);
	timer_free(client->timer);
	free(client->authorities);
	free(client);
	curl_global_cleanup();
	return NULL;
}
