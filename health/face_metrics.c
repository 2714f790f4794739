/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * face_metrics.c - /metrics: one row per family, each with the function that knows its
 * samples.
 *
 * A figure that is not known has no sample. Series of services that are gone go with
 * them.
 */
#include <stdio.h>
#include <string.h>

#include "base/words.h"

#include "health/accept.h"
#include "health/face.h"
#include "health/scrape.h"

static void add_one(const struct scrape *scrape, double value)
{
	metrics_add(scrape->out, "", LABELS({ "service", scrape->service->name }), value);
}

/* ---- of svcd ----------------------------------------------------------------------- */

static void build_info(const struct scrape *scrape)
{
	metrics_add(scrape->out, "",
		LABELS({ "version", SVCD_VERSION }, { "program", "svcd-health" }), 1);
}

static void services_by_state(const struct scrape *scrape)
{
	for (size_t state = 0; state < ARRAY_LEN(scrape->by_state); state++)
		metrics_add(scrape->out, "", LABELS({ "state", state_words[state] }),
			(double)scrape->by_state[state]);
}

static void services_refused(const struct scrape *scrape)
{
	metrics_add(scrape->out, "", NULL, (double)scrape->refused);
}

static void supervisor_age(const struct scrape *scrape)
{
	const struct face_context *context = scrape->context;

	metrics_add(scrape->out, "", NULL,
		(double)instant_since_us(context->now.now, context->picture->heard) /
			US_PER_S);
}

static void loop_lag(const struct scrape *scrape)
{
	metrics_add(scrape->out, "", NULL, scrape->context->process.loop_lag_s);
}

static void http_requests(const struct scrape *scrape)
{
	const struct face_context *context = scrape->context;

	for (size_t i = 0; i < context->counts_count; i++) {
		for (size_t code = 0; code < HANDLER_CODES; code++) {
			const struct handler_counts *counts = &context->counts[i];
			char text[16] = "other";

			if (!counts->handler || !counts->by_code[code])
				continue;
			if (handler_codes[code])
				snprintf(text, sizeof(text), "%u", handler_codes[code]);
			metrics_add(scrape->out, "",
				LABELS({ "handler", counts->handler }, { "code", text }),
				(double)counts->by_code[code]);
		}
	}
}

static void process_cpu(const struct scrape *scrape)
{
	metrics_add(scrape->out, "", NULL, scrape->context->process.cpu_s);
}

static void process_memory(const struct scrape *scrape)
{
	if (scrape->context->process.resident_bytes >= 0)
		metrics_add(scrape->out, "", NULL,
			(double)scrape->context->process.resident_bytes);
}

static void process_fds(const struct scrape *scrape)
{
	if (scrape->context->process.max_fds >= 0)
		metrics_add(
			scrape->out, "", NULL, (double)scrape->context->process.max_fds);
}

static void process_start(const struct scrape *scrape)
{
	metrics_add(scrape->out, "", NULL,
		(double)scrape->context->process.started.us / US_PER_S);
}

/* ---- of each service --------------------------------------------------------------- */

static void service_info(const struct scrape *scrape)
{
	const struct service *service = scrape->service;
	struct json_t *status = scrape->status;
	bool is_oneshot = service->declaration->run.kind == RUN_ONESHOT;

	metrics_add(scrape->out, "",
		LABELS({ "service", service->name },
			{ "type", is_oneshot ? "oneshot" : "service" },
			{ "user", json_get_text(status, "user", "") },
			{ "config_hash", json_get_text(status, "config_hash", "") }),
		1);
}

static void service_state(const struct scrape *scrape)
{
	const char *word = json_get_text(scrape->status, "state", NULL);

	for (size_t state = 0; state < ARRAY_LEN(state_words); state++) {
		metrics_add(scrape->out, "",
			LABELS({ "service", scrape->service->name },
				{ "state", state_words[state] }),
			text_equal(word, state_words[state]));
	}
}

static void service_up(const struct scrape *scrape)
{
	add_one(scrape, text_equal(json_get_text(scrape->status, "state", NULL),
				state_words[STATE_UP]));
}

static void service_ready(const struct scrape *scrape)
{
	add_one(scrape, scrape->truth.ready);
}

static void service_health(const struct scrape *scrape)
{
	for (enum verdict verdict = VERDICT_PASS; verdict <= VERDICT_FAIL; verdict++) {
		metrics_add(scrape->out, "",
			LABELS({ "service", scrape->service->name },
				{ "status", verdict_words[verdict] }),
			scrape->truth.verdict == verdict);
	}
}

static void service_start_time(const struct scrape *scrape)
{
	struct wall now = scrape->context->now.wall;
	int64_t uptime_us = status_uptime_us(scrape->status, now);

	if (uptime_us >= 0)
		add_one(scrape, (double)(now.us - uptime_us) / US_PER_S);
}

