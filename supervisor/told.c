/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * told.c - what each engine knows, and what it must still be told: newest state only.
 *
 * Sending never waits: while an engine's channel is full, changes leave a dirty bit per
 * service, and what is sent when there is room is the state of then. An engine that was
 * started again knows nothing: all bits are set, SYNC ends the telling.
 *
 * Not here: the channel and the engine's life (engine.c).
 */
#include <errno.h>
#include <syslog.h>

#include "service/service.h"
#include "supervisor/status.h"
#include "supervisor/supervisor.h"

enum { REST_AFTER_MS = 10 * MS_PER_S }; /* starts follow, and tell much more */

static const struct {
	unsigned cares; /* TELL_* */
} rows[ENGINE_COUNT] = {
	[ENGINE_HEALTH] = { TELL_SERVICE | TELL_STATE },
	[ENGINE_LOG] = { TELL_SERVICE | TELL_PIPES },
	[ENGINE_FIREWALL] = { TELL_SERVICE },
};

/* ---- bodies -------------------------------------------------------------------- */

/* Without its declaration, which is text. */
static struct json_t *body_service(const struct member *member)
{
	_cleanup_(json_freep) struct json_t *body = json_new_object();
	int r = 0;

	r |= json_set_text(body, "service", member->name);
	r |= json_set_int(body, "generation", (int64_t)member->generation);
	if (member->operators_gid != UNSET) {
		struct json_t *gids = json_new_array();

		r |= json_append(gids, json_new_int(member->operators_gid));
		r |= json_set(body, "reader_gids", gids); /* for the log engine */
	}
	return r ? NULL : TAKE(body);
}

static struct json_t *body_state(const struct member *member, struct instant now)
{
	const struct supervisor *supervisor = member->supervisor;
	struct status_facts facts = { .host = supervisor->config->host.fqdn,
		.now = now,
		.wall = loop_wall(supervisor->loop),
		.not_kept = supervisor->wanted_failure };
	_cleanup_(json_freep) struct json_t *body = json_new_object();
	int r = 0;

	r |= json_set_text(body, "service", member->name);
	r |= json_set(body, "status", status_print(member, &facts));
	return r ? NULL : TAKE(body);
}

static struct json_t *body_pipe(
	const struct member *member, unsigned instance, const char *stream)
{
	_cleanup_(json_freep) struct json_t *body = json_new_object();
	_cleanup_free_ char *name =
		text_format("%s/%u.%s", member->name, instance, stream);
	int r = 0;

	r |= json_set_text(body, "service", member->name);
	r |= json_set_text(body, "name", name);
	r |= json_set_int(body, "instance", instance);
	r |= json_set_text(body, "stream", stream);
	return r || !name ? NULL : TAKE(body);
}

static struct json_t *body_generation(const char *service, uint64_t generation)
{
	_cleanup_(json_freep) struct json_t *body = json_new_object();
	int r = 0;

	if (service)
		r |= json_set_text(body, "service", service);
	r |= json_set_int(body, "generation", (int64_t)generation);
	return r ? NULL : TAKE(body);
}

/* ---- sending ------------------------------------------------------------------- */

static bool is_unanswered(const struct telling *telling)
{
	return telling->sent != telling->acked;
}

static int send_service(struct member *member, enum engine which, struct instant now)
{
	const struct channel_part declaration = { "declaration",
		member->service->effective };
	struct telling *telling = &member->told[which];
	int r = engine_send_part(member->supervisor->engines[which], MESSAGE_SERVICE,
		body_service(member), &declaration);

	(void)now;
	if (r < 0)
		return r;
	if (!is_unanswered(telling))
		member->supervisor->told[which].unanswered++;
	telling->sent = member->generation;
	return 0;
}

static int send_state(struct member *member, enum engine which, struct instant now)
{
	return engine_send(member->supervisor->engines[which], MESSAGE_STATE,
		body_state(member, now), -1);
}

static int send_pipe(struct member *member, unsigned instance, const char *stream, int fd)
{
	return engine_send(member->supervisor->engines[ENGINE_LOG], MESSAGE_PIPE,
		body_pipe(member, instance, stream), fd);
}

static int send_pipes(struct member *member, enum engine which, struct instant now)
{
	const struct service *service = member->service;
	int r = 0;

	(void)which;
	(void)now;
	for (unsigned i = 0; r == 0 && i < service->instances_count; i++) {
		const struct instance *instance = &service->instances[i];

		if (instance->output[0] >= 0)
			r = send_pipe(
				member, instance->number, "stdout", instance->output[0]);
		if (r == 0 && instance->output[1] >= 0)
			r = send_pipe(
				member, instance->number, "stderr", instance->output[1]);
	}
	return r;
}

/* In the order in which an engine must hear of them. */
static const struct {
	unsigned bit;
	int (*send)(struct member *member, enum engine which, struct instant now);
} tellings[] = {
	{ TELL_SERVICE, send_service },
	{ TELL_PIPES, send_pipes },
	{ TELL_STATE, send_state },
};

static void tell_member(struct member *member, enum engine which, struct instant now)
{
	struct telling *telling = &member->told[which];

	for (size_t i = 0; telling->dirty && i < ARRAY_LEN(tellings); i++) {
		int r;

		if (!(telling->dirty & tellings[i].bit))
			continue;
		telling->dirty &= ~tellings[i].bit;
		r = tellings[i].send(member, which, now);
		if (r < 0 && r != -EPIPE) {
			supervisor_say(member->supervisor,
				(struct about){ member->name, "engine", LOG_ERR },
				"cannot tell the %s engine: error %d",
				engine_words[which], -r);
		}
	}
}

static size_t unanswered(const struct told *told)
{
	return told->unanswered + told->gone_unanswered +
	       (told->synced && !told->sync_answered);
}

