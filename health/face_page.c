/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * face_page.c - /: the services of this host as a page for people. No script, no asset,
 * light and dark.
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
	"h1{font-size:1.3rem;margin:0}p{margin:.2rem 0 1.5rem;opacity:.7}"
	"table{border-collapse:collapse;width:100%}"
	"th,td{text-align:left;padding:.45rem .8rem .45rem 0;vertical-align:top;"
	"border-bottom:1px solid #8884}"
	"th{font-size:.8rem;font-weight:600;opacity:.7}"
	"td.n{text-align:right;font-variant-numeric:tabular-nums}"
	"a{color:inherit;text-decoration-color:#8888}"
	"b{display:inline-block;min-width:6.5rem;font-weight:600}"
	"b::before{content:'\\25cf\\a0'}"
	".pass{color:#1a7f37}.warn{color:#b26a00}.fail{color:#cf222e}.aside{color:#777}"
	"@media(prefers-color-scheme:dark){.pass{color:#3fb950}.warn{color:#d29922}"
	".fail{color:#f85149}.aside{color:#999}}"
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

static void add_number(struct text *text, const struct service *service, const char *key)
{
	double value;

	if (status_sum(service->status, key, &value))
		text_addf(text, "<td class=n>%.0f", value);
	else
		text_add(text, "<td class=n>");
}

static void add_memory(struct text *text, const struct service *service)
{
	double bytes;

	if (status_sum(service->status, "memory_bytes", &bytes))
		text_addf(text, "<td class=n>%.0f M", bytes / (1024 * 1024));
	else
		text_add(text, "<td class=n>");
}

static void add_row(struct text *text, const struct face_context *context,
	const struct service *service, const struct request *request)
{
	int64_t uptime_us = status_uptime_us(service->status, context->now.wall);
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
	add_number(text, service, "connections");
	add_memory(text, service);
	add_number(text, service, "restarts");
	text_add(text, "\n");
}

void face_page(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	const struct picture *picture = context->picture;
	struct text *text = &answer->body;
	char at[WALL_TEXT_BYTES];

	text_add(text, head);
	text_add(text, "<title>");
	add_escaped(text, picture->host);
	text_add(text, " services</title><h1>");
	add_escaped(text, picture->host);
	text_addf(text, "</h1><p>%zu services%s, as of %s</p>", picture->services_count,
		picture->synced ? "" : " so far",
		wall_format(moment_wall(&context->now, picture->heard), at));
	text_add(text,
		"<table><thead><tr><th>Service<th>State<th>Why<th>Up<th>Connections"
		"<th>Memory<th>Restarts<tbody>\n");
	for (size_t i = 0; i < picture->services_count; i++)
		add_row(text, context, picture->services[i], request);
	text_add(text, "</table></html>\n");
	answer->type = "text/html; charset=utf-8";
	answer->modified = picture->heard;
}
