/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * table.c - rows of cells with aligned columns.
 */
#include <string.h>

#include "ctl/show.h"

enum { GAP = 2, COLUMNS_MAX = 16, CELL_MAX_COLUMNS = 40 };

void table_cell(struct table *self, enum paint paint, const char *string)
{
	struct table_cell *cells =
		realloc(self->cells, (self->count + 1) * sizeof(*self->cells));
	bool last = self->count % self->columns == self->columns - 1;
	char *clean = show_cleaned(string);

	if (clean && !last)
		clean[show_bytes_within(clean, CELL_MAX_COLUMNS)] = '\0';
	if (cells)
		self->cells = cells;
	if (!cells || !clean) {
		free(clean);
		self->failed = true;
		return;
	}
	cells[self->count++] = (struct table_cell){ .string = clean, .paint = paint };
}

void table_heads(struct table *self, const char *const *words)
{
	for (size_t i = 0; i < self->columns; i++)
		table_cell(self, PAINT_FAINT, words[i]);
}

void table_done(struct table *self)
{
	for (size_t i = 0; i < self->count; i++)
		free(self->cells[i].string);
	free(self->cells);
	*self = (struct table){ 0 };
}

static void measure(const struct table *self, size_t *widths)
{
	for (size_t i = 0; i < self->count; i++) {
		size_t *width = &widths[i % self->columns];
		const char *string = self->cells[i].string;

		*width = MAX(*width, string ? show_columns(string) : 0);
	}
}

static bool aligned_right(const struct table *self, size_t column)
{
	return self->right && strlen(self->right) > column && self->right[column] == '>';
}

struct printing {
	struct text *out;
	const struct view *view;
	size_t indent, widths[COLUMNS_MAX];
};

/* The last cell of a row: no padding behind it, cut where the line ends. */
static void print_last(
	const struct printing *to, const struct table_cell *cell, size_t used)
{
	struct text cut = { 0 };
	struct view rest = { .width = to->view->width > used ? to->view->width - used
							     : 0 };

	show_line(&cut, &rest, 0, cell->string);
	if (text_failed(&cut)) {
		to->out->failed = true;
		return;
	}
	cut.bytes[--cut.size] = '\0';
	show(to->out, to->view, cut.size > 0 ? cell->paint : PAINT_NONE, cut.bytes);
	text_done(&cut);
}

static void print_row(
	const struct printing *to, const struct table *self, const struct table_cell *row)
{
	size_t used = to->indent, last = self->columns - 1;

	text_addf(to->out, "%*s", (int)used, "");
	for (size_t column = 0; column + 1 < self->columns; column++) {
		size_t width = to->widths[column];
		int pad = (int)(width - show_columns(row[column].string));
		bool right = aligned_right(self, column);

		text_addf(to->out, "%*s", right ? pad : 0, "");
		show(to->out, to->view, row[column].paint, row[column].string);
		text_addf(to->out, "%*s", (right ? 0 : pad) + GAP, "");
		used += width + GAP;
	}
	if (aligned_right(self, last)) {
		int pad = (int)(to->widths[last] - show_columns(row[last].string));

		text_addf(to->out, "%*s", pad, "");
		used += (size_t)pad;
	}
	print_last(to, &row[last], used);
}

static void trim(struct text *out)
{
	while (out->size > 0 && out->bytes[out->size - 1] == ' ')
		out->bytes[--out->size] = '\0';
}

void table_print(struct text *out, const struct view *view, size_t indent,
	const struct table *self)
{
	struct printing to = { .out = out, .view = view, .indent = indent };

	if (self->failed || self->columns == 0 || self->columns > COLUMNS_MAX) {
		out->failed = true;
		return;
	}
	measure(self, to.widths);
	for (size_t at = 0; at + self->columns <= self->count; at += self->columns) {
		print_row(&to, self, &self->cells[at]);
		trim(out);
		text_add(out, "\n");
	}
}
