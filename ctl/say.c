/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * say.c - the two streams: messages on standard error, data on standard output.
 */
#include <stdarg.h>
#include <string.h>

#include "base/file.h"

#include "ctl/ctl.h"

static void say_line(const struct ctl *ctl, const char *line)
{
	struct text out = { 0 };

	text_add(&out, "svcctl: ");
	if (ctl->verb < VERB_COUNT)
		text_addf(&out, "%s: ", verbs[ctl->verb].word);
	text_add_shown(&out, line, strlen(line));
	text_add(&out, "\n");
	if (!text_failed(&out))
		fd_write_all(STDERR_FILENO, out.bytes, out.size);
	text_done(&out);
}

__attribute__((format(printf, 2, 0))) static void say_args(
	const struct ctl *ctl, const char *format, va_list args)
{
	struct text line = { 0 };

	text_addv(&line, format, args);
	if (!text_failed(&line))
		say_line(ctl, line.bytes ? line.bytes : "");
	text_done(&line);
}

void say(const struct ctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_args(ctl, format, args);
	va_end(args);
}

int usage(const struct ctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_args(ctl, format, args);
	va_end(args);
	return ctl->verb < VERB_COUNT ? verb_rows[ctl->verb].usage : EXIT_USAGE;
}

int put(struct text *text)
{
	int r = text_failed(text) ? -ENOMEM : 0;

	if (r == 0 && text->size > 0)
		r = fd_write_all(STDOUT_FILENO, text->bytes, text->size);
	text_done(text);
	return r < 0 ? EXIT_FAILED : 0;
}

int put_json(const struct json_t *value)
{
	_cleanup_free_ char *printed = json_print(value, JSON_PRETTY);
	struct text out = { 0 };

	if (!printed)
		return EXIT_FAILED;
	text_add(&out, printed);
	text_add(&out, "\n");
	return put(&out);
}
