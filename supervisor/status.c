/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * status.c - one JSON object per service, the only source of every face.
 *
 * A piece that cannot be built for lack of memory makes the whole NULL: json_set() fails
 * on it.
 */
#include "supervisor/status.h"

#include <stdio.h>
#include <string.h>

#include "service/service.h"

static struct json_t *number_or_null(int64_t number)
{
	return number == UNSET ? json_new_null() : json_new_int(number);
}

static struct json_t *time_or_null(struct wall at)
{
	char text[WALL_TEXT_BYTES];

	return at.us == 0 ? json_new_null() : json_new_text(wall_format(at, text));
}

static struct json_t *print_strings(const struct strings *strings)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (size_t i = 0; i < strings->count; i++)
		r |= json_append_text(list, strings->items[i]);
	return r ? NULL : TAKE(list);
}

static struct json_t *print_wanted(
	const struct member *member, const struct status_facts *facts)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	const struct service *service = member->service;
	int r = 0;

	r |= json_set_text(json, "value", wanted_words[service->wanted]);
	r |= json_set_text(json, "who", service->wish.who);
	r |= json_set_text(json, "why", remark_text(&service->wish.why));
	r |= json_set(json, "since", time_or_null(service->wish.since));
	r |= json_set(json, "until", time_or_null(service->wish.until));
	if (member->unkept && facts->not_kept && facts->not_kept[0])
		r |= json_set_text(json, "not_kept", facts->not_kept);
	return r ? NULL : TAKE(json);
}

static struct json_t *print_verdict(const struct service *service)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	char reason[REASON_BYTES];
	enum verdict verdict = ready_verdict(service, reason);
	int r = 0;

	r |= json_set_text(json, "value", verdict_words[verdict]);
	r |= json_set_text(json, "reason", reason);
	return r ? NULL : TAKE(json);
}

static struct json_t *print_terms(const struct readiness *readiness)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (size_t i = 0; i < TERM_COUNT; i++) {
		struct json_t *row = json_new_object();

		r |= json_set_text(row, "term", ready_term_words[i]);
		r |= json_set_bool(row, "ok", readiness->terms[i].ok);
		r |= json_set_text(row, "reason", readiness->terms[i].reason);
		r |= json_append(list, row);
	}
	return r ? NULL : TAKE(list);
}

/* ---- instances ----------------------------------------------------------------- */

static struct json_t *next_start(const struct instance *instance, struct instant now)
{
	if (instance->state != STATE_WAITING || instance->deadline.us == NEVER.us)
		return json_new_null();
	return json_new_int(MAX(instant_since_us(instance->deadline, now), 0));
}

static struct json_t *print_memory_events(const struct pressure *pressure)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	int r = 0;

	if (pressure->max == UNSET && pressure->oom_kill == UNSET)
		return json_new_null();
	r |= json_set(json, "low", number_or_null(pressure->low));
	r |= json_set(json, "high", number_or_null(pressure->high));
	r |= json_set(json, "max", number_or_null(pressure->max));
	r |= json_set(json, "oom", number_or_null(pressure->oom));
	r |= json_set(json, "oom_kill", number_or_null(pressure->oom_kill));
	return r ? NULL : TAKE(json);
}

static struct json_t *percent_or_null(int64_t hundredths)
{
	return hundredths == UNSET ? json_new_null()
				   : json_new_double((double)hundredths / 100);
}

static struct json_t *print_stalls(const struct pressure *pressure)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	int r = 0;

	if (pressure->memory == UNSET && pressure->cpu == UNSET && pressure->io == UNSET)
		return json_new_null();
	r |= json_set(json, "memory", percent_or_null(pressure->memory));
	r |= json_set(json, "cpu", percent_or_null(pressure->cpu));
	r |= json_set(json, "io", percent_or_null(pressure->io));
	return r ? NULL : TAKE(json);
}

