/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * show.c - words, fields and folded lines.
 */
#include "ctl/show.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define TAB "    "           /* a tab has no width of its own */
enum { LABEL_COLUMNS = 13 }; /* "  Instances  " */

static const char *const paint_codes[] = {
	[PAINT_NONE] = "",
	[PAINT_GOOD] = "\033[32m",
	[PAINT_WARN] = "\033[33m",
	[PAINT_BAD] = "\033[31m",
	[PAINT_FAINT] = "\033[2m",
	[PAINT_STRONG] = "\033[1m",
};

void show(struct text *out, const struct view *view, enum paint paint, const char *string)
{
	bool coloured = view->colour && paint != PAINT_NONE;

	if (coloured)
		text_add(out, paint_codes[paint]);
	text_add_shown(out, string, strlen(string));
	if (coloured)
		text_add(out, "\033[0m");
}

void showf(struct text *out, const struct view *view, enum paint paint,
	const char *format, ...)
{
	struct text line = { 0 };
	va_list args;

	va_start(args, format);
	text_addv(&line, format, args);
	va_end(args);
	if (text_failed(&line)) {
		out->failed = true;
	} else if (line.size > 0) {
		show(out, view, paint, line.bytes);
	}
	text_done(&line);
}

char *show_cleaned(const char *string)
{
	struct text clean = { 0 };

	for (size_t size; *string; string += size) {
		size = strcspn(string, "\t");
		text_add_shown(&clean, string, size);
		if (string[size] == '\t') {
			text_add(&clean, TAB);
			size++;
		}
	}
	return text_take(&clean);
}

static void spaces(struct text *out, size_t count)
{
	text_addf(out, "%*s", (int)count, "");
}

/* How many bytes make the next line: at a space where there is one. */
static size_t fold_at(const char *string, size_t columns)
{
	size_t most = show_bytes_within(string, columns), at = most;

	if (!string[most])
		return most;
	while (at > 0 && string[at] != ' ')
		at--;
	return at > 0 ? at : most;
}

/* `string` is clean already. The first line goes on where the cursor is. */
static void fold(struct text *out, const struct view *view, size_t indent,
	enum paint paint, const char *string)
{
	size_t room = view->width > indent + 20 ? view->width - indent : SIZE_MAX;

	for (;;) {
		size_t size = fold_at(string, room);
		_cleanup_free_ char *line = strndup(string, size);

		if (!line) {
			out->failed = true;
			return;
		}
		show(out, view, paint, line);
		text_add(out, "\n");
		string += size;
		while (*string == ' ')
			string++;
		if (!*string)
			return;
		spaces(out, indent);
	}
}

void show_folded_from(struct text *out, const struct view *view, size_t indent,
	enum paint paint, const char *string)
{
	_cleanup_free_ char *clean = show_cleaned(string);

	if (clean) {
		fold(out, view, indent, paint, clean);
	} else {
		out->failed = true;
	}
}

void show_folded(
	struct text *out, const struct view *view, size_t indent, const char *string)
{
	spaces(out, indent);
	show_folded_from(out, view, indent, PAINT_NONE, string);
}

void show_field(struct text *out, const struct view *view, const char *label,
	enum paint paint, const char *string)
{
	_cleanup_free_ char *clean = show_cleaned(string);

	if (!clean)
		out->failed = true;
	if (!clean || !*clean)
		return;
	text_add(out, "  ");
	show(out, view, PAINT_FAINT, label);
	spaces(out, LABEL_COLUMNS - 2 - MIN(show_columns(label), LABEL_COLUMNS - 3));
	fold(out, view, LABEL_COLUMNS, paint, clean);
}

void show_fieldf(struct text *out, const struct view *view, const char *label,
	enum paint paint, const char *format, ...)
{
	struct text line = { 0 };
	va_list args;

	va_start(args, format);
	text_addv(&line, format, args);
	va_end(args);
	if (text_failed(&line)) {
		out->failed = true;
	} else if (line.size > 0) {
		show_field(out, view, label, paint, line.bytes);
	}
	text_done(&line);
}

void show_line(
	struct text *out, const struct view *view, size_t indent, const char *string)
{
	_cleanup_free_ char *clean = show_cleaned(string);
	size_t room = view->width > indent ? view->width - indent : SIZE_MAX;

	spaces(out, indent);
	if (!clean) {
		out->failed = true;
		return;
	}
	if (show_columns(clean) > room) {
		text_add_bytes(out, clean, show_bytes_within(clean, room - 1));
		text_add(out, "…");
	} else {
		text_add(out, clean);
	}
	text_add(out, "\n");
}

/* ---- short words ----------------------------------------------------------------- */

static bool is_known(const struct json_t *value)
{
	return json_kind(value) == JSON_IS_INT || json_kind(value) == JSON_IS_DOUBLE;
}

static char *dash(char ret[static WORD_BYTES])
{
	snprintf(ret, WORD_BYTES, "-");
	return ret;
}

char *word_bytes(char ret[static WORD_BYTES], const struct json_t *bytes)
{
	static const char units[] = "BKMGTP";
	double size = json_number(bytes);
	size_t unit = 0;

	if (!is_known(bytes))
		return dash(ret);
	while (size >= 1024 && units[unit + 1]) {
		size /= 1024;
		unit++;
	}
	snprintf(ret, WORD_BYTES, unit == 0 || size >= 100 ? "%.0f%c" : "%.1f%c", size,
		units[unit]);
	return ret;
}

char *word_count(char ret[static WORD_BYTES], const struct json_t *number)
{
	if (!is_known(number))
		return dash(ret);
	snprintf(ret, WORD_BYTES, "%" PRId64, (int64_t)json_number(number));
	return ret;
}

char *word_took(char ret[static WORD_BYTES], const struct json_t *us)
{
	int64_t took = json_int(us);

	if (!is_known(us))
		return dash(ret);
	if (took < US_PER_MS) {
		snprintf(ret, WORD_BYTES, "%" PRId64 "µs", took);
	} else if (took < US_PER_S / 10) {
		snprintf(ret, WORD_BYTES, "%.1fms", (double)took / US_PER_MS);
	} else if (took < 60 * (int64_t)US_PER_S) {
		snprintf(ret, WORD_BYTES, "%.2fs", (double)took / US_PER_S);
	} else {
		duration_format(took, ret);
	}
	return ret;
}

char *word_age(char ret[static WORD_BYTES], const struct view *view, const char *at)
{
	struct wall then;

	if (!at || wall_parse(&then, at) < 0)
		return dash(ret);
	/* Another clock (NTP stepping, a document from elsewhere) may be ahead of ours.
	 */
	return duration_format(MAX(view->now.us - then.us, 0), ret);
}

char *word_time(char ret[static WORD_BYTES], const char *at)
{
	struct wall then;

	if (!at || wall_parse(&then, at) < 0)
		return dash(ret);
	snprintf(ret, WORD_BYTES, "%.10s %.8s UTC", at, at + strlen("2026-11-23T"));
	return ret;
}
