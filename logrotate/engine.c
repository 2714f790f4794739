/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * engine.c - the supervisor's messages, by rows, and what is told back.
 *
 * Owns the services, the threads and the channel. Keeps no state that cannot be told
 * again: after a crash the supervisor hands the same pipes to the next engine. Not here:
 * what svcctl asks (answer.c).
 */
#include "logrotate/engine.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/words.h"

#include "logrotate/answer.h"
#include "logrotate/forward.h"
#include "logrotate/pipes.h"
#include "logrotate/spill.h"
#include "logrotate/worker.h"
#include "protocol/protocol.h"

enum {
	STATS_EVERY_MS = 5000,   /* at most, and only after something happened */
	TIDY_EVERY_MS = 3600000, /* max_age goes by without a rotation, too */
	TAIL_LINES = 20,
};

struct log_engine {
	struct loop *loop;
	struct channel *channel;
	struct commons commons;
	struct service *services;
	struct answers *answers;
	struct timer *stats_timer, *tidy_timer;
};

struct letter { /* a message that came */
	struct json_t *body;
	const char *name; /* of the service, "" */
	struct service *service;
	struct fds *fds;
	struct moment at;
};

struct service *engine_find(const struct log_engine *engine, const char *name)
{
	struct service *service = engine->services;

	while (service && strcmp(service->name, name) != 0)
		service = service->next;
	return service;
}

struct service *engine_services(const struct log_engine *engine)
{
	return engine->services;
}

struct commons *engine_commons(struct log_engine *engine)
{
	return &engine->commons;
}

static void acknowledge(struct log_engine *engine, enum message_kind of,
	const struct letter *letter, const char *trouble)
{
	struct json_t *body = json_new_object();

	json_set_text(body, "of", message_words[of]);
	if (letter->name[0])
		json_set_text(body, "service", letter->name);
	json_set_int(body, "generation", json_get_int(letter->body, "generation", 0));
	json_set(body, "error", json_new_text(trouble));
	channel_send(engine->channel, MESSAGE_ACK, body, NULL, 0);
}

static void take_hello(struct log_engine *engine, struct letter *letter)
{
	const char *root = json_get_text(letter->body, "root", "");
	const char *fqdn =
		json_get_text(json_get(letter->body, "host"), "fqdn", "localhost");
	char *directory = text_format("%s/var/log", root);

	if (!directory)
		return;
	free(engine->commons.log_directory);
	engine->commons.log_directory = directory;
	engine->commons.spread = text_hash(fqdn, strlen(fqdn));
	answers_set_operators(
		engine->answers, json_get_int(letter->body, "operators_gid", UNSET));
}

static void add_service(
	struct log_engine *engine, struct letter *letter, struct declaration *declaration)
{
	int r = service_new(&letter->service, &engine->commons, letter->name, declaration,
		letter->at);

	if (r < 0) {
		acknowledge(engine, MESSAGE_SERVICE, letter, strerror(-r));
		letter->service = NULL;
		return;
	}
	letter->service->next = engine->services;
	engine->services = letter->service;
}

static void take_service(struct log_engine *engine, struct letter *letter)
{
	_cleanup_(declaration_freep) struct declaration *declaration = NULL;
	struct error err = { 0 };
	int r = declaration_read(
		&declaration, json_get(letter->body, "declaration"), &err);

	if (r == 0 && !letter->name[0])
		r = error_set(&err, -EINVAL, "a service without a name");
	if (r < 0) {
		acknowledge(engine, MESSAGE_SERVICE, letter, err.text);
		return;
	}
	if (letter->service)
		r = service_declare(letter->service, TAKE(declaration), letter->at);
	else
		add_service(engine, letter, TAKE(declaration));
	if (!letter->service)
		return;
	service_set_readers(letter->service, json_get(letter->body, "reader_gids"));
	acknowledge(engine, MESSAGE_SERVICE, letter, r < 0 ? strerror(-r) : NULL);
}

static void remove_service(
	struct log_engine *engine, struct service *service, struct moment at)
{
	struct service **link = &engine->services;

	while (*link != service)
		link = &(*link)->next;
	*link = service->next;
	answers_forget(engine->answers, service);
	service_free(service, at);
}

static void take_gone(struct log_engine *engine, struct letter *letter)
{
	if (letter->service)
		remove_service(engine, letter->service, letter->at);
	acknowledge(engine, MESSAGE_GONE, letter, NULL);
}