static int add_usage(struct json_t *json, const struct measured *used)
{
	struct measured unknown;
	int r = 0;

	measured_unknown(&unknown);
	if (!used)
		used = &unknown;
	r |= json_set(json, "cpu_us", number_or_null(used->cpu_us));
	r |= json_set(json, "memory_bytes", number_or_null(used->memory_bytes));
	r |= json_set(json, "tasks", number_or_null(used->tasks));
	r |= json_set(json, "fds", number_or_null(used->fds));
	r |= json_set(json, "connections", number_or_null(used->connections));
	r |= json_set(json, "memory_events", print_memory_events(&used->pressure));
	r |= json_set(json, "pressure", print_stalls(&used->pressure));
	return r;
}

static struct json_t *print_instance(
	const struct instance *instance, const struct measured *used, struct instant now)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	bool runs = instance->pid > 0;
	int r = 0;

	r |= json_set_int(json, "instance", instance->number);
	r |= json_set_int(json, "generation", instance->generation);
	r |= json_set_text(json, "state", state_words[instance->state]);
	r |= json_set(json, "since", time_or_null(instance->since_wall));
	r |= json_set_text(json, "why", instance->why);
	r |= json_set_text(json, "status", remark_text(&instance->status));
	r |= json_set_text(json, "note", remark_text(&instance->note));
	r |= json_set(json, "pid", runs ? json_new_int(instance->pid) : json_new_null());
	r |= json_set(json, "started",
		runs ? time_or_null(instance->started) : json_new_null());
	r |= json_set_int(json, "restarts", instance->restarts);
	r |= json_set(json, "next_start_us", next_start(instance, now));
	r |= json_set_bool(json, "ready", instance_is_ready(instance));
	r |= add_usage(json, runs ? used : NULL);
	return r ? NULL : TAKE(json);
}

static struct json_t *print_instances(const struct member *member, struct instant now)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	const struct service *service = member->service;
	int r = 0;

	for (unsigned i = 0; i < service->instances_count; i++) {
		const struct measured *used =
			i < member->measured_count ? &member->measured[i] : NULL;

		if (!instance_is_free(&service->instances[i]))
			r |= json_append(
				list, print_instance(&service->instances[i], used, now));
	}
	return r ? NULL : TAKE(list);
}

/* ---- what is declared ---------------------------------------------------------- */

static struct json_t *print_listen(const struct declaration *declaration)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (size_t i = 0; i < declaration->listen_count; i++) {
		const struct listen *listen = &declaration->listen[i];
		struct json_t *row = json_new_object();

		r |= json_set_text(row, "name", listen->name);
		r |= json_set_int(row, "port", config_port(listen, 1));
		r |= json_set_text(row, "protocol",
			listen->protocol == PROTOCOL_TCP ? "tcp" : "udp");
		r |= json_set_text(row, "address", listen->address);
		r |= json_append(list, row);
	}
	return r ? NULL : TAKE(list);
}

static const struct check *declared_check(
	const struct declaration *declaration, const char *name)
{
	for (size_t i = 0; i < declaration->health.checks_count; i++)
		if (strcmp(declaration->health.checks[i].name, name) == 0)
			return &declaration->health.checks[i];
	return NULL;
}

static struct json_t *print_check(
	const struct check_fact *fact, const struct check *check)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	int r = 0;

	r |= json_set_text(json, "check", fact->name);
	r |= json_set_text(json, "kind", check_kind_words[check->kind]);
	r |= json_set_text(json, "effect", check_effect_words[check->effect]);
	r |= json_set(json, "instance",
		fact->instance ? json_new_int(fact->instance) : json_new_null());
	r |= json_set_text(json, "verdict", verdict_words[fact->verdict]);
	r |= json_set_text(json, "reason", fact->reason);
	r |= json_set(json, "latency_us", number_or_null(fact->latency_us));
	r |= json_set(json, "at", time_or_null(fact->at));
	return r ? NULL : TAKE(json);
}

static struct json_t *print_checks(const struct service *service)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (size_t i = 0; i < service->checks_count; i++) {
		const struct check_fact *fact = &service->checks[i];
		const struct check *check =
			declared_check(service->declaration, fact->name);

		if (check)
			r |= json_append(list, print_check(fact, check));
	}
	return r ? NULL : TAKE(list);
}

