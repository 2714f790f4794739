/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * face_page.c - /: the services of this host for people: a page for browsers (no script,
 * no asset, light and dark, narrow and wide), plain lines for curl.
 */
#include <string.h>

#include "health/face.h"

static const char head[] =
	"<!doctype html><html lang=en><meta charset=utf-8>"
	"<meta name=viewport content='width=device-width'>"
	"<meta http-equiv=refresh content=5>"
	"<style>"
	":root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}"
	"body{max-width:68rem;margin:2rem auto;padding:0 1rem}"
	"h1{font-size:1.3rem;margin:0}p{margin:.2rem 0 1.5rem;color:#777}"
	"table{border-collapse:collapse;width:100%}"
	"th,td{text-align:left;padding:.45rem .8rem .45rem 0;vertical-align:top;"
	"border-bottom:1px solid #8884}"
	"th{font-size:.8rem;font-weight:600;opacity:.7}"
	".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
	"td:nth-child(3){width:100%;overflow-wrap:anywhere}"
	"tbody tr:hover{background:#8881}"
	"a{color:inherit;text-decoration-color:#8888;text-underline-offset:.2em}"
	"b{font-weight:600;white-space:nowrap}footer{margin:1.5rem 0;opacity:.7}"
	"b::before{content:'\\25cf\\a0'}"
	".pass{color:#1a7f37}.warn{color:#b26a00}.fail{color:#cf222e}.aside{color:#777}"
	"@media(prefers-color-scheme:dark){.pass{color:#3fb950}.warn{color:#d29922}"
	".fail{color:#f85149}.aside{color:#999}}"
	"@media(max-width:45rem){.n{display:none}}"
	"</style>";

static void add_escaped(struct text *text, const char *string)
{
	static const char *const escapes[256] = {
		['<'] = "&lt;",
		['>'] = "&gt;",
		['&'] = "&amp;",
		['"'] = "&quot;",
		['\''] = "&#39;",
	};
	struct text shown = { 0 };

	text_add_shown(&shown, string, strlen(string));
	for (size_t i = 0; i < shown.size; i++) {
		const char *escape = escapes[(unsigned char)shown.bytes[i]];

		if (escape)
			text_add(text, escape);
		else
			text_add_bytes(text, shown.bytes + i, 1);
	}
	text_done(&shown);
}

static void add_number(struct text *text, struct json_t *status, const char *key)
{
	double value;

	if (status_sum(status, key, &value))
		text_addf(text, "<td class=n>%.0f", value);
	else
		text_add(text, "<td class=n>");
}

static void add_memory(struct text *text, struct json_t *status)
{
	double bytes;

	if (status_sum(status, "memory_bytes", &bytes))
		text_addf(text, "<td class=n>%.0f M", bytes / (1024 * 1024));
	else
		text_add(text, "<td class=n>");
}

/* How many services are in each way, and the words for it; aside: taken out by people. */
struct summary {
	size_t ready, warned, not_ready, aside;
};

static struct summary summary_of(const struct face_context *context)
{
	const struct picture *picture = context->picture;
	struct summary summary = { 0 };

	for (size_t i = 0; i < picture->services_count; i++) {
		struct truth truth;

		truth_of(&truth, picture, picture->services[i], &context->now);
		if (!truth_counts(&truth))
			summary.aside++;
		else if (truth.verdict == VERDICT_FAIL)
			summary.not_ready++;
		else if (truth.verdict == VERDICT_WARN)
			summary.warned++;
		else
			summary.ready++;
	}
	return summary;
}

/* "3 well, 1 warned, 2 ill, 1 taken out, as of …"; what is 0 is left out. */
static void add_summary(
	struct text *text, const struct face_context *context, bool is_html)
{
	const struct picture *picture = context->picture;
	struct summary summary = summary_of(context);
	const struct {
		size_t count;
		const char *class, *word;
	} parts[] = {
		{ summary.not_ready, "fail", "ill" },
		{ summary.warned, "warn", "warned" },
		{ summary.ready, "pass", "well" },
		{ summary.aside, "aside", "taken out" },
	};
	char at[WALL_TEXT_BYTES];

