/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * faces.c - which face answers, and what all of them share.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/words.h"

#include "health/face.h"

const char type_text[] = "text/plain; charset=utf-8";
const char type_json[] = "application/json";
const char type_health_json[] = "application/health+json";
const char faces_methods[] = "GET, HEAD, OPTIONS";

const unsigned handler_codes[HANDLER_CODES] = { 200, 304, 404, 405, 429, 503, 0 };

static const struct face_row {
	const char *word; /* first part of the path; "" is / */
	size_t parts_max;
	face_fn *answer;
} faces[] = {
	{ "", 0, face_page },
	{ "livez", 2, face_livez },
	{ "readyz", 3, face_readyz },
	{ "health", 3, face_health },
	{ "check", 2, face_check },
	{ "metrics", 1, face_metrics },
	{ "v1", 3, face_services },
};
static_assert(ARRAY_LEN(faces) < HANDLERS_MAX, "one counter per face, one for the rest");

/* ---- shared ------------------------------------------------------------------------ */

void answer_about(struct answer *answer, const struct service *service,
	const struct truth *truth, bool well)
{
	answer->status = well ? 200 : 503;
	answer->verdict = truth->verdict;
	answer->service = service->name;
	answer->unroute = truth->unroute && !well;
	answer->degraded = truth->verdict == VERDICT_WARN;
	answer->modified = truth->as_of;
}

void answer_etag(
	struct answer *answer, const struct face_context *context, uint64_t index)
{
	if (picture_is_stale(context->picture, context->now.now))
		return; /* what is told now differs from what was told then */
	answer->may_cache = true;
	snprintf(answer->etag, sizeof(answer->etag), "\"%s-%llu\"", context->boot,
		(unsigned long long)index);
}

void answer_not_found(struct answer *answer, const char *what, const char *name)
{
	answer->status = 404;
	answer->type = type_text;
	answer->verdict = ANSWER_NO_VERDICT;
	answer->may_cache = false;
	text_clear(&answer->body);
	text_addf(&answer->body, "no such %s: ", what);
	text_add_shown(&answer->body, name, strlen(name));
	text_add(&answer->body, "\n");
}

void answer_no_service(
	struct answer *answer, const struct face_context *context, const char *name)
{
	const char *nearest = picture_nearest(context->picture, name);

	answer_not_found(answer, "service", name);
	if (nearest)
		text_addf(&answer->body, "did you mean \"%s\"?\n", nearest);
}

const char *reason_for(const struct truth *truth, const struct request *request)
{
	return request->detail ? truth->reason : truth->public_reason;
}

bool service_has_tag(const struct service *service, const char *tag)
{
	return service->declaration && strings_have(&service->declaration->tags, tag);
}

/* fail over warn over unknown over pass: what to show when instances differ. */
static int badness(enum verdict verdict)
{
	static const int rank[] = {
		[VERDICT_PASS] = 0,
		[VERDICT_UNKNOWN] = 1,
		[VERDICT_WARN] = 2,
		[VERDICT_FAIL] = 3,
	};

	return rank[verdict];
}

static void add_verdict(struct check_sum *sum, enum verdict verdict, const char *reason,
	int64_t latency_us)
{
	sum->ok = sum->ok || verdict == VERDICT_PASS || verdict == VERDICT_WARN;
	if (sum->reason && badness(verdict) <= badness(sum->verdict))
		return;
	sum->verdict = verdict;
	sum->reason = reason;
	sum->latency_us = latency_us;
}

static void add_probe(struct check_sum *sum, const struct probe *probe)
{
	const struct streak *streak = &probe->streak;
	const char *reason = streak->reason;

	if (streak->verdict == VERDICT_UNKNOWN)
		reason = probe->last.reason[0] ? probe->last.reason : "no result yet";
	add_verdict(
		sum, streak->verdict, reason, probe->at.us ? probe->last.latency_us : -1);
}

struct check_sum check_sum_of(const struct service *service, const struct check *check)
{
	struct check_sum sum = { .latency_us = -1 };

	for (size_t i = 0; i < service->probes_count; i++)
		if (service->probes[i]->check == check)
			add_probe(&sum, service->probes[i]);
	if (!sum.reason)
		sum.reason = "nothing runs";
	return sum;
}

/* ---- choosing ---------------------------------------------------------------------- */

static const char *nth_face(size_t index, const void *data)
{
	(void)data;
	return index < ARRAY_LEN(faces) ? faces[index].word : NULL;
}

static size_t face_of(const struct target *target)
{
	size_t i = 0;

	while (i < ARRAY_LEN(faces) && (strcmp(faces[i].word, target->parts[0]) != 0 ||
					       target->parts_count > faces[i].parts_max))
		i++;
	return i;
}

static void no_such_page(struct answer *answer, const struct request *request)
{
	const char *nearest = text_nearest(request->target.parts[0], nth_face, NULL);

	answer_not_found(answer, "page", request->target.parts[0]);
	if (nearest && *nearest)
		text_addf(&answer->body, "did you mean \"/%s\"?\n", nearest);
}

/* HAProxy's bare `option httpchk` asks OPTIONS /: readiness of the host, and nothing
 * else. */
static void answer_options(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	struct request host = { .detail = request->detail };

	snprintf(host.target.parts[0], TARGET_PART_BYTES, "readyz");
	host.target.parts_count = 1;
	face_readyz(answer, context, &host);
	text_clear(&answer->body);
}

static void use_cached(struct answer *answer, const struct request *request)
{
	if (answer->status != 200 || !answer->may_cache || !request->if_none_match ||
		!strstr(request->if_none_match, answer->etag))
		return;
	answer->status = 304;
	text_clear(&answer->body);
}

static void count(struct handler_counts *counts, size_t face, unsigned status)
{
	size_t i = 0;

	counts[face].handler = face < ARRAY_LEN(faces) ? faces[face].word : "other";
	if (!counts[face].handler[0])
		counts[face].handler = "page";
	while (i + 1 < HANDLER_CODES && handler_codes[i] != status)
		i++;
	counts[face].by_code[i]++;
}

void faces_answer(struct answer *answer, const struct face_context *context,
	const struct request *request, struct handler_counts *counts)
{
	size_t face = face_of(&request->target);

	*answer = (struct answer){
		.status = 200,
		.type = type_text,
		.verdict = ANSWER_NO_VERDICT,
	};
	if (request->is_options)
		answer_options(answer, context, request);
	else if (face < ARRAY_LEN(faces))
		faces[face].answer(answer, context, request);
	else
		no_such_page(answer, request);
	use_cached(answer, request);
	if (counts)
		count(counts, face, answer->status);
}
