/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verb_events.c - what happened, with causes and doers.
 */
#include <inttypes.h>
#include <pwd.h>
#include <string.h>

#include "ctl/ctl.h"

enum { LINES_WHEN_NOT_SAID = 50, NAME_COLUMNS = 16, EVENT_COLUMNS = 12 };

static const struct {
	const char *level;
	enum paint paint;
} paints[] = {
	{ "warning", PAINT_WARN },
	{ "error", PAINT_BAD },
	{ "critical", PAINT_BAD },
	{ "alert", PAINT_BAD },
};

static enum paint paint_of(const char *level)
{
	for (size_t i = 0; i < ARRAY_LEN(paints); i++) {
		if (strcmp(paints[i].level, level) == 0)
			return paints[i].paint;
	}
	return PAINT_NONE;
}

static void add_doer(struct text *line, const struct json_t *uid, const char *said)
{
	const struct passwd *user;

	if (json_kind(uid) != JSON_IS_INT)
		return;
	user = getpwuid((uid_t)json_int(uid));
	if (user && strstr(said, user->pw_name))
		return;
	if (user) {
		text_addf(line, " (by %s)", user->pw_name);
	} else {
		text_addf(line, " (by uid %" PRId64 ")", json_int(uid));
	}
}

static void print_event(
	struct text *out, const struct view *view, const struct json_t *event)
{
	const char *service = json_get_text(event, "service", "");
	const char *said = json_get_text(event, "text", "");
	int64_t instance = json_get_int(event, "instance", 0);
	struct text name = { 0 }, line = { 0 };

	text_add(&name, *service ? service : "svcd");
	if (instance > 0)
		text_addf(&name, "/%" PRId64, instance);
	text_addf(&line, "%-*s  %-*s  %s", NAME_COLUMNS,
		text_failed(&name) ? "" : name.bytes, EVENT_COLUMNS,
		json_get_text(event, "event", ""), said);
	add_doer(&line, json_get(event, "uid"), said);
	show(out, view, PAINT_FAINT, json_get_text(event, "at", ""));
	text_add(out, "  ");
	if (!text_failed(&line))
		show(out, view, paint_of(json_get_text(event, "level", "")), line.bytes);
	text_add(out, "\n");
	text_done(&name);
	text_done(&line);
}

static int on_events(struct json_t *parameters, bool more, void *data)
{
	const struct ctl *ctl = data;
	const struct json_t *events = json_get(parameters, "events");
	struct text out = { 0 };

	(void)more;
	for (size_t i = 0; i < json_size(events); i++) {
		_cleanup_free_ char *printed =
			json_print(json_item(events, i), JSON_ONE_LINE);

		if (!ctl->options.json) {
			print_event(&out, &ctl->out, json_item(events, i));
		} else {
			text_addf(&out, "%s\n", printed ? printed : "null");
		}
	}
	return put(&out) == 0 ? 0 : -ECANCELED;
}

int verb_events(struct ctl *ctl)
{
	struct question question = ask_svcd(ctl, "io.svcd.Events", on_events, ctl);
	struct json_t *parameters = json_new_object();
	int64_t lines = ctl->options.lines;

	json_set(parameters, "names", names_of(ctl->words, ctl->words_count));
	json_set_int(
		parameters, "lines", lines == NOT_SAID ? LINES_WHEN_NOT_SAID : lines);
	json_set_bool(parameters, "follow", ctl->options.follow);
	question.more = true;
	if (ctl->options.follow)
		question.timeout_ms = WHILE_ALIVE;
	return ask(ctl, &question, parameters);
}
