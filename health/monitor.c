/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * monitor.c - carries: the supervisor's messages to health.c, verdicts back, requests to
 * the faces.
 *
 * Owns every part of this process but the loop and the HTTP client. It keeps nothing that
 * the supervisor cannot tell again, and ends with the channel.
 */
#include "health/monitor.h"

#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"

#include "health/ask.h"
#include "health/detail.h"
#include "health/health.h"
#include "health/http_server.h"
#include "protocol/protocol.h"

enum {
	LISTENERS_MAX = 16,
	ALIVE_EVERY_MS = 5 * MS_PER_S,
	OPEN_LATEST_MS = 5 * MS_PER_S, /* whoever asks may wait so long for an answer */
	LEAVE_MAX_MS = MS_PER_S,
	LEAVE_POLL_MS = 10,
	BOOT_BYTES = 9,
};

struct monitor {
	struct loop *loop;
	struct wall (*wall)(void);
	struct channel *channel;
	struct health *health;
	struct detail detail;
	struct http_server *https[LISTENERS_MAX];
	struct varlink_server *varlink;
	struct timer *open_late, *leave;
	struct instant leave_by; /* us 0: the supervisor is there */
	struct instant asked;    /* the latest ALIVE was sent */
	struct handler_counts counts[HANDLERS_MAX];
	char boot[BOOT_BYTES];
	struct wall started;
	int statm_fd;
};

/* ---- to the supervisor ------------------------------------------------------------- */

static void send_hello(struct monitor *monitor)
{
	struct json_t *body = json_new_object();

	json_set_int(body, "version", CHANNEL_VERSION);
	json_set_text(body, "build", SVCD_VERSION);
	channel_send(monitor->channel, MESSAGE_HELLO, body, NULL, 0);
}

static void send_ack(struct monitor *monitor, struct json_t *of, enum message_kind kind,
	const char *trouble)
{
	struct json_t *body = json_new_object();

	json_set_text(body, "of", message_words[kind]);
	if (json_get(of, "service"))
		json_set(body, "service", json_share(json_get(of, "service")));
	json_set_int(body, "generation", json_get_int(of, "generation", 0));
	json_set(body, "error", json_new_text(trouble));
	channel_send(monitor->channel, MESSAGE_ACK, body, NULL, 0);
}

static void send_verdict(void *owner, struct probe *probe, struct instant now)
{
	struct monitor *monitor = owner;
	struct json_t *body = json_new_object();

	(void)now;
	json_set_text(body, "service", probe->service);
	json_set_text(body, "check", probe->check->name);
	json_set_int(body, "instance", probe->instance);
	json_set_int(body, "generation", probe->generation);
	json_set_text(body, "verdict", verdict_words[probe->streak.verdict]);
	json_set_text(body, "reason", probe->streak.reason);
	json_set_int(body, "latency_us", probe->last.latency_us);
	json_set_int(body, "at_us", monitor->wall().us);
	channel_send(monitor->channel, MESSAGE_VERDICT, body, NULL, 0);
}

static int send_question(void *owner, const struct probe *probe, int64_t number)
{
	struct monitor *monitor = owner;
	struct json_t *body = json_new_object();

	json_set_text(body, "service", probe->service);
	json_set_text(body, "check", probe->check->name);
	json_set_int(body, "instance", probe->instance);
	json_set_int(body, "generation", probe->generation);
	json_set_int(body, "number", number);
	return channel_send(monitor->channel, MESSAGE_PROBE, body, NULL, 0);
}

/* Is somebody there? Asked for who asks us. What we sent stays in the kernel until the
 * supervisor reads it, so one that is stuck shows without having to answer anything: one
 * unread ALIVE is enough, and until it is old nothing speaks against the supervisor. */
static void ask_if_alive(struct monitor *monitor, struct instant now)
{
	int unread = 0;
	bool all_read = channel_waiting(monitor->channel) == 0 &&
			ioctl(ENGINE_CHANNEL_FD, SIOCOUTQ, &unread) == 0 && unread == 0;

	if (!all_read || monitor->leave_by.us ||
		instant_since_ms(now, monitor->asked) < ALIVE_EVERY_MS)
		return;
	health_heard(monitor->health, now);
	monitor->asked = now;
	channel_send(monitor->channel, MESSAGE_ALIVE, json_new_object(), NULL, 0);
}

/* ---- from the supervisor ----------------------------------------------------------- */

typedef void message_fn(struct monitor *monitor, struct json_t *body, struct instant now);

static int take_host(struct monitor *monitor, struct json_t *body, struct error *err)
{
	struct detail detail = { 0 };
	struct host host = { 0 };
	struct site site = { 0 };
	int r = host_read(&host, json_get(body, "host"), err);

	if (r == 0)
		r = site_read(&site, json_get(body, "site"), err);
	if (r == 0)
		r = detail_init(&detail, &host.http.detail_from, &site);
	if (r == 0 && host.fqdn)
		r = health_set_host(monitor->health, host.fqdn);
	if (r == 0) {
		detail_done(&monitor->detail);
		monitor->detail = detail;
	}
	host_done(&host);
	site_done(&site);
	return r;
}