static void tell_gone(struct supervisor *supervisor, enum engine which)
{
	struct told *told = &supervisor->told[which];

	for (size_t i = 0; i < told->gone.count; i++) {
		if (engine_send(supervisor->engines[which], MESSAGE_GONE,
			    body_generation(
				    told->gone.items[i], ++supervisor->generations),
			    -1) == 0)
			told->gone_unanswered++;
	}
	strings_done(&told->gone);
}

static void tell_sync(struct supervisor *supervisor, enum engine which)
{
	struct told *told = &supervisor->told[which];

	told->sync_generation = ++supervisor->generations;
	told->synced = engine_send(supervisor->engines[which], MESSAGE_SYNC,
			       body_generation(NULL, told->sync_generation), -1) == 0;
}

/* Until its channel is full; then some are still dirty. */
static void tell_members(
	struct supervisor *supervisor, enum engine which, struct instant now)
{
	bool dirty = false;

	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];
		const struct telling *telling = &member->told[which];

		if (!telling->dirty || !member->service)
			continue;
		if (engine_listens(supervisor->engines[which]))
			tell_member(member, which, now);
		dirty |= telling->dirty != 0;
	}
	supervisor->told[which].dirty = dirty;
}

void told_flush(struct supervisor *supervisor, enum engine which, struct instant now)
{
	struct engine_process *engine = supervisor->engines[which];
	struct told *told = &supervisor->told[which];

	/* first: an engine forgets by name, and one may have come again since */
	if (engine_listens(engine) && told->gone.count > 0)
		tell_gone(supervisor, which);
	if (told->dirty && engine_listens(engine))
		tell_members(supervisor, which, now);
	if (engine_listens(engine) && !told->synced && supervisor->known)
		tell_sync(supervisor, which);
	engine_expects(engine, unanswered(told), false, now);
}

/* ---- what changes it ----------------------------------------------------------- */

void told_anew(struct supervisor *supervisor, enum engine which)
{
	struct told *told = &supervisor->told[which];

	strings_done(&told->gone);
	*told = (struct told){ .dirty = true };
	if (which == ENGINE_HEALTH) /* who asked is no more */
		probes_forget_all(supervisor->probes);
	for (size_t i = 0; i < supervisor->members.count; i++)
		supervisor->members.items[i]->told[which] =
			(struct telling){ .dirty = rows[which].cares };
}

void told_dirty(struct member *member, unsigned bits)
{
	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		member->told[i].dirty |= bits & rows[i].cares;
		member->supervisor->told[i].dirty |= (bits & rows[i].cares) != 0;
	}
}

void told_declaration(struct member *member)
{
	member->generation = ++member->supervisor->generations;
	told_dirty(member, TELL_SERVICE);
}

void told_readers(struct member *member)
{
	member->generation = ++member->supervisor->generations;
	member->told[ENGINE_LOG].dirty |= TELL_SERVICE;
	member->supervisor->told[ENGINE_LOG].dirty = true;
}

bool told_is_newest(const struct member *member, enum engine which, uint64_t generation)
{
	const struct telling *telling = &member->told[which];

	return !(telling->dirty & TELL_SERVICE) &&
	       (generation == 0 || generation >= telling->sent);
}

void told_pipe(struct member *member, unsigned instance, const char *stream, int fd)
{
	struct telling *telling = &member->told[ENGINE_LOG];

	/* what waits to be told would come after it: then all pipes wait too */
	if (telling->dirty || !engine_listens(member->supervisor->engines[ENGINE_LOG]))
		told_dirty(member, TELL_PIPES);
	else
		(void)send_pipe(member, instance, stream, fd);
}

void told_gone(struct member *member)
{
	struct supervisor *supervisor = member->supervisor;

	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		struct told *told = &supervisor->told[i];

		if (engine_listens(supervisor->engines[i]) || told->synced)
			(void)strings_add(&told->gone, member->name);
		told->unanswered -= is_unanswered(&member->told[i]);
		member->told[i] = (struct telling){ 0 };
	}
}

static void answer_about_service(
	struct supervisor *supervisor, enum engine which, const struct json_t *ack)
{
	const char *name = json_get_text(ack, "service", "");
	const char *error = json_get_text(ack, "error", NULL);
	uint64_t generation = (uint64_t)json_get_int(ack, "generation", 0);
	struct member *member = members_find(&supervisor->members, name);

	if (!member || generation < member->told[which].sent)
		return;
	supervisor->told[which].unanswered -= is_unanswered(&member->told[which]);
	member->told[which].acked = member->told[which].sent;
	if (error)
		supervisor_say(supervisor, (struct about){ name, "engine", LOG_ERR },
			"%s engine: %s", engine_words[which], error);
}

void told_answer(struct supervisor *supervisor, enum engine which,
	const struct json_t *ack, struct instant now)
{
	const char *of = json_get_text(ack, "of", "");
	struct told *told = &supervisor->told[which];

	if (text_equal(of, message_words[MESSAGE_SERVICE]))
		answer_about_service(supervisor, which, ack);
	else if (text_equal(of, message_words[MESSAGE_GONE]))
		told->gone_unanswered -= told->gone_unanswered > 0;
	else if (text_equal(of, message_words[MESSAGE_SYNC]))
		told->sync_answered = told->synced;
	engine_expects(supervisor->engines[which], unanswered(told), true, now);
	if (!unanswered(told) && !timer_is_armed(supervisor->rest))
		timer_arm(supervisor->rest, instant_add_ms(now, REST_AFTER_MS));
	if (!supervisor->ready_said)
		task_schedule(supervisor->settle);
}

bool told_all(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		if (!engine_is_down(supervisor->engines[i]) &&
			!supervisor->told[i].sync_answered)
			return false;
	return true;
}
