/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * face_health.c - /health in health+json (draft-inadarei-api-health-check-06);
 * /health/NAME/{live,ready,started} also as MicroProfile Health when the client wants
 * application/json. Compact, so that `check_http -s '"status":"pass"'` finds what it
 * looks for.
 */
#include <string.h>

#include "health/accept.h"
#include "health/face.h"

static const char *const measured_word[] = {
	[CHECK_HTTP] = "http:responseTime",
	[CHECK_OPENAPI] = "openapi:responseTime",
	[CHECK_TCP] = "tcp:responseTime",
	[CHECK_EXEC] = "exec:responseTime",
	[CHECK_FILE] = "file:age",
	[CHECK_NOTIFY] = "notify:status",
};

static void print(struct answer *answer, struct json_t *json)
{
	_cleanup_free_ char *text = json_print(json, JSON_ONE_LINE);

	text_add(&answer->body, text ? text : "");
	text_add(&answer->body, "\n");
	json_free(json);
}

static void set_time(
	struct json_t *row, const struct face_context *context, struct instant at)
{
	char text[WALL_TEXT_BYTES];

	json_set_text(row, "time", wall_format(moment_wall(&context->now, at), text));
}

/* draft 06 knows three words. What has no result is not a failure: whether the service
 * may have traffic is the supervisor's word at the root. */
static const char *status_word(enum verdict verdict)
{
	return verdict_words[verdict == VERDICT_UNKNOWN ? VERDICT_WARN : verdict];
}

static const char *output_of(const struct probe *probe)
{
	if (probe->streak.reason[0])
		return probe->streak.reason;
	return probe->streak.verdict == VERDICT_UNKNOWN ? "no result yet" : NULL;
}

static void add_reading(struct json_t *checks, const char *key, struct json_t *row)
{
	struct json_t *list = json_get(checks, key);

	if (!list) {
		list = json_new_array();
		json_set(checks, key, list);
	}
	json_append(list, row);
}

static struct json_t *probe_row(const struct probe *probe,
	const struct face_context *context, const struct request *request)
{
	struct json_t *row = json_new_object();
	bool measured = probe->at.us && probe->last.kind == OUTCOME_PASS;
	const char *output = output_of(probe);

	json_set_text(row, "componentId", probe->check->name);
	json_set_text(row, "componentType", "component");
	if (measured) {
		json_set_double(
			row, "observedValue", (double)probe->last.latency_us / US_PER_MS);
		json_set_text(row, "observedUnit", "ms");
	}
	json_set_text(row, "status", status_word(probe->streak.verdict));
	if (output)
		json_set_text(
			row, "output", request->detail ? output : "reason withheld");
	if (probe->at.us)
		set_time(row, context, probe->at);
	json_set_int(row, "instance", probe->instance);
	json_set_int(row, "consecutiveFailures", probe->streak.bad);
	return row;
}

static void add_measure(struct json_t *checks, const struct face_context *context,
	const char *key, struct json_t *value)
{
	struct json_t *row = json_new_object();

	json_set_text(row, "componentType", "component");
	json_set(row, "observedValue", value);
	json_set_text(row, "status", verdict_words[VERDICT_PASS]);
	set_time(row, context, context->picture->heard);
	add_reading(checks, key, row);
}

static struct json_t *checks_of(const struct service *service,
	const struct face_context *context, const struct request *request)
{
	struct json_t *checks = json_new_object();
	_cleanup_(json_freep) struct json_t *status = service_status(service);
	int64_t uptime_us = status_uptime_us(status, context->now.wall);
	_cleanup_free_ char *uptime = text_format("%s:uptime", service->name);
	_cleanup_free_ char *connections = text_format("%s:connections", service->name);
	double count;

	if (uptime && uptime_us >= 0) {
		add_measure(checks, context, uptime, json_new_int(uptime_us / US_PER_S));
		json_set_text(
			json_item(json_get(checks, uptime), 0), "observedUnit", "s");
	}
	if (connections && status_sum(status, "connections", &count))
		add_measure(checks, context, connections, json_new_int((int64_t)count));
	for (size_t i = 0; i < service->probes_count; i++)
		add_reading(checks, measured_word[service->probes[i]->check->kind],
			probe_row(service->probes[i], context, request));
	return checks;
}

static void add_notes(struct json_t *root, const struct truth *truth,
	const struct json_t *status, const struct request *request)
{
	const char *who = json_get_text(json_get(status, "wanted"), "who", NULL);
	struct json_t *notes;

	if (!truth->unroute)
		return;
	notes = json_new_array();
	json_append_text(notes, situation_words[truth->situation]);
	if (request->detail && who && *who)
		json_append(notes, json_new_text(who));
	json_set(root, "notes", notes);
}

static void add_links(struct json_t *root, const char *name)
{
	_cleanup_free_ char *self = text_format("/health/%s", name);
	struct json_t *links = json_new_object();

	json_set_text(links, "self", self);
	json_set(root, "links", links);
}

static void health_service(struct answer *answer, const struct face_context *context,
	const struct service *service, const struct truth *truth)
{
	(void)context;
	answer_about(answer, service, truth, truth->verdict != VERDICT_FAIL);
	answer->type = type_health_json;
}

static void add_output(
	struct json_t *root, const struct truth *truth, const struct request *request)
{
	_cleanup_free_ char *output = NULL;
	const char *reason = reason_for(truth, request);
	const char *word = situation_words[truth->situation];

	if (truth->verdict == VERDICT_PASS)
		return;
	output = *reason ? text_format("%s: %s", word, reason) : strdup(word);
	json_set_text(root, "output", output);
}