static void add_sum(const struct scrape *scrape, const char *key, double scale)
{
	double sum;

	if (status_sum(scrape->status, key, &sum))
		add_one(scrape, sum * scale);
}

static void service_restarts(const struct scrape *scrape)
{
	add_sum(scrape, "restarts", 1);
}

static void service_processes(const struct scrape *scrape)
{
	add_sum(scrape, "tasks", 1);
}

static void service_cpu(const struct scrape *scrape)
{
	add_sum(scrape, "cpu_us", 1e-6);
}

static void service_memory(const struct scrape *scrape)
{
	add_sum(scrape, "memory_bytes", 1);
}

static void service_memory_max(const struct scrape *scrape)
{
	int64_t bytes = scrape->service->declaration->limits.memory_bytes;

	if (bytes > 0)
		add_one(scrape, (double)bytes);
}

static void service_fds(const struct scrape *scrape)
{
	add_sum(scrape, "fds", 1);
}

static void service_connections(const struct scrape *scrape)
{
	add_sum(scrape, "connections", 1);
}

static struct json_t *last_exit(const struct scrape *scrape)
{
	return json_item(json_get(scrape->status, "exits"), 0);
}

static void service_last_exit_code(const struct scrape *scrape)
{
	struct json_t *code = json_get(last_exit(scrape), "code");

	if (json_kind(code) == JSON_IS_INT)
		add_one(scrape, json_number(code));
}

static void service_last_exit_time(const struct scrape *scrape)
{
	struct wall at;

	if (wall_parse(&at, json_get_text(last_exit(scrape), "at", "")) == 0)
		add_one(scrape, (double)at.us / US_PER_S);
}

static void service_pending(const struct scrape *scrape)
{
	struct json_t *pending = json_get(scrape->status, "pending");

	metrics_add(scrape->out, "", LABELS({ "service", scrape->service->name }),
		json_size(pending) > 0);
}

static void service_stale(const struct scrape *scrape)
{
	metrics_add(scrape->out, "", LABELS({ "service", scrape->service->name }),
		json_get_bool(scrape->status, "stale", false));
}

static void service_packets(const struct scrape *scrape)
{
	static const char *const verdicts[] = { "accepted", "dropped" };
	struct json_t *firewall = json_get(scrape->status, "firewall");

	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		if (json_kind(json_get(firewall, verdicts[i])) == JSON_IS_INT) {
			metrics_add(scrape->out, "",
				LABELS({ "service", scrape->service->name },
					{ "verdict", verdicts[i] }),
				json_number(json_get(firewall, verdicts[i])));
		}
	}
}

/* ---- the rows ---------------------------------------------------------------------- */

