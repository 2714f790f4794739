/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * status_exits.c - the post-mortem: the latest exits, newest first, a line each, and what
 * the latest that died said last.
 */
#include <string.h>

#include "ctl/status_parts.h"

enum { EXITS_WHEN_READY = 3, WORDS_SHOWN = 8, WORDS_INDENT = 4 };

static bool is_ready(const struct json_t *document)
{
	return json_get_bool(document, "ready", false);
}

static void add_exit(
	struct table *table, const struct view *view, const struct json_t *exit)
{
	bool died = json_get_bool(exit, "death", true);
	bool ran = json_kind(json_get(exit, "pid")) != JSON_IS_NULL;
	char ago[WORD_BYTES + 4], word[WORD_BYTES];

	word_age(word, view, json_get_text(exit, "at", NULL));
	snprintf(ago, sizeof(ago), "%s ago", word);
	table_cell(table, PAINT_NONE, ago);
	table_cell(table, PAINT_NONE, word_count(word, json_get(exit, "instance")));
	table_cell(table, PAINT_NONE, word_count(word, json_get(exit, "pid")));
	table_cell(table, PAINT_NONE,
		word_took(word, ran ? json_get(exit, "ran_us") : NULL));
	table_cell(
		table, died ? PAINT_BAD : PAINT_NONE, json_get_text(exit, "reason", ""));
}

static void print_table(
	struct text *out, const struct view *view, const struct json_t *document)
{
	static const char *const words[] = { "EXIT", "#", "PID", "RAN", "REASON" };
	struct table table = { .columns = ARRAY_LEN(words), .right = "<>>>" };
	const struct json_t *exits = json_get(document, "exits");
	size_t most = is_ready(document) ? EXITS_WHEN_READY : json_size(exits);

	if (json_size(exits) == 0)
		return;
	table_heads(&table, words);
	for (size_t i = 0; i < MIN(json_size(exits), most); i++)
		add_exit(&table, view, json_item(exits, i));
	text_add(out, "\n");
	table_print(out, view, PART_INDENT, &table);
	table_done(&table);
}

/* Of a death that nobody wished and that is not over yet. */
static bool has_words(const struct json_t *document)
{
	const struct json_t *wanted = json_get(document, "wanted");

	return json_size(json_get(document, "stderr")) > 0 && !is_ready(document) &&
	       text_equal(json_get_text(wanted, "value", "up"), "up");
}

static void print_words(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const struct json_t *lines = json_get(document, "stderr");
	size_t count = json_size(lines), first = count - MIN(count, WORDS_SHOWN);

	text_add(out, "\n");
	show_line(out, view, PART_INDENT, "Last words on stderr");
	for (size_t i = first; i < count; i++) {
		const char *line = json_text(json_item(lines, i));

		show_line(out, view, WORDS_INDENT, line ? line : "");
	}
}

void status_print_exits(
	struct text *out, const struct view *view, const struct json_t *document)
{
	print_table(out, view, document);
	if (has_words(document))
		print_words(out, view, document);
}