static void print_service(struct answer *answer, const struct face_context *context,
	const struct service *service, const struct request *request)
{
	_cleanup_(json_freep) struct json_t *status = service_status(service);
	struct json_t *root = json_new_object();
	_cleanup_free_ char *id =
		text_format("%s@%s", service->name, context->picture->host);
	struct truth truth;

	truth_of(&truth, context->picture, service, &context->now);
	health_service(answer, context, service, &truth);
	json_set_text(root, "status", verdict_words[truth.verdict]);
	json_set_text(root, "version", "1");
	json_set_text(root, "releaseId", json_get_text(status, "config_hash", ""));
	json_set_text(root, "serviceId", id);
	json_set_text(root, "description", json_get_text(status, "description", ""));
	add_notes(root, &truth, status, request);
	add_output(root, &truth, request);
	json_set(root, "checks", checks_of(service, context, request));
	add_links(root, service->name);
	print(answer, root);
	answer_etag(answer, context, service->index);
}

/* ---- /health/NAME/{live,ready,started} --------------------------------------------- */

struct question {
	const char *word;
	bool (*holds)(const struct truth *truth);
};

static bool is_live(const struct truth *truth)
{
	return truth->live;
}

static bool is_ready(const struct truth *truth)
{
	return truth->ready;
}

static bool is_started(const struct truth *truth)
{
	return truth->live && truth->situation != SITUATION_STARTING;
}

static const struct question questions[] = {
	{ "live", is_live },
	{ "ready", is_ready },
	{ "started", is_started },
};

static struct json_t *micro_profile(const struct question *question, bool holds)
{
	struct json_t *root = json_new_object(), *checks = json_new_array();
	struct json_t *row = json_new_object();

	json_set_text(row, "name", question->word);
	json_set_text(row, "status", holds ? "UP" : "DOWN");
	json_append(checks, row);
	json_set_text(root, "status", holds ? "UP" : "DOWN");
	json_set(root, "checks", checks);
	return root;
}

static bool wants_micro_profile(const struct request *request)
{
	static const char *const offered[] = { type_health_json, type_json };

	if (request->target.format != FORMAT_BY_ACCEPT)
		return request->target.format == FORMAT_JSON;
	return accept_best(request->accept, offered, ARRAY_LEN(offered)) == 1;
}

static void answer_question(struct answer *answer, const struct face_context *context,
	const struct service *service, const struct request *request)
{
	const struct question *question = NULL;
	struct json_t *root;
	struct truth truth;
	bool holds;

	for (size_t i = 0; i < ARRAY_LEN(questions); i++)
		if (strcmp(questions[i].word, request->target.parts[2]) == 0)
			question = &questions[i];
	if (!question) {
		answer_not_found(answer, "question (live, ready, started)",
			request->target.parts[2]);
		return;
	}
	truth_of(&truth, context->picture, service, &context->now);
	holds = question->holds(&truth);
	health_service(answer, context, service, &truth);
	answer->status = holds ? 200 : 503;
	if (wants_micro_profile(request)) {
		answer->type = type_json;
		root = micro_profile(question, holds);
	} else {
		root = json_new_object();
		json_set_text(root, "status",
			verdict_words[!holds                          ? VERDICT_FAIL
				      : truth.verdict == VERDICT_WARN ? VERDICT_WARN
								      : VERDICT_PASS]);
		json_set_text(root, "version", "1");
		if (!holds)
			add_output(root, &truth, request);
	}
	print(answer, root);
	answer_etag(answer, context, service->index);
}

/* ---- the host ---------------------------------------------------------------------- */

/* fail over warn over pass; services that people took out do not count. */
static enum verdict worse(enum verdict host, const struct truth *truth)
{
	if (!truth_counts(truth) || truth->verdict == VERDICT_PASS)
		return host;
	return host == VERDICT_FAIL ? host : truth->verdict;
}

static void print_host(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	const struct picture *picture = context->picture;
	struct json_t *root = json_new_object(), *checks = json_new_object();
	enum verdict verdict = picture->synced ? VERDICT_PASS : VERDICT_FAIL;

	for (size_t i = 0; i < picture->services_count; i++) {
		const struct service *service = picture->services[i];
		_cleanup_free_ char *key = text_format("%s:status", service->name);
		struct json_t *row = json_new_object();
		struct truth truth;

		truth_of(&truth, picture, service, &context->now);
		verdict = worse(verdict, &truth);
		json_set_text(row, "componentType", "component");
		json_set_text(row, "observedValue", situation_words[truth.situation]);
		json_set_text(row, "status", verdict_words[truth.verdict]);
		add_output(row, &truth, request);
		set_time(row, context, truth.as_of);
		add_reading(checks, key ? key : "", row);
	}
	json_set_text(root, "status", verdict_words[verdict]);
	json_set_text(root, "version", "1");
	json_set_text(root, "releaseId", SVCD_VERSION);
	json_set_text(root, "serviceId", picture->host);
	json_set(root, "checks", checks);
	answer->status = verdict == VERDICT_FAIL ? 503 : 200;
	answer->verdict = verdict;
	answer->degraded = verdict == VERDICT_WARN;
	answer->type = type_health_json;
	answer->modified = picture->heard;
	print(answer, root);
	answer_etag(answer, context, picture->index);
}

void face_health(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	const struct service *service =
		picture_find(context->picture, request->target.parts[1]);

	if (request->target.parts_count < 2)
		print_host(answer, context, request);
	else if (!service)
		answer_no_service(answer, context, request->target.parts[1]);
	else if (request->target.parts_count < 3)
		print_service(answer, context, service, request);
	else
		answer_question(answer, context, service, request);
}
