/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * show.h - private to this room: how values become words, columns and colours for
 * people.
 *
 * Pure: what is written and how wide is in the arguments; the clock is in `view`. Text
 * from outside is shown, never obeyed: a control character cannot reach the terminal.
 */
#pragma once

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

struct view {
	bool colour;
	size_t width;    /* of a line; 0: as long as it gets */
	struct wall now; /* ages are told from here */
};

enum paint { PAINT_NONE, PAINT_GOOD, PAINT_WARN, PAINT_BAD, PAINT_FAINT, PAINT_STRONG };

/* Appends `string`, control characters shown, in a colour when the view has them. */
void show(
	struct text *out, const struct view *view, enum paint paint, const char *string);
void showf(struct text *out, const struct view *view, enum paint paint,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* " LABEL text", folded at the width with a hanging indent; nothing when text is "". */
void show_field(struct text *out, const struct view *view, const char *label,
	enum paint paint, const char *string);
void show_fieldf(struct text *out, const struct view *view, const char *label,
	enum paint paint, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* One line after `indent` spaces, cut with an ellipsis at the width. */
void show_line(
	struct text *out, const struct view *view, size_t indent, const char *string);
/* As many lines as it takes, each after `indent` spaces. */
void show_folded(
	struct text *out, const struct view *view, size_t indent, const char *string);
/* As show_folded(), but the cursor stands behind the first indent already. */
void show_folded_from(struct text *out, const struct view *view, size_t indent,
	enum paint paint, const char *string);

/* How many columns `string` takes on a terminal; how many bytes of it take at most
 * `columns`. */
size_t show_columns(const char *string);
size_t show_bytes_within(const char *string, size_t columns);
/* Control characters shown, tabs as spaces. The caller frees; NULL: no memory. */
char *show_cleaned(const char *string);

/* A short word for a value, into `ret`; "-" when it is not known (null). Each returns
 * `ret`. */
enum { WORD_BYTES = 64 };
char *word_bytes(char ret[static WORD_BYTES], const struct json_t *bytes); /* 78.1M */
char *word_count(char ret[static WORD_BYTES], const struct json_t *number);
char *word_took(char ret[static WORD_BYTES], const struct json_t *us); /* 1.9ms */
char *word_age(char ret[static WORD_BYTES], const struct view *view,
	const char *at); /* 3d 2h; "-" when `at` is not a time */
char *word_time(
	char ret[static WORD_BYTES], const char *at); /* 2026-11-23 05:36:39 UTC */

/* Cells in rows; columns as wide as their widest cell, which no stranger can make wider
 * than 40, the last cut at the width. */
struct table {
	struct table_cell {
		char *string;
		enum paint paint;
	} * cells;
	size_t columns, count;
	const char *right; /* per column: '>' is right-aligned; may be NULL */
	bool failed;
};
void table_cell(struct table *self, enum paint paint, const char *string);
void table_heads(struct table *self, const char *const *words); /* a word per column */
void table_print(struct text *out, const struct view *view, size_t indent,
	const struct table *self);
void table_done(struct table *self);