static void take_sync(struct log_engine *engine, struct letter *letter)
{
	engine->commons.synced = true;
	for (struct service *i = engine->services; i; i = i->next)
		service_tidy(i, letter->at);
	timer_arm(engine->tidy_timer, instant_add_ms(letter->at.now, TIDY_EVERY_MS));
	acknowledge(engine, MESSAGE_SYNC, letter, NULL);
}

static void take_pipe(struct log_engine *engine, struct letter *letter)
{
	struct pipe_told told = {
		.name = json_get_text(letter->body, "name", ""),
		.instance = json_get_int(letter->body, "instance", 0),
		.stream = words_find(stream_words, STREAMS,
			json_get_text(letter->body, "stream", "stdout")),
	};
	int r;

	(void)engine;
	if (!letter->service || letter->fds->count != 1 || told.stream < 0) {
		log_warning("pipe \"%s\" of service \"%s\" cannot be read: %s", told.name,
			letter->name,
			!letter->service ? "no such service was told"
					 : "not one fd of stdout or stderr");
		return;
	}
	r = service_add_pipe(
		letter->service, &told, TAKE_FD(letter->fds->items[0]), letter->at);
	if (r < 0)
		log_about(LOG_WARNING, (struct log_about){ .service = letter->name },
			"pipe %s cannot be read: %s", told.name, strerror(-r));
}

static void take_rotate(struct log_engine *engine, struct letter *letter)
{
	for (struct service *i = engine->services; i; i = i->next)
		if (!letter->name[0] || i == letter->service)
			service_rotate(i, letter->at);
}

/* Answers also when there is nothing to tell: the supervisor waits for the last words of
 * a death. */
static void take_tail(struct log_engine *engine, struct letter *letter)
{
	int64_t instance = json_get_int(letter->body, "instance", 1);
	const char *word =
		json_get_text(letter->body, "stream", stream_words[STREAM_ERR]);
	int stream = words_find(stream_words, STREAMS, word);
	struct tail_asked asked = { .instance = instance,
		.stream = stream < 0 ? STREAM_ERR : stream,
		.lines = json_get_int(letter->body, "lines", TAIL_LINES) };
	struct json_t *body = json_new_object(), *lines = NULL;

	if (letter->service)
		lines = service_tail(letter->service, &asked, letter->at);
	json_set_text(body, "service", letter->name);
	json_set_int(body, "instance", instance);
	json_set_text(body, "stream", stream_words[asked.stream]);
	json_set_int(body, "exit", json_get_int(letter->body, "exit", 0));
	json_set(body, "lines", lines ? lines : json_new_array());
	channel_send(engine->channel, MESSAGE_TAIL, body, NULL, 0);
}

static void take_stop(struct log_engine *engine, struct letter *letter)
{
	(void)letter;
	engine_stop(engine);
}

static void (*const takes[MESSAGE_COUNT])(
	struct log_engine *engine, struct letter *letter) = {
	[MESSAGE_HELLO] = take_hello,
	[MESSAGE_SERVICE] = take_service,
	[MESSAGE_GONE] = take_gone,
	[MESSAGE_SYNC] = take_sync,
	[MESSAGE_PIPE] = take_pipe,
	[MESSAGE_ROTATE] = take_rotate,
	[MESSAGE_TAIL] = take_tail,
	[MESSAGE_STOP] = take_stop,
};

static void on_message(void *owner, enum message_kind kind, struct json_t *body,
	struct fds *fds, struct instant now)
{
	struct log_engine *engine = owner;
	struct letter letter = {
		.body = body,
		.name = json_get_text(body, "service", ""),
		.fds = fds,
		.at = { now, loop_wall(engine->loop) },
	};

	letter.service = engine_find(engine, letter.name);
	if (takes[kind])
		takes[kind](engine, &letter);
}

static void on_closed(void *owner, const char *reason, struct instant now)
{
	struct log_engine *engine = owner;

	(void)now;
	log_debug("the supervisor's channel: %s", reason);
	loop_stop(engine->loop);
}

void engine_stop(struct log_engine *engine)
{
	loop_stop(engine->loop);
}

static void on_grew(void *owner, struct service *service)
{
	struct log_engine *engine = owner;

	answers_wake(engine->answers, service);
}