static void on_hello(struct monitor *monitor, struct json_t *body, struct instant now)
{
	struct error err = { 0 };

	(void)now;
	health_hello(monitor->health);
	if (take_host(monitor, body, &err) < 0)
		log_warning("host and site as told by the supervisor: %s", err.text);
}

/* What probes and faces look at. */
static const char *const our_keys[] = { "tags", "values", "listen", "health", NULL };

static void on_service(struct monitor *monitor, struct json_t *body, struct instant now)
{
	const char *name = json_get_text(body, "service", "");
	struct declaration *declaration = NULL;
	struct error err = { 0 };
	int r = declaration_read(&declaration, json_get(body, "declaration"), &err);

	if (r == 0 && !*name)
		r = error_set(&err, -EINVAL, "a service without a name");
	if (r == 0) {
		declaration_keep_only(declaration, our_keys);
		r = health_declare(monitor->health, name, TAKE(declaration), now);
		if (r < 0)
			error_errno(&err, r, "declaration of %s", name);
	}
	declaration_free(declaration);
	send_ack(monitor, body, MESSAGE_SERVICE, r < 0 ? err.text : NULL);
}

static void on_gone(struct monitor *monitor, struct json_t *body, struct instant now)
{
	health_gone(monitor->health, json_get_text(body, "service", ""), now);
	send_ack(monitor, body, MESSAGE_GONE, NULL);
}

static void on_state(struct monitor *monitor, struct json_t *body, struct instant now)
{
	const char *name = json_get_text(body, "service", "");
	struct json_t *status = json_get(body, "status");
	int r = json_kind(status) == JSON_IS_MAP
			? health_state(monitor->health, name, status, now)
			: -EINVAL;

	if (r < 0)
		log_warning("state of %s: %s", name, strerror(-r));
}

static void on_probed(struct monitor *monitor, struct json_t *body, struct instant now)
{
	health_probed(monitor->health, body, now);
}

static void open_doors(struct monitor *monitor);

static void on_sync(struct monitor *monitor, struct json_t *body, struct instant now)
{
	health_sync(monitor->health, now);
	open_doors(monitor);
	send_ack(monitor, body, MESSAGE_SYNC, NULL);
}

static void on_stop(struct monitor *monitor, struct json_t *body, struct instant now)
{
	(void)body;
	(void)now;
	channel_send(monitor->channel, MESSAGE_BYE, json_new_object(), NULL, 0);
	loop_stop(monitor->loop);
}

static void on_message(void *owner, enum message_kind kind, struct json_t *body,
	struct fds *fds, struct instant now)
{
	static message_fn *const readers[MESSAGE_COUNT] = {
		[MESSAGE_HELLO] = on_hello,
		[MESSAGE_SERVICE] = on_service,
		[MESSAGE_GONE] = on_gone,
		[MESSAGE_STATE] = on_state,
		[MESSAGE_PROBED] = on_probed,
		[MESSAGE_SYNC] = on_sync,
		[MESSAGE_STOP] = on_stop,
	};
	struct monitor *monitor = owner;

	(void)fds;
	health_heard(monitor->health, now);
	if (readers[kind])
		readers[kind](monitor, body, now);
}

/* Who is in the middle of a question is answered first; the next engine answers who
 * comes now. */
static void on_leave(void *owner, struct instant now)
{
	struct monitor *monitor = owner;
	bool busy = false;

	for (size_t i = 0; i < LISTENERS_MAX && monitor->https[i]; i++)
		busy |= http_server_is_busy(monitor->https[i]);
	if (!busy || instant_reached(now, monitor->leave_by))
		loop_stop(monitor->loop);
	else
		timer_arm(monitor->leave, instant_add_ms(now, LEAVE_POLL_MS));
}

static void shut_doors(struct monitor *monitor)
{
	for (size_t i = 0; i < LISTENERS_MAX && monitor->https[i]; i++)
		http_server_shut(monitor->https[i]);
	monitor->varlink = varlink_server_free(monitor->varlink);
}

static void on_closed(void *owner, const char *reason, struct instant now)
{
	struct monitor *monitor = owner;

	log_info("the supervisor is gone: %s", reason);
	shut_doors(monitor);
	monitor->leave_by = instant_add_ms(now, LEAVE_MAX_MS);
	on_leave(monitor, now);
}

/* ---- to those who ask -------------------------------------------------------------- */

static int64_t resident_bytes(const struct monitor *monitor)
{
	char text[128], *second;
	ssize_t size = monitor->statm_fd < 0
			       ? -1
			       : pread(monitor->statm_fd, text, sizeof(text) - 1, 0);

	if (size <= 0)
		return -1;
	text[size] = '\0';
	second = strchr(text, ' '); /* "size resident shared …", in pages */
	return second ? strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE) : -1;
}

