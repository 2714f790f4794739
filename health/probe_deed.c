/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probe_deed.c - checks of kind exec, file and notify: the supervisor tries them, since
 * only it may fork, look where the service looks, or hear what the service says. We name
 * the check; the answer is that of a Nagios plugin, and the service's own bytes: all of
 * it is read here, by a process that may do nothing.
 */
#include <stdio.h>
#include <string.h>

#include "health/perfdata.h"
#include "health/probe.h"

/* What waits for its turn over there is late, not lost. */
enum { PATIENCE_MS = 60 * MS_PER_S };

struct attempt {
	struct probe *probe;
	int64_t number;
	struct timer *deadline;
};

static struct attempt *attempt_free(struct attempt *attempt)
{
	if (!attempt)
		return NULL;
	timer_free(attempt->deadline);
	free(attempt);
	return NULL;
}
CLEANUP(struct attempt *, attempt_free)

static void finish(
	struct attempt *attempt, const struct outcome *outcome, struct instant now)
{
	struct probe *probe = attempt->probe;

	probe->attempt = attempt_free(attempt);
	probe_done(probe, outcome, now);
}

static void on_deadline(void *owner, struct instant now)
{
	struct outcome outcome = { 0 };

	outcome_set(&outcome, OUTCOME_UNKNOWN, "svcd has not come to try it");
	finish(owner, &outcome, now);
}

static int start(struct probe *probe, struct instant now)
{
	_cleanup_(attempt_freep) struct attempt *attempt = calloc(1, sizeof(*attempt));
	struct prober *prober = probe->prober;
	int r;

	if (!attempt)
		return -ENOMEM;
	attempt->probe = probe;
	attempt->number = ++prober->questions;
	r = timer_new(&attempt->deadline, prober->loop, on_deadline, attempt);
	if (r == 0)
		r = prober->ask(prober->owner, probe, attempt->number);
	if (r < 0)
		return r;
	timer_arm(attempt->deadline,
		instant_add_ms(now, probe->check->timeout_ms + PATIENCE_MS));
	probe->attempt = TAKE(attempt);
	return 0;
}

static void cancel(struct probe *probe)
{
	probe->attempt = attempt_free(probe->attempt);
}

const struct probe_kind probe_deed = { start, cancel };

/* ---- answers ----------------------------------------------------------------------- */

/* How a plugin ends. */
static const enum outcome_kind by_code[] = {
	OUTCOME_PASS,
	OUTCOME_WARN,
	OUTCOME_FAIL,
	OUTCOME_UNKNOWN,
};

/* The first line that says something, without its figures. */
static void set_line(struct outcome *outcome, const char *output)
{
	const char *line = output + strspn(output, " \t\r\n");
	size_t size = strcspn(line, "|\r\n");
	struct text shown = { 0 };

	while (size && strchr(" \t", line[size - 1]))
		size--;
	text_add_shown(&shown, line, size);
	snprintf(outcome->reason, sizeof(outcome->reason), "%s",
		shown.bytes ? shown.bytes : "");
	text_done(&shown);
}

static void judge_code(struct outcome *outcome, int64_t code, const char *output)
{
	char line[REASON_BYTES];
	bool known = code >= 0 && code < (int64_t)ARRAY_LEN(by_code);

	outcome->kind = known ? by_code[code] : OUTCOME_UNKNOWN;
	if (outcome->kind == OUTCOME_PASS)
		return;
	set_line(outcome, output);
	memcpy(line, outcome->reason, sizeof(line));
	if (!known || !line[0]) {
		outcome_set(outcome, outcome->kind, "exit %lld%s%.160s%s",
			(long long)code, line[0] ? ": " : "", line,
			known ? "" : " (a check ends with 0, 1, 2 or 3)");
	}
}

void probe_answered(struct probe *probe, const struct json_t *answer, struct instant now)
{
	struct attempt *attempt = probe->attempt;
	const char *output = json_get_text(answer, "output", "");
	struct outcome outcome = { .latency_us = json_get_int(answer, "latency_us", 0) };
	char limit[DURATION_TEXT_BYTES];

	if (!attempt || json_get_int(answer, "number", 0) != attempt->number)
		return; /* to a question that was taken back */
	probe->perfdata.count = 0;
	if (json_get_bool(answer, "timed_out", false)) {
		outcome_set(&outcome, OUTCOME_TIMEOUT, "no result in %s",
			duration_format(probe->check->timeout_ms * US_PER_MS, limit));
	} else if (json_kind(json_get(answer, "code")) == JSON_IS_INT) {
		judge_code(&outcome, json_get_int(answer, "code", 0), output);
		perfdata_read(&probe->perfdata, output);
	} else {
		outcome_set(&outcome, OUTCOME_UNKNOWN, "%s",
			json_get_text(answer, "trouble", "it could not be tried"));
	}
	finish(attempt, &outcome, now);
}