static const struct family_row {
	struct metric_family family;
	bool of_service; /* once per service, or once */
	void (*add)(const struct scrape *scrape);
} families[] = {
	{ { "svcd_build", METRIC_INFO, "Version of svcd." }, false, build_info },
	{ { "svcd_services", METRIC_GAUGE, "Services by state." }, false,
		services_by_state },
	{ { "svcd_services_refused", METRIC_GAUGE,
		  "Services whose file on disk is refused." },
		false, services_refused },
	{ { "svcd_supervisor_age_seconds", METRIC_GAUGE,
		  "Time since the supervisor was heard." },
		false, supervisor_age },
	{ { "svcd_loop_lag_seconds", METRIC_GAUGE,
		  "Worst delay of the health engine's loop since the last scrape." },
		false, loop_lag },
	{ { "svcd_http_requests", METRIC_COUNTER, "Requests answered." }, false,
		http_requests },
	{ { "svcd_service", METRIC_INFO, "What the service is." }, true, service_info },
	{ { "svcd_service_state", METRIC_GAUGE, "1 for the state it is in." }, true,
		service_state },
	{ { "svcd_service_up", METRIC_GAUGE, "1 when an instance is up." }, true,
		service_up },
	{ { "svcd_service_ready", METRIC_GAUGE, "1 when it may have traffic." }, true,
		service_ready },
	{ { "svcd_service_health_status", METRIC_GAUGE,
		  "1 for its health: pass, warn or fail." },
		true, service_health },
	{ { "svcd_service_start_time_seconds", METRIC_GAUGE,
		  "Start of its longest-running instance." },
		true, service_start_time },
	{ { "svcd_service_pending", METRIC_GAUGE,
		  "1 when a change of its declaration waits for svcctl apply." },
		true, service_pending },
	{ { "svcd_service_stale", METRIC_GAUGE,
		  "1 when it runs as accepted earlier, its file being refused." },
		true, service_stale },
	{ { "svcd_service_restarts", METRIC_COUNTER,
		  "Restarts after a death since an operator's start." },
		true, service_restarts },
	{ { "svcd_service_last_exit_code", METRIC_GAUGE, "Code of its latest exit." },
		true, service_last_exit_code },
	{ { "svcd_service_last_exit_timestamp_seconds", METRIC_GAUGE,
		  "Time of its latest exit." },
		true, service_last_exit_time },
	{ { "svcd_service_processes", METRIC_GAUGE, "Tasks in its cgroups." }, true,
		service_processes },
	{ { "svcd_service_cpu_seconds", METRIC_COUNTER,
		  "CPU time of its running instances." },
		true, service_cpu },
	{ { "svcd_service_memory_current_bytes", METRIC_GAUGE, "Memory in use." }, true,
		service_memory },
	{ { "svcd_service_memory_max_bytes", METRIC_GAUGE,
		  "limits.memory per instance." },
		true, service_memory_max },
	{ { "svcd_service_open_fds", METRIC_GAUGE, "Open file descriptors." }, true,
		service_fds },
	{ { "svcd_service_connections", METRIC_GAUGE,
		  "Established connections to its ports." },
		true, service_connections },
	{ { "svcd_service_firewall_packets", METRIC_COUNTER,
		  "Packets to its ports by the firewall's verdict." },
		true, service_packets },
	{ { "svcd_check_success", METRIC_GAUGE, "1 when the check passes." }, true,
		scrape_check_success },
	{ { "svcd_check_runs", METRIC_COUNTER, "Tries by result." }, true,
		scrape_check_runs },
	{ { "svcd_check_duration_seconds", METRIC_HISTOGRAM, "How long a try took." },
		true, scrape_check_durations },
	{ { "svcd_check_consecutive_failures", METRIC_GAUGE, "Failed tries in a row." },
		true, scrape_check_failures },
	{ { "svcd_check_last_run_timestamp_seconds", METRIC_GAUGE,
		  "When the latest try ended." },
		true, scrape_check_last_run },
	{ { "svcd_check_figure", METRIC_GAUGE,
		  "What a command of a check prints behind |, in base units." },
		true, scrape_check_figures },
	{ { "process_cpu_seconds", METRIC_COUNTER, "CPU time of the health engine." },
		false, process_cpu },
	{ { "process_resident_memory_bytes", METRIC_GAUGE,
		  "Resident memory of the health engine." },
		false, process_memory },
	{ { "process_max_fds", METRIC_GAUGE, "Limit of open file descriptors." }, false,
		process_fds },
	{ { "process_start_time_seconds", METRIC_GAUGE, "Start of the health engine." },
		false, process_start },
};

/* ---- the scrape -------------------------------------------------------------------- */

static void count_service(struct scrape *scrape)
{
	int state = words_find(state_words, ARRAY_LEN(state_words),
		json_get_text(scrape->status, "state", NULL));

	if (state >= 0)
		scrape->by_state[state]++;
	scrape->refused += json_size(json_get(scrape->status, "refused")) > 0;
}

/* A family's samples stand together, a service's status is read once: every family has
 * a text of its own meanwhile. */
static void add_service(struct scrape *scrape, const struct service *service,
	struct metrics outs[static ARRAY_LEN(families)])
{
	const struct face_context *context = scrape->context;
	_cleanup_(json_freep) struct json_t *status = service_status(service);

	scrape->service = service;
	scrape->status = status;
	truth_of(&scrape->truth, context->picture, service, &context->now);
	count_service(scrape);
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		scrape->out = &outs[i];
		if (families[i].of_service)
			families[i].add(scrape);
	}
}

static void add_families(struct text *text, const struct face_context *context,
	struct metrics outs[static ARRAY_LEN(families)])
{
	const struct picture *picture = context->picture;
	struct scrape scrape = { .context = context };

	for (size_t i = 0; i < picture->services_count; i++)
		add_service(&scrape, picture->services[i], outs);
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		scrape.out = &outs[i];
		if (!families[i].of_service)
			families[i].add(&scrape);
		text->failed = text->failed || text_failed(outs[i].text);
		text_add_bytes(text, outs[i].text->bytes, outs[i].text->size);
		text_done(outs[i].text);
	}
}

void face_metrics(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	static const char *const offered[] = { "text/plain",
		"application/openmetrics-text" };
	bool open_metrics =
		accept_best(request->accept, offered, ARRAY_LEN(offered)) == 1;
	struct metrics outs[ARRAY_LEN(families)];
	struct text texts[ARRAY_LEN(families)] = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		outs[i] = (struct metrics){ .text = &texts[i],
			.open_metrics = open_metrics };
		metrics_begin(&outs[i], &families[i].family);
	}
	add_families(&answer->body, context, outs);
	outs[0].text = &answer->body;
	metrics_end(&outs[0]);
	answer->type =
		open_metrics
			? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			: "text/plain; version=0.0.4; charset=utf-8";
	answer->modified = context->picture->heard;
}
