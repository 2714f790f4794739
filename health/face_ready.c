/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * face_ready.c - /livez and /readyz, with the texts of Kubernetes' API server: "ok", or a
 * line per part and a last line that sums up. A failure is always told in full.
 *
 * Of the host: a line per service. Of a service: a line per term of readiness and per
 * check.
 */
#include <string.h>

#include "health/face.h"

struct report {
	const struct request *request;
	struct text lines;
	bool ok;                            /* every line that counts is */
	bool excluded[TARGET_MAX_EXCLUDES]; /* this ?exclude= named a line */
	bool any_excluded;
};

static bool is_excluded(struct report *report, const char *name, const char *alias)
{
	const struct target *target = &report->request->target;
	bool found = false;

	for (size_t i = 0; i < target->excludes_count; i++)
		if (strcmp(target->excludes[i], name) == 0 ||
			strcmp(target->excludes[i], alias) == 0)
			found = report->excluded[i] = report->any_excluded = true;
	return found;
}

static void line_failed(struct report *report, const char *name, const char *reason)
{
	report->ok = false;
	text_addf(&report->lines, "[-]%s failed: ", name);
	if (!report->request->detail)
		reason = "reason withheld";
	text_add_shown(&report->lines, reason, strlen(reason));
	text_add(&report->lines, "\n");
}

static void line(struct report *report, const char *name, bool ok, const char *reason)
{
	if (is_excluded(report, name, name))
		text_addf(&report->lines, "[+]%s excluded: ok\n", name);
	else if (ok)
		text_addf(&report->lines, "[+]%s ok\n", name);
	else
		line_failed(report, name, reason);
}

static void finish(struct answer *answer, struct report *report, const char *what)
{
	const struct target *target = &report->request->target;
	bool well = answer->status == 200;

	if (well && !target->verbose) {
		text_add(&answer->body, "ok"); /* as Kubernetes, without a newline */
		text_done(&report->lines);
		return;
	}
	text_add_bytes(&answer->body, report->lines.bytes, report->lines.size);
	for (size_t i = 0; i < target->excludes_count; i++) {
		if (report->excluded[i])
			continue;
		text_add(&answer->body,
			"warn: some health checks cannot be excluded: no matches for \"");
		text_add_shown(
			&answer->body, target->excludes[i], strlen(target->excludes[i]));
		text_add(&answer->body, "\"\n");
	}
	text_addf(&answer->body, "%s check %s\n", what, well ? "passed" : "failed");
	text_done(&report->lines);
}

/* ---- the host ---------------------------------------------------------------------- */

static void answer_host(struct answer *answer, const struct face_context *context,
	struct report *report, const char *what)
{
	answer->status = report->ok ? 200 : 503;
	answer->verdict = report->ok ? VERDICT_PASS : VERDICT_FAIL;
	answer->modified = context->picture->heard;
	finish(answer, report, what);
}

static void live_host(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	struct report report = { .request = request, .ok = true };
	bool heard = !picture_is_stale(context->picture, context->now.now);

	line(&report, "health", true, "");
	line(&report, "supervisor", heard, "it has not answered for a while");
	line(&report, "told", context->picture->synced,
		"the supervisor has not told its services yet");
	answer_host(answer, context, &report, "livez");
}

static void ready_line(struct report *report, const struct face_context *context,
	const struct service *service)
{
	struct truth truth;

	truth_of(&truth, context->picture, service, &context->now);
	if (truth_counts(&truth) || truth.ready)
		line(report, service->name, truth.ready, truth.reason);
	else if (!is_excluded(report, service->name, service->name))
		text_addf(&report->lines, "[+]%s excluded: ok\n", service->name);
}

static void ready_host(struct answer *answer, const struct face_context *context,
	const struct request *request, const char *tag)
{
	const struct picture *picture = context->picture;
	struct report report = { .request = request, .ok = true };
	size_t found = 0;

	for (size_t i = 0; i < picture->services_count; i++) {
		if (tag && !service_has_tag(picture->services[i], tag))
			continue;
		ready_line(&report, context, picture->services[i]);
		found++;
	}
	if (tag && found == 0) {
		text_done(&report.lines);
		answer_not_found(answer, "tag", tag);
		return;
	}
	if (!picture->synced)
		line(&report, "told", false,
			"the supervisor has not told its services yet");
	answer_host(answer, context, &report, "readyz");
}

/* ---- a service --------------------------------------------------------------------- */

static void check_label(struct text *ret, const struct check *check)
{
	text_clear(ret);
	text_addf(ret, "check/%s", check->name);
}

static void check_line(
	struct report *report, const struct service *service, const struct check *check)
{
	struct check_sum sum = check_sum_of(service, check);
	struct text label = { 0 };