static struct json_t *print_firewall(const struct service *service)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	int r = 0;

	r |= json_set_bool(json, "applied", service->firewall_applied);
	r |= json_set_text(json, "reason", remark_text(&service->firewall_reason));
	r |= json_set_int(json, "accepted", (int64_t)service->accepted_packets);
	r |= json_set_int(json, "dropped", (int64_t)service->dropped_packets);
	return r ? NULL : TAKE(json);
}

/* ---- what happened ------------------------------------------------------------- */

static struct json_t *print_lines(const char *text)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	while (*text) {
		char line[LAST_WORDS_BYTES];
		size_t size = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)size, text);
		r |= json_append_text(list, line);
		text += size + (text[size] == '\n');
	}
	return r ? NULL : TAKE(list);
}

/* Of the latest death that left any. */
static const char *latest_words(const struct service *service)
{
	for (unsigned i = 0; i < service->exits_count; i++) {
		const struct exit_record *exit = &service->exits[i];

		if (exit->died)
			return exit->last_words ? exit->last_words : "";
	}
	return "";
}

static struct json_t *print_exit(const struct exit_record *record)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	bool ran = record->pid > 0;
	int r = 0;

	r |= json_set(json, "at", time_or_null(record->at));
	r |= json_set_int(json, "instance", record->instance);
	r |= json_set_int(json, "generation", record->generation);
	r |= json_set(json, "pid", ran ? json_new_int(record->pid) : json_new_null());
	r |= json_set_text(json, "cause", exit_cause_words[record->cause]);
	r |= json_set(json, "code", number_or_null(record->code));
	r |= json_set(json, "signal",
		record->signal > 0 ? json_new_int(record->signal) : json_new_null());
	r |= json_set_bool(json, "core", record->core);
	r |= json_set_int(json, "ran_us", record->ran_us);
	r |= json_set_text(json, "reason", record->reason);
	r |= json_set_int(json, "number", (int64_t)record->number);
	r |= json_set_bool(json, "death", record->died);
	r |= json_set_text(json, "by", record->by);
	r |= json_set_text(json, "next", record->next);
	r |= json_set(json, "stderr",
		record->last_words ? print_lines(record->last_words) : json_new_null());
	return r ? NULL : TAKE(json);
}

static struct json_t *print_exits(const struct service *service)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (unsigned i = 0; i < service->exits_count; i++)
		r |= json_append(list, print_exit(&service->exits[i]));
	return r ? NULL : TAKE(list);
}

static struct json_t *print_job(const struct job *job)
{
	static const char *const kinds[] = { [JOB_START] = "start",
		[JOB_STOP] = "stop",
		[JOB_RESTART] = "restart",
		[JOB_RELOAD] = "reload" };
	static const char *const results[] = {
		[JOB_RUNNING] = "running", [JOB_DONE] = "done", [JOB_FAILED] = "failed"
	};
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	int r = 0;

	if (job->kind == JOB_NONE)
		return json_new_null();
	r |= json_set_text(json, "kind", kinds[job->kind]);
	r |= json_set_text(json, "result", results[job->result]);
	r |= json_set_text(json, "reason", remark_text(&job->reason));
	return r ? NULL : TAKE(json);
}

static struct json_t *print_pending(const struct member *member)
{
	static const char *const effects[] = { [CHANGE_IN_PLACE] = "in place",
		[CHANGE_RELOAD] = "reload",
		[CHANGE_RESTART] = "restart" };
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (size_t i = 0; i < member->pending.count; i++) {
		struct json_t *row = json_new_object();

		r |= json_set_text(row, "key", member->pending.items[i].key);
		r |= json_set_text(
			row, "effect", effects[member->pending.items[i].effect]);
		r |= json_append(list, row);
	}
	if (member->orphan) {
		struct json_t *row = json_new_object();

		r |= json_set_text(row, "key", "(no file declares it)");
		r |= json_set_text(row, "effect", "remove");
		r |= json_append(list, row);
	}
	return r ? NULL : TAKE(list);
}

