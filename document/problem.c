/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * problem.c - what is wrong with some input, a line each, with its place. Owns nothing
 * but the lines; stops counting at DOCUMENT_MAX_PROBLEMS so that a hostile file cannot
 * fill memory.
 */
#include "document/problem.h"

#include <stdarg.h>
#include <string.h>

enum { PROBLEM_MAX_BYTES = 2048 };

static void add_place(struct text *line, struct mark mark, const char *path)
{
	if (mark.file && mark.file[0])
		text_add(line, mark.file);
	if (mark.line)
		text_addf(line, ":%u:%u", mark.line, mark.column);
	if (line->size)
		text_add(line, ": ");
	if (path && path[0])
		text_addf(line, "%s: ", path);
}

/* Keys and values come from the file: a terminal shows them and does not obey them. */
static void add_line(struct problems *problems, const struct text *raw)
{
	struct text shown = { 0 };

	text_add_shown(&shown, raw->bytes, MIN(raw->size, (size_t)PROBLEM_MAX_BYTES));
	if (raw->size > PROBLEM_MAX_BYTES)
		text_add(&shown, " ...");
	if (!text_failed(&shown))
		(void)strings_add(&problems->lines, shown.bytes);
	text_done(&shown);
}

void problem(struct problems *problems, struct mark mark, const char *path,
	const char *format, ...)
{
	struct text line = { 0 };
	va_list args;

	if (problems->lines.count >= DOCUMENT_MAX_PROBLEMS)
		return;
	if (problems->lines.count == DOCUMENT_MAX_PROBLEMS - 1) {
		if (mark.file && mark.file[0])
			text_addf(&line, "%s: ", mark.file);
		text_add(&line, "more problems follow; repair these first");
	} else {
		add_place(&line, mark, path);
		va_start(args, format);
		text_addv(&line, format, args);
		va_end(args);
	}
	if (!text_failed(&line))
		add_line(problems, &line);
	text_done(&line);
}

void problems_done(struct problems *problems)
{
	strings_done(&problems->lines);
}
