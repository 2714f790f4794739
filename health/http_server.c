/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * http_server.c - libmicrohttpd on the loop; its only user.
 *
 * The library brings its own epoll descriptor, which the loop watches. What a client can
 * make us hold is bounded here: so many connections, so many of one address, so much of a
 * request's head, and a deadline for each step (visitors.c).
 *
 * Not here: what is answered (faces.c).
 */
#include "health/http_server.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"

#include "health/visitors.h"

enum {
	CONNECTIONS_MAX = 512,
	CONNECTIONS_PER_ADDRESS = 128,
	CONNECTIONS_CROWDED = CONNECTIONS_MAX * 3 / 4,
	HEAD_MAX_BYTES = 16 * 1024, /* the library's pool: request and response heads */
	SILENT_MAX_S = 60,          /* the steps of visitors.c end earlier */
	SWEEP_MS = MS_PER_S,
};

/* One request on it; made before its headers are read. */
struct visit {
	struct target target;
	int parsed; /* of the target: 0 or -EINVAL */
	bool headers_seen;
};

struct http_server {
	struct loop *loop;
	struct http_server_user user;
	struct MHD_Daemon *daemon;
	struct watch *watch;
	struct timer *turn;  /* when the library wants a turn without an event */
	struct timer *sweep; /* armed while anybody is connected */
	struct visitors visitors;
};

static void run(struct http_server *server, struct instant now)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES)
		timer_arm(server->turn, instant_add_ms(now, (int64_t)wait_ms));
	else
		timer_arm(server->turn, NEVER);
	if (server->visitors.count && !timer_is_armed(server->sweep))
		timer_arm(server->sweep, instant_add_ms(now, SWEEP_MS));
}

static void on_ready(void *owner, unsigned events, struct instant now)
{
	(void)events;
	run(owner, now);
}

static void on_turn(void *owner, struct instant now)
{
	run(owner, now);
}

/* ---- who is here ------------------------------------------------------------------- */

static void on_sweep(void *owner, struct instant now)
{
	struct http_server *server = owner;

	visitors_sweep(&server->visitors, now);
	run(server, now); /* the library sees the ends and cleans up */
}

static void on_connection(void *owner, struct MHD_Connection *connection, void **slot,
	enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_server *server = owner;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED)
		*slot = visitor_free(*slot);
	else if (info) /* without a record the library's own timeout still holds */
		*slot = visitor_new(
			&server->visitors, info->connect_fd, loop_now(server->loop));
}

static void step(
	struct http_server *server, struct MHD_Connection *connection, enum step to)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	if (info && info->socket_context)
		visitor_step(info->socket_context, to, loop_now(server->loop));
}

/* ---- one request ------------------------------------------------------------------- */

static void *on_request_line(
	void *owner, const char *uri, struct MHD_Connection *connection)
{
	struct visit *visit = calloc(1, sizeof(*visit));

	step(owner, connection, STEP_HEAD);
	if (visit)
		visit->parsed = target_parse(&visit->target, uri);
	return visit;
}

static void on_completed(void *owner, struct MHD_Connection *connection, void **slot,
	enum MHD_RequestTerminationCode why)
{
	(void)why;
	free(*slot);
	*slot = NULL;
	step(owner, connection, STEP_IDLE);
}

static void header(struct MHD_Response *response, const char *key, const char *value)
{
	(void)MHD_add_response_header(response, key, value);
}

static void header_modified(struct MHD_Response *response, struct instant at,
	const struct http_server *server)
{
	struct moment now = { loop_now(server->loop), server->user.wall() };
	time_t seconds = moment_wall(&now, at).us / US_PER_S;
	struct tm parts;
	char text[64];

	if (gmtime_r(&seconds, &parts) &&
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts))
		header(response, MHD_HTTP_HEADER_LAST_MODIFIED, text);
}

static void add_headers(struct MHD_Response *response, const struct answer *answer,
	const struct http_server *server)
{
	header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	header(response, "X-Content-Type-Options", "nosniff");
	header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
		answer->may_cache ? "private, max-age=1" : "no-store");
	if (answer->may_cache)
		header(response, MHD_HTTP_HEADER_ETAG, answer->etag);
	if (answer->verdict != ANSWER_NO_VERDICT)
		header(response, "X-Svcd-Status", verdict_words[answer->verdict]);
	if (answer->service)
		header(response, "X-Envoy-Upstream-Healthchecked-Cluster",
			answer->service);
	if (answer->unroute)
		header(response, "X-Envoy-Immediate-Health-Check-Fail", "true");
	if (answer->degraded)
		header(response, "X-Envoy-Degraded", "true");
	if (answer->modified.us)
		header_modified(response, answer->modified, server);
}