	check_label(&label, check);
	if (text_failed(&label))
		return;
	if (is_excluded(report, label.bytes, check->name))
		text_addf(&report->lines, "[+]%s excluded: ok\n", label.bytes);
	else if (sum.ok || check->effect == EFFECT_WARN)
		text_addf(&report->lines, "[+]%s ok\n", label.bytes);
	else
		line_failed(report, label.bytes, sum.reason);
	text_done(&label);
}

static void term_line(struct report *report, struct json_t *term)
{
	const char *name = json_get_text(term, "term", "?");
	bool ok = json_get_bool(term, "ok", false);

	/* With checks left out, what the others say takes the place of the verdict. */
	if (report->any_excluded && strcmp(name, ready_term_words[TERM_VERDICT]) == 0)
		return;
	line(report, name, ok, json_get_text(term, "reason", ""));
}

static void note_excludes(struct report *report, const struct service *service)
{
	const struct declaration *declaration = service->declaration;
	struct text label = { 0 };

	for (size_t i = 0; i < declaration->health.checks_count; i++) {
		check_label(&label, &declaration->health.checks[i]);
		if (!text_failed(&label))
			is_excluded(
				report, label.bytes, declaration->health.checks[i].name);
	}
	text_done(&label);
}

static void ready_service(struct answer *answer, const struct service *service,
	const struct truth *truth, const struct request *request)
{
	struct report report = { .request = request, .ok = true };
	_cleanup_(json_freep) struct json_t *status = service_status(service);
	struct json_t *terms = json_get(status, "terms");
	const struct declaration *declaration = service->declaration;
	bool well;

	note_excludes(&report, service);
	for (size_t i = 0; i < json_size(terms); i++)
		term_line(&report, json_item(terms, i));
	for (size_t i = 0; i < declaration->health.checks_count; i++)
		check_line(&report, service, &declaration->health.checks[i]);
	if (!truth->ready && report.ok && !report.any_excluded)
		line_failed(&report, "ready", truth->reason);
	well = report.any_excluded ? report.ok : truth->ready;
	answer_about(answer, service, truth, well);
	finish(answer, &report, "readyz");
	if (request->target.drain_404 && truth->situation == SITUATION_DRAINING)
		answer->status = 404;
}

static void live_service(struct answer *answer, const struct service *service,
	const struct truth *truth, const struct request *request)
{
	struct report report = { .request = request, .ok = true };

	line(&report, "process", truth->live,
		truth->reason[0] ? truth->reason : "nothing runs");
	answer_about(answer, service, truth, truth->live);
	finish(answer, &report, "livez");
}

/* One term or check of a service: /readyz/NAME/PART. */
static void ready_part(struct answer *answer, const struct service *service,
	const struct truth *truth, const struct request *request)
{
	const char *part = request->target.parts[2];
	struct report report = { .request = request, .ok = true };
	_cleanup_(json_freep) struct json_t *status = service_status(service);
	struct json_t *terms = json_get(status, "terms");
	const struct declaration *declaration = service->declaration;

	for (size_t i = 0; i < declaration->health.checks_count; i++)
		if (strcmp(declaration->health.checks[i].name, part) == 0)
			check_line(&report, service, &declaration->health.checks[i]);
	for (size_t i = 0; !report.lines.size && i < json_size(terms); i++)
		if (strcmp(json_get_text(json_item(terms, i), "term", ""), part) == 0)
			term_line(&report, json_item(terms, i));
	if (!report.lines.size) {
		text_done(&report.lines);
		answer_not_found(answer, "check or term", part);
		return;
	}
	answer_about(answer, service, truth, report.ok);
	finish(answer, &report, "readyz");
}

void face_livez(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	const char *name = request->target.parts[1];
	const struct service *service = picture_find(context->picture, name);
	struct truth truth;

	if (request->target.parts_count < 2) {
		live_host(answer, context, request);
		return;
	}
	if (!service) {
		answer_no_service(answer, context, name);
		return;
	}
	truth_of(&truth, context->picture, service, &context->now);
	live_service(answer, service, &truth, request);
}

void face_readyz(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	const char *name = request->target.parts[1];
	const struct service *service = picture_find(context->picture, name);
	bool is_tag = name[0] == '@' && request->target.parts_count == 2;
	struct truth truth;

	if (request->target.parts_count < 2 || is_tag) {
		ready_host(answer, context, request, is_tag ? name + 1 : NULL);
		return;
	}
	if (!service) {
		answer_no_service(answer, context, name);
		return;
	}
	truth_of(&truth, context->picture, service, &context->now);
	if (request->target.parts_count == 3)
		ready_part(answer, service, &truth, request);
	else
		ready_service(answer, service, &truth, request);
}
