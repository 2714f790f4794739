/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probe_http.c - checks of kind http and openapi: one request, judged as declared.
 *
 * An openapi check asks for the description of the service (`/?spec`) and holds when that
 * is readable JSON which names paths; the examples inside it are not asked.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#include "health/match.h"
#include "health/probe.h"

typedef void judge_fn(struct outcome *outcome, const struct check *check,
	const struct http_reply *reply);

static bool is_accepted(const struct check *check, int64_t status)
{
	for (size_t i = 0; i < check->status_count; i++)
		if (check->status[i] == status)
			return true;
	return check->status_count == 0;
}

static void fail(struct outcome *outcome, const struct check *check, const char *what)
{
	outcome_set(outcome, OUTCOME_FAIL, "%s %s: %s",
		check->method ? check->method : "GET", check->path ? check->path : "/",
		what);
}

static void judge_http(struct outcome *outcome, const struct check *check,
	const struct http_reply *reply)
{
	char what[REASON_BYTES / 2], trouble[REASON_BYTES / 4];
	int64_t wanted = check->status_count ? check->status[0] : 0;
	enum match match;

	if (!is_accepted(check, reply->status)) {
		snprintf(what, sizeof(what), "answers %lld, not %lld",
			(long long)reply->status, (long long)wanted);
		fail(outcome, check, what);
		return;
	}
	if (!check->matches)
		return;
	match = match_text(
		check->matches, reply->body, reply->body_size, trouble, sizeof(trouble));
	if (match == MATCH_YES)
		return;
	snprintf(what, sizeof(what), "%s",
		match == MATCH_NO ? "the answer does not match `matches`" : trouble);
	fail(outcome, check, what);
}

static void judge_openapi(struct outcome *outcome, const struct check *check,
	const struct http_reply *reply)
{
	_cleanup_(json_freep) struct json_t *spec = NULL;
	struct error err = { 0 };

	if (!is_accepted(check, reply->status))
		judge_http(outcome, check, reply);
	else if (json_parse(&spec, reply->body, reply->body_size, HTTP_REPLY_MAX_BYTES,
			 &err) < 0)
		fail(outcome, check, "the specification is not JSON");
	else if (json_kind(json_get(spec, "paths")) != JSON_IS_MAP)
		fail(outcome, check, "the specification has no \"paths\"");
}

static void done(struct probe *probe, const struct http_reply *reply, judge_fn *judge,
	struct instant now)
{
	struct outcome outcome = { .latency_us = reply->latency_us };

	probe->attempt = NULL;
	if (reply->error)
		outcome_set(&outcome, reply->timed_out ? OUTCOME_TIMEOUT : OUTCOME_ERROR,
			"%s", reply->error);
	else
		judge(&outcome, probe->check, reply);
	probe_done(probe, &outcome, now);
}

static void done_http(void *owner, const struct http_reply *reply, struct instant now)
{
	done(owner, reply, judge_http, now);
}

static void done_openapi(void *owner, const struct http_reply *reply, struct instant now)
{
	done(owner, reply, judge_openapi, now);
}

static void refuse(struct probe *probe, const char *reason, struct instant now)
{
	struct outcome outcome = { 0 };

	outcome_set(&outcome, OUTCOME_ERROR, "%s", reason);
	probe_done(probe, &outcome, now);
}

static int ask(struct probe *probe, http_reply_fn *then, struct instant now)
{
	const struct check *check = probe->check;
	char reason[REASON_BYTES], connect_to[96];
	_cleanup_free_ char *path = NULL;
	struct probe_target target = { 0 };
	struct error err = { 0 };
	struct http_ask question = {
		.connect_to = connect_to,
		.unix_socket = check->unix_socket,
		.host = check->host ? check->host : "localhost",
		.method = check->method,
		.body = check->body,
		.headers = &check->headers,
		.tls = check->tls,
		.tls_verify = check->tls_verify,
		.tls_sni = check->tls_sni,
		.timeout_ms = check->timeout_ms,
	};
	int r;

	if (check->unix_socket)
		target = (struct probe_target){ .address = "localhost", .port = 80 };
	else if (!probe_target(probe, &target, reason))
		return refuse(probe, reason, now), 0;
	if (config_expand(&path, check->path ? check->path : "/", probe->instance, &err) <
		0)
		return refuse(probe, err.text, now), 0;
	snprintf(connect_to, sizeof(connect_to), target.is_ipv6 ? "[%s]:%u" : "%s:%u",
		target.address, target.port);
	question.target = path;
	r = http_client_ask((struct http_call **)&probe->attempt, probe->prober->http,
		&question, then, probe);
	if (r == -EINVAL)
		return refuse(probe, "path, host or headers cannot be sent over HTTP",
			       now),
		       0;
	return r;
}

static int start_http(struct probe *probe, struct instant now)
{
	return ask(probe, done_http, now);
}

static int start_openapi(struct probe *probe, struct instant now)
{
	return ask(probe, done_openapi, now);
}

static void cancel(struct probe *probe)
{
	probe->attempt = http_call_free(probe->attempt);
}

const struct probe_kind probe_http = { start_http, cancel };
const struct probe_kind probe_openapi = { start_openapi, cancel };
