/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * results.c - an act on its way: progress while it lasts, one line per service at its
 * end.
 *
 * On a terminal progress is one line that is written over; elsewhere it is a line each.
 */
#include <string.h>

#include "base/file.h"

#include "ctl/ctl.h"

static void to_stderr(struct text *out)
{
	if (!text_failed(out) && out->size > 0)
		fd_write_all(STDERR_FILENO, out->bytes, out->size);
	text_done(out);
}

static void close_line(struct results *self)
{
	struct text out = { 0 };

	if (self->line_open)
		text_add(&out, "\r\033[K");
	self->line_open = false;
	to_stderr(&out);
}

static void progress(struct results *self, const char *service, const char *what)
{
	const struct view *view = &self->ctl->err;
	struct text line = { 0 }, out = { 0 };

	text_addf(&line, "%s%s%s", service, *service ? ": " : "", what);
	if (self->ctl->shows_progress)
		text_add(&out, "\r\033[K");
	if (!text_failed(&line))
		show_line(&out, view, 0, line.bytes);
	if (self->ctl->shows_progress && out.size > 0)
		out.size--; /* the newline: this line is written over */
	self->line_open = self->ctl->shows_progress;
	text_done(&line);
	to_stderr(&out);
}

int results_reply(struct json_t *parameters, bool more, void *data)
{
	struct results *self = data;
	const char *what = json_get_text(parameters, "text", "");

	(void)more;
	if (*what)
		progress(self, json_get_text(parameters, "service", ""), what);
	if (!json_get(parameters, "results"))
		return 0;
	json_free(self->last);
	self->last = json_share(parameters);
	return 0;
}

int results_print(struct results *self, const char *done)
{
	const struct json_t *results = json_get(self->last, "results");
	struct text out = { 0 };
	int failed = 0;

	close_line(self);
	for (size_t i = 0; i < json_size(results); i++) {
		const struct json_t *result = json_item(results, i);
		const char *service = json_get_text(result, "service", "");
		const char *reason = json_get_text(result, "reason", "");

		if (!json_get_bool(result, "ok", false)) {
			failed = EXIT_FAILED;
			say(self->ctl, "%s: %s", service,
				*reason ? reason : "failed, and svcd does not say why");
			continue;
		}
		showf(&out, &self->ctl->out, PAINT_NONE, "%s: %s%s%s", service, done,
			*reason ? ": " : "", reason);
		text_add(&out, "\n");
	}
	if (self->ctl->options.json) {
		text_done(&out);
		put_json(self->last);
	}
	return MAX(put(&out), failed);
}

void results_done(struct results *self)
{
	close_line(self);
	json_free(self->last);
	self->last = NULL;
}