static double cpu_s(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) < 0)
		return 0;
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / US_PER_S;
}

static void look_around(
	struct face_context *ret, const struct monitor *monitor, struct instant now)
{
	*ret = (struct face_context){
		.picture = health_picture(monitor->health),
		.now = { now, monitor->wall() },
		.process = {
			.started = monitor->started,
			.cpu_s = cpu_s(),
			.resident_bytes = resident_bytes(monitor),
			.max_fds = sysconf(_SC_OPEN_MAX),
			.loop_lag_s = (double)loop_lag_us(monitor->loop) / US_PER_S,
		},
		.counts = monitor->counts,
		.counts_count = HANDLERS_MAX,
		.boot = monitor->boot,
	};
}

static void on_request(void *owner, struct answer *answer, struct request *request,
	const struct sockaddr *peer, struct instant now)
{
	struct monitor *monitor = owner;
	struct face_context context;

	ask_if_alive(monitor, now);
	look_around(&context, monitor, now);
	request->detail = detail_allows(&monitor->detail, peer);
	faces_answer(answer, &context, request, monitor->counts);
}

static void on_check(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct face_context context;

	ask_if_alive(owner, now);
	look_around(&context, owner, now);
	ask_check(call, parameters, &context);
}

/* ---- beginning and end ------------------------------------------------------------- */

static const struct varlink_method methods[] = {
	{ "io.svcd.Check", on_check },
	{ NULL, NULL },
};

static int listen_http(struct monitor *monitor, struct error *err)
{
	const struct http_server_user user = { on_request, monitor->wall, monitor };
	int fds[LISTENERS_MAX];
	size_t count = engine_listeners("http", fds, ARRAY_LEN(fds));

	for (size_t i = 0; i < count; i++) {
		int r = http_server_new(&monitor->https[i], monitor->loop, fds[i], &user);

		if (r < 0)
			return error_errno(err, r, "http listener on fd %d", fds[i]);
	}
	return 0;
}

static void listen_varlink(struct monitor *monitor)
{
	int fd, r;

	if (monitor->varlink || engine_listeners("health.sock", &fd, 1) == 0)
		return;
	r = varlink_server_new(
		&monitor->varlink, monitor->loop, fd, methods, varlink_io_svcd, monitor);
	if (r < 0)
		log_error("health.sock: %s", strerror(-r));
}

/* Once all is told: an answer before that would say that nothing is well. */
static void open_doors(struct monitor *monitor)
{
	timer_arm(monitor->open_late, NEVER);
	if (monitor->leave_by.us)
		return;
	for (size_t i = 0; i < LISTENERS_MAX && monitor->https[i]; i++)
		if (http_server_open(monitor->https[i]) < 0)
			log_error("no memory to listen");
	listen_varlink(monitor);
}

static void on_open_late(void *owner, struct instant now)
{
	(void)now;
	open_doors(owner);
}

static int begin(
	struct monitor *monitor, const struct monitor_with *with, struct error *err)
{
	static const struct channel_user user = { on_message, NULL, on_closed };
	const struct health_with health = {
		.loop = with->loop,
		.http = with->http,
		.user = { send_verdict, send_question, monitor },
	};
	int r = health_new(&monitor->health, &health);

	if (r == 0)
		r = channel_new(
			&monitor->channel, with->loop, with->channel_fd, &user, monitor);
	if (r == 0)
		r = timer_new(&monitor->open_late, with->loop, on_open_late, monitor);
	if (r == 0)
		r = timer_new(&monitor->leave, with->loop, on_leave, monitor);
	return r < 0 ? error_errno(err, r, "start") : listen_http(monitor, err);
}

int monitor_new(struct monitor **ret, const struct monitor_with *with, struct error *err)
{
	_cleanup_(monitor_freep) struct monitor *monitor = calloc(1, sizeof(*monitor));
	struct instant now = loop_now(with->loop);
	int r;

	if (!monitor)
		return error_errno(err, -ENOMEM, "start");
	monitor->loop = with->loop;
	monitor->wall = with->wall;
	monitor->statm_fd = with->statm_fd;
	monitor->detail.loopback = true; /* until the supervisor says */
	monitor->started = with->wall();
	snprintf(monitor->boot, sizeof(monitor->boot), "%08x",
		(unsigned)text_hash(&monitor->started, sizeof(monitor->started)));
	r = begin(monitor, with, err);
	if (r < 0)
		return r;
	health_heard(monitor->health, now);
	send_hello(monitor);
	timer_arm(monitor->open_late, instant_add_ms(now, OPEN_LATEST_MS));
	*ret = TAKE(monitor);
	return 0;
}

struct monitor *monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return NULL;
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		http_server_free(monitor->https[i]);
	varlink_server_free(monitor->varlink);
	timer_free(monitor->open_late);
	timer_free(monitor->leave);
	health_free(monitor->health);
	channel_free(monitor->channel);
	detail_done(&monitor->detail);
	free(monitor);
	return NULL;
}