	text_addf(text, "%zu service%s%s", picture->services_count,
		picture->services_count == 1 ? "" : "s",
		picture->synced ? "" : " so far");
	for (size_t i = 0, said = 0; i < ARRAY_LEN(parts); i++) {
		if (!parts[i].count)
			continue;
		text_add(text, said++ ? ", " : ": ");
		if (is_html)
			text_addf(text, "<b class=%s>%zu %s</b>", parts[i].class,
				parts[i].count, parts[i].word);
		else
			text_addf(text, "%zu %s", parts[i].count, parts[i].word);
	}
	text_addf(text, "; as of %s",
		wall_format(moment_wall(&context->now, picture->heard), at));
	if (picture_is_stale(picture, context->now.now))
		text_add(text, ", svcd-supervisor says nothing since");
}

static void add_row(struct text *text, const struct face_context *context,
	const struct service *service, const struct request *request)
{
	_cleanup_(json_freep) struct json_t *status = service_status(service);
	int64_t uptime_us = status_uptime_us(status, context->now.wall);
	char uptime[DURATION_TEXT_BYTES] = "";
	struct truth truth;

	truth_of(&truth, context->picture, service, &context->now);
	if (uptime_us >= 0)
		duration_format(uptime_us, uptime);
	text_addf(text, "<tr><td><a href=\"/health/%s\">%s</a><td><b class=%s>%s</b><td>",
		service->name, service->name,
		truth_counts(&truth) ? verdict_words[truth.verdict] : "aside",
		situation_words[truth.situation]);
	add_escaped(text, reason_for(&truth, request));
	text_addf(text, "<td class=n>%s", uptime);
	add_number(text, status, "connections");
	add_memory(text, status);
	add_number(text, status, "restarts");
	text_add(text, "\n");
}

static void print_html(struct text *text, const struct face_context *context,
	const struct request *request)
{
	const struct picture *picture = context->picture;

	text_add(text, head);
	text_add(text, "<title>");
	add_escaped(text, picture->host);
	text_add(text, " services</title><h1>");
	add_escaped(text, picture->host);
	text_add(text, "</h1><p>");
	add_summary(text, context, true);
	text_add(text,
		"</p><table><thead><tr><th>Service<th>State<th>Why<th class=n>Up"
		"<th class=n>Connections<th class=n>Memory<th class=n>Restarts<tbody>\n");
	for (size_t i = 0; i < picture->services_count; i++)
		add_row(text, context, picture->services[i], request);
	text_add(text,
		"</table><footer><a href=/readyz?verbose>readyz</a> · "
		"<a href=/health>health</a> · <a href=/check>check</a> · "
		"<a href=/metrics>metrics</a> · <a href=/v1/services>v1/services</a>"
		"</footer></html>\n");
}

static void print_text(struct text *text, const struct face_context *context,
	const struct request *request)
{
	const struct picture *picture = context->picture;
	size_t width = 0;

	for (size_t i = 0; i < picture->services_count; i++)
		width = MAX(width, strlen(picture->services[i]->name));
	text_add_shown(text, picture->host, strlen(picture->host));
	text_add(text, ": ");
	add_summary(text, context, false);
	text_add(text, "\n");
	for (size_t i = 0; i < picture->services_count; i++) {
		const struct service *service = picture->services[i];
		const char *reason;
		struct truth truth;

		truth_of(&truth, picture, service, &context->now);
		reason = reason_for(&truth, request);
		text_addf(text, "%-*s  %s%s", (int)width, service->name,
			situation_words[truth.situation], *reason ? ": " : "");
		text_add_shown(text, reason, strlen(reason));
		text_add(text, "\n");
	}
}

/* A browser names text/html; curl and its like take anything. */
static bool wants_text(const struct request *request)
{
	if (request->target.format != FORMAT_BY_ACCEPT)
		return request->target.format == FORMAT_TEXT;
	return request->accept && !strstr(request->accept, "text/html");
}

void face_page(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	bool is_text = wants_text(request);

	(is_text ? print_text : print_html)(&answer->body, context, request);
	answer->type = is_text ? type_text : "text/html; charset=utf-8";
	answer->modified = context->picture->heard;
}
