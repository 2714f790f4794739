/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * help.c - --help, and the same rows as words for completion and the manual.
 */
#include <string.h>

#include "ctl/ctl.h"

static const struct {
	char who;
	const char *title;
} groups[] = {
	{ 'r', "Ask (anyone, or the readers' group)" },
	{ 'o', "Act (operators of the service)" },
	{ 'a', "Act on the host (root)" },
	{ '-', "Off-line: no daemon needed" },
};

static void print_group(struct text *out, const struct view *view, char who)
{
	struct table table = { .columns = 2 };

	for (int i = 0; i < VERB_COUNT; i++) {
		struct text line = { 0 };

		if (verbs[i].who != who)
			continue;
		text_addf(&line, "%s%s%s", verbs[i].word, *verbs[i].args ? " " : "",
			verbs[i].args);
		table_cell(&table, PAINT_NONE, text_failed(&line) ? "" : line.bytes);
		table_cell(&table, PAINT_NONE, verbs[i].help);
		text_done(&line);
	}
	table_print(out, view, 2, &table);
	table_done(&table);
}

void help_all(struct text *out, const struct view *view)
{
	text_add(out,
		"svcctl [--root DIR] [--json] [--no-color] VERB ...: ask svcd, tell svcd\n");
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		text_add(out, "\n");
		showf(out, view, PAINT_STRONG, "%s", groups[i].title);
		text_add(out, "\n");
		print_group(out, view, groups[i].who);
	}
	text_add(out, "\n");
	show(out, view, PAINT_STRONG, "Options");
	text_add(out, "\n");
	options_help(out, view, -1);
	text_add(out,
		"\n`svcctl VERB --help` has the options of a verb, svcctl(1) the rest.\n");
}

void help_verb(struct text *out, const struct view *view, enum verb verb)
{
	struct text options = { 0 };

	text_addf(out, "svcctl %s%s%s: %s\n", verbs[verb].word,
		*verbs[verb].args ? " " : "", verbs[verb].args, verbs[verb].help);
	options_help(&options, view, verb);
	if (options.size > 0) {
		text_add(out, "\n");
		text_add_bytes(out, options.bytes, options.size);
	}
	text_done(&options);
}

/* What scdoc would take for its own marks. */
static void add_escaped(struct text *out, const char *string)
{
	for (; *string; string++)
		text_addf(out, strchr("_*\\<>", *string) ? "\\%c" : "%c", *string);
}

static void add_literal(struct text *out, char *lines)
{
	char *rest = NULL;

	text_add(out, "\n\t```\n");
	for (char *line = strtok_r(lines, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest))
		text_addf(out, "\t%s\n", line);
	text_add(out, "\t```\n");
}

/* scdoc: a verb, indented what it does and its options. */
static void print_manual(struct text *out)
{
	const struct view plain = { 0 };

	for (int i = 0; i < VERB_COUNT; i++) {
		struct text options = { 0 };

		text_addf(out, "*%s*%s", verbs[i].word, *verbs[i].args ? " " : "");
		add_escaped(out, verbs[i].args);
		text_add(out, "\n\t");
		add_escaped(out, verbs[i].help);
		text_add(out, "\n");
		options_help(&options, &plain, i);
		if (!text_failed(&options) && options.size > 0)
			add_literal(out, options.bytes);
		text_add(out, "\n");
		text_done(&options);
	}
}

static void print_verbs(struct text *out)
{
	for (int i = 0; i < VERB_COUNT; i++)
		text_addf(out, "%s\t%s\n", verbs[i].word, verbs[i].help);
}

int help_words(const char *what)
{
	struct text out = { 0 };

	if (strcmp(what, "manual") == 0) {
		print_manual(&out);
	} else if (strcmp(what, "verbs") == 0) {
		print_verbs(&out);
	} else {
		options_words(&out, verb_find(what));
	}
	return put(&out);
}