/* Takes answer->body. */
static enum MHD_Result send_answer(struct http_server *server,
	struct MHD_Connection *connection, struct answer *answer, bool allow)
{
	size_t size = answer->body.size;
	char *bytes = text_take(&answer->body);
	struct MHD_Response *response;
	enum MHD_Result queued;

	if (!bytes)
		return MHD_NO;
	response = MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(bytes);
		return MHD_NO;
	}
	add_headers(response, answer, server);
	if (allow)
		header(response, MHD_HTTP_HEADER_ALLOW, faces_methods);
	step(server, connection, STEP_ANSWER);
	queued = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result send_line(struct http_server *server,
	struct MHD_Connection *connection, unsigned status, const char *line)
{
	struct answer answer = {
		.status = status,
		.type = type_text,
		.verdict = ANSWER_NO_VERDICT,
	};

	text_add(&answer.body, line);
	return send_answer(
		server, connection, &answer, status == MHD_HTTP_METHOD_NOT_ALLOWED);
}

static bool is_method(const char *method, const char *const *words)
{
	while (*words && strcmp(method, *words) != 0)
		words++;
	return *words != NULL;
}

static enum MHD_Result answer_visit(struct http_server *server,
	struct MHD_Connection *connection, const struct visit *visit, bool is_options)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct answer answer;
	struct request request = {
		.target = visit->target,
		.accept = MHD_lookup_connection_value(
			connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT),
		.if_none_match = MHD_lookup_connection_value(
			connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH),
		.is_options = is_options,
	};

	server->user.answer(server->user.owner, &answer, &request,
		info ? info->client_addr : NULL, loop_now(server->loop));
	return send_answer(server, connection, &answer, is_options);
}

/* NOLINTNEXTLINE(readability-function-size): the library's signature */
static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *upload,
	size_t *upload_size, void **slot)
{
	static const char *const readers[] = { "GET", "HEAD", "OPTIONS", NULL };
	struct http_server *server = owner;
	struct visit *visit = *slot;

	(void)url;
	(void)version;
	(void)upload;
	if (!visit)
		return MHD_NO;
	if (!is_method(method, readers))
		return send_line(server, connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			"read only: GET, HEAD or OPTIONS\n");
	/* An answer before the body was read would end the connection: wait for the
	 * last call. */
	if (!visit->headers_seen || *upload_size) {
		visit->headers_seen = true;
		*upload_size = 0;
		return MHD_YES;
	}
	if (visit->parsed < 0)
		return send_line(server, connection, MHD_HTTP_NOT_FOUND,
			"no such page: the path is none of ours\n");
	return answer_visit(server, connection, visit, strcmp(method, "OPTIONS") == 0);
}

/* ---- beginning and end ------------------------------------------------------------- */

static struct MHD_Daemon *start(struct http_server *server, int listen_fd)
{
	const struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, listen_fd, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, NULL },
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_PER_ADDRESS, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_MAX_BYTES, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, SILENT_MAX_S, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, server,
		MHD_OPTION_ARRAY, options, MHD_OPTION_URI_LOG_CALLBACK, on_request_line,
		server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
}

int http_server_open(struct http_server *server)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info)
		return -EIO;
	if (server->watch)
		return 0;
	return watch_new(&server->watch, server->loop, info->epoll_fd, WATCH_READ,
		on_ready, server);
}

CLEANUP(struct http_server *, http_server_free)

int http_server_new(struct http_server **ret, struct loop *loop, int listen_fd,
	const struct http_server_user *user)
{
	_cleanup_(http_server_freep) struct http_server *server =
		calloc(1, sizeof(*server));
	int own_fd;

	if (!server)
		return -ENOMEM;
	server->loop = loop;
	server->user = *user;
	server->visitors.crowded = CONNECTIONS_CROWDED;
	if (timer_new(&server->turn, loop, on_turn, server) < 0 ||
		timer_new(&server->sweep, loop, on_sweep, server) < 0)
		return -ENOMEM;
	own_fd = fcntl(listen_fd, F_DUPFD_CLOEXEC, 3);
	if (own_fd < 0 || fd_set_nonblock(own_fd, true) < 0)
		return -errno;
	server->daemon = start(server, own_fd); /* takes the fd when it succeeds */
	if (!server->daemon) {
		close(own_fd);
		return -EIO;
	}
	*ret = TAKE(server);
	return 0;
}

void http_server_shut(struct http_server *server)
{
	int fd = MHD_quiesce_daemon(server->daemon);

	if (fd != MHD_INVALID_SOCKET)
		close(fd);
}

bool http_server_is_busy(const struct http_server *server)
{
	return visitors_are_busy(&server->visitors);
}

struct http_server *http_server_free(struct http_server *server)
{
	if (!server)
		return NULL;
	watch_free(server->watch);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	timer_free(server->turn);
	timer_free(server->sweep);
	free(server);
	return NULL;
}
