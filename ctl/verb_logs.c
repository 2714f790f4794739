/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verb_logs.c - what services printed.
 *
 * A terminal is shown control characters and does not get them; a pipe gets each line
 * as it was.
 */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/when.h"

struct printing {
	const struct ctl *ctl;
	bool many; /* services: each line says whose it is */
	void (*line)(
		struct text *out, const struct printing *self, const struct json_t *line);
};

static void add_text(struct text *out, const struct printing *self, const char *string)
{
	if (self->ctl->out.width > 0) {
		text_add_shown(out, string, strlen(string));
	} else {
		text_add(out, string);
	}
	text_add(out, "\n");
}

static void add_name(struct text *out, const struct json_t *line)
{
	const char *service = json_get_text(line, "service", "");
	int64_t instance = json_get_int(line, "instance", 0);

	text_add_shown(out, service, strlen(service));
	if (instance > 0)
		text_addf(out, "/%d", (int)instance);
}

static void line_as_text(
	struct text *out, const struct printing *self, const struct json_t *line)
{
	if (self->many) {
		add_name(out, line);
		text_add(out, ": ");
	}
	add_text(out, self, json_get_text(line, "text", ""));
}

static void line_as_short(
	struct text *out, const struct printing *self, const struct json_t *line)
{
	show(out, &self->ctl->out, PAINT_FAINT, json_get_text(line, "at", ""));
	text_add(out, " ");
	add_name(out, line);
	text_add(out, " ");
	add_text(out, self, json_get_text(line, "text", ""));
}

static void line_as_json(
	struct text *out, const struct printing *self, const struct json_t *line)
{
	_cleanup_free_ char *printed = json_print(line, JSON_ONE_LINE);

	(void)self;
	if (!printed) {
		out->failed = true;
		return;
	}
	text_add(out, printed);
	text_add(out, "\n");
}

static const struct {
	const char *word;
	void (*line)(
		struct text *out, const struct printing *self, const struct json_t *line);
} forms[] = {
	{ "text", line_as_text },
	{ "short", line_as_short },
	{ "json", line_as_json },
};

static int on_lines(struct json_t *parameters, bool more, void *data)
{
	const struct printing *self = data;
	const struct json_t *lines = json_get(parameters, "lines");
	struct text out = { 0 };

	(void)more;
	for (size_t i = 0; i < json_size(lines); i++)
		self->line(&out, self, json_item(lines, i));
	return put(&out) == 0 ? 0 : -ECANCELED;
}

static int choose_form(const struct ctl *ctl, struct printing *printing)
{
	const char *word = ctl->options.format ? ctl->options.format
			   : ctl->options.json ? "json"
					       : "text";

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (strcmp(forms[i].word, word) == 0) {
			printing->line = forms[i].line;
			return 0;
		}
	}
	return usage(ctl, "-o wants text, short or json, not \"%s\"", word);
}

static int set_time(const struct ctl *ctl, struct json_t *parameters, const char *key,
	const char *said)
{
	char text[WALL_TEXT_BYTES];
	struct wall at;

	if (!said)
		return json_set_text(parameters, key, NULL) < 0 ? EXIT_FAILED : 0;
	if (when_parse(&at, said, ctl->out.now) < 0) {
		return usage(ctl,
			"--%s wants a time (14:30, 2026-11-23 14:30:05, 2h), not \"%s\"",
			key, said);
	}
	return json_set_text(parameters, key, wall_format(at, text)) < 0 ? EXIT_FAILED
									 : 0;
}

static int make_question(const struct ctl *ctl, struct json_t *parameters)
{
	const struct options *options = &ctl->options;
	int r = set_time(ctl, parameters, "since", options->since);

	if (r == 0)
		r = set_time(ctl, parameters, "until", options->until);
	json_set(parameters, "names", names_of(ctl->words, ctl->words_count));
	if (options->lines != NOT_SAID)
		json_set_int(parameters, "lines", options->lines);
	json_set_bool(parameters, "follow", options->follow);
	json_set_text(parameters, "grep", options->grep);
	json_set_text(parameters, "level", options->level);
	json_set_text(parameters, "stream", options->stream);
	return r;
}

int verb_logs(struct ctl *ctl)
{
	struct printing printing = { .ctl = ctl, .many = ctl->words_count > 1 };
	struct question question = {
		.socket = ctl->paths.logs,
		.who = "svcd-log",
		.method = "io.svcd.Logs",
		.more = true,
		.timeout_ms = ctl->options.follow ? WHILE_ALIVE : ANSWER_MS,
		.reply = on_lines,
		.data = &printing,
	};
	struct json_t *parameters = json_new_object();
	int r = choose_form(ctl, &printing);

	if (r == 0)
		r = make_question(ctl, parameters);
	if (r == 0)
		return ask(ctl, &question, parameters);
	json_free(parameters);
	return r;
}