/* ---- the whole ----------------------------------------------------------------- */

/* When the state that the service shows began: of the instance that shows it. */
static struct wall since(const struct service *service)
{
	enum state state = service_state(service);
	struct wall first = { 0 };

	for (unsigned i = 0; i < service->instances_count; i++) {
		const struct instance *instance = &service->instances[i];

		if (instance->state == state &&
			(first.us == 0 || instance->since_wall.us < first.us))
			first = instance->since_wall;
	}
	return first;
}

static int add_identity(struct json_t *json, const struct member *member,
	const struct status_facts *facts)
{
	const struct declaration *declaration = member->service->declaration;
	int r = 0;

	r |= json_set_text(json, "service", member->name);
	r |= json_set_text(json, "description",
		declaration->description ? declaration->description : "");
	r |= json_set_text(json, "rollout", rollout_words[declaration->state]);
	r |= json_set_text(json, "host", facts->host ? facts->host : "");
	r |= json_set_text(json, "user", declaration->run.user);
	r |= json_set(json, "tags", print_strings(&declaration->tags));
	r |= json_set_text(json, "config_hash", member->service->hash);
	r |= json_set_int(json, "index", (int64_t)member->index);
	return r;
}

static int add_life(struct json_t *json, const struct member *member,
	const struct status_facts *facts)
{
	const struct service *service = member->service;
	const char *why =
		member->waits_for.text ? member->waits_for.text : service_why(service);
	char next[REASON_BYTES];
	int r = 0;

	outlook_service(next, service, facts->now);
	r |= json_set(json, "wanted", print_wanted(member, facts));
	r |= json_set_text(json, "state", state_words[service_state(service)]);
	r |= json_set(json, "since", time_or_null(since(service)));
	r |= json_set_text(json, "why", why);
	r |= json_set_text(json, "next", next);
	r |= json_set(json, "verdict", print_verdict(service));
	r |= json_set_bool(json, "ready", member->readiness->ready);
	r |= json_set_text(json, "reason", member->readiness->reason);
	r |= json_set(json, "terms", print_terms(member->readiness));
	r |= json_set(json, "instances", print_instances(member, facts->now));
	return r;
}

/* A file that was refused before anything ran: nothing is known but why. */
static struct json_t *print_refused(
	const struct member *member, const struct status_facts *facts)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	const char *first = member->refused.count > 0 ? member->refused.items[0] : "";
	char why[REASON_BYTES];
	int r = 0;

	snprintf(why, sizeof(why), "refused: %.240s", first);
	r |= json_set_text(json, "service", member->name);
	r |= json_set_text(json, "host", facts->host ? facts->host : "");
	r |= json_set_int(json, "index", (int64_t)member->index);
	r |= json_set_text(json, "state", state_words[STATE_DOWN]);
	r |= json_set_text(json, "why", why);
	r |= json_set_bool(json, "ready", false);
	r |= json_set_text(json, "reason", why);
	r |= json_set(json, "instances", json_new_array());
	r |= json_set(json, "refused", print_strings(&member->refused));
	return r ? NULL : TAKE(json);
}

struct json_t *status_print(const struct member *member, const struct status_facts *facts)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	const struct service *service = member->service;
	int r = 0;

	if (!service)
		return print_refused(member, facts);
	r |= add_identity(json, member, facts);
	r |= add_life(json, member, facts);
	r |= json_set(json, "listen", print_listen(service->declaration));
	r |= json_set(json, "checks", print_checks(service));
	r |= json_set(json, "firewall", print_firewall(service));
	r |= json_set(json, "exits", print_exits(service));
	r |= json_set(json, "stderr", print_lines(latest_words(service)));
	r |= json_set(json, "job", print_job(&service->job));
	r |= json_set(json, "pending", print_pending(member));
	r |= json_set_text(json, "upstream", remark_text(&member->upstream));
	r |= json_set(json, "pending_since", time_or_null(member->pending_since));
	r |= json_set(json, "refused", print_strings(&member->refused));
	r |= json_set_bool(json, "stale", member->stale);
	return r ? NULL : TAKE(json);
}