static void on_stirred(void *owner)
{
	struct log_engine *engine = owner;

	if (!timer_is_armed(engine->stats_timer))
		timer_arm(engine->stats_timer,
			instant_add_ms(loop_now(engine->loop), STATS_EVERY_MS));
}

/* The supervisor is not told more than it reads: these numbers are only ever the
 * newest. */
static void on_stats_due(void *owner, struct instant now)
{
	struct log_engine *engine = owner;
	struct json_t *services, *body;

	(void)now;
	for (struct service *i = engine->services; i; i = i->next)
		service_tell_problem(i);
	if (channel_waiting(engine->channel) > 0)
		return;
	services = json_new_object();
	for (struct service *i = engine->services; i; i = i->next)
		json_set(services, i->name, service_stats(i));
	body = json_new_object();
	json_set(body, "services", services);
	channel_send(engine->channel, MESSAGE_LOGSTATS, body, NULL, 0);
}

static void on_tidy_due(void *owner, struct instant now)
{
	struct log_engine *engine = owner;
	struct moment at = { now, loop_wall(engine->loop) };

	for (struct service *i = engine->services; i; i = i->next)
		service_tidy(i, at);
	timer_arm(engine->tidy_timer, instant_add_ms(now, TIDY_EVERY_MS));
}

static void say_hello(struct log_engine *engine)
{
	struct json_t *body = json_new_object();

	json_set_int(body, "version", CHANNEL_VERSION);
	json_set_text(body, "build", SVCD_VERSION);
	channel_send(engine->channel, MESSAGE_HELLO, body, NULL, 0);
}

static int start_threads(struct commons *commons)
{
	int r = worker_new(&commons->tidier, commons->loop, "log-tidy", WORKER_IDLE);

	if (r == 0)
		r = worker_new(
			&commons->searcher, commons->loop, "log-search", WORKER_NORMAL);
	if (r == 0)
		r = forwarder_new(&commons->forwarder, commons->loop);
	return r;
}

int engine_new(struct log_engine **ret, struct loop *loop, int channel_fd, int listen_fd)
{
	static const struct channel_user user = { on_message, NULL, on_closed };
	_cleanup_(engine_freep) struct log_engine *engine = calloc(1, sizeof(*engine));
	int r;

	if (!engine)
		return -ENOMEM;
	engine->loop = loop;
	engine->commons = (struct commons){
		.loop = loop,
		.spill_budget = SPILL_BUDGET_BYTES,
		.grew = on_grew,
		.stirred = on_stirred,
		.owner = engine,
		.log_directory = strdup("/var/log"),
	};
	r = engine->commons.log_directory ? start_threads(&engine->commons) : -ENOMEM;
	if (r == 0)
		r = pipes_new(&engine->commons.pipes, loop);
	if (r == 0)
		r = timer_new(&engine->stats_timer, loop, on_stats_due, engine);
	if (r == 0)
		r = timer_new(&engine->tidy_timer, loop, on_tidy_due, engine);
	if (r == 0)
		r = answers_new(&engine->answers, engine, loop, listen_fd);
	if (r == 0)
		r = channel_new(&engine->channel, loop, channel_fd, &user, engine);
	if (r < 0)
		return r;
	say_hello(engine);
	*ret = TAKE(engine);
	return 0;
}

static void say_bye(struct log_engine *engine)
{
	if (engine->channel)
		channel_send(engine->channel, MESSAGE_BYE, json_new_object(), NULL, 0);
	channel_free(engine->channel);
}

struct log_engine *engine_free(struct log_engine *engine)
{
	struct moment at;

	if (!engine)
		return NULL;
	at = (struct moment){ instant_read(), wall_read() };
	atomic_store(&engine->commons.stop, true);
	if (engine->answers)
		answers_stop(engine->answers);
	while (engine->services)
		remove_service(engine, engine->services, at);
	engine->commons.tidier = worker_free(engine->commons.tidier, at.now);
	engine->commons.searcher = worker_free(engine->commons.searcher, at.now);
	forwarder_free(engine->commons.forwarder, at.now);
	answers_free(engine->answers);
	pipes_free(engine->commons.pipes);
	timer_free(engine->stats_timer);
	timer_free(engine->tidy_timer);
	say_bye(engine);
	free(engine->commons.log_directory);
	free(engine);
	return NULL;
}
