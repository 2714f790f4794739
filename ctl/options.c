/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * options.c - the command line: one row per option, for all verbs.
 *
 * Options may stand anywhere; `--` ends them. A word that is none gets the nearest
 * right one.
 */
#include <assert.h>
#include <limits.h>
#include <string.h>

#include "ctl/ctl.h"

#define OF(id) (1U << VERB_##id)
enum {
	EVERY = (1U << VERB_COUNT) - 1,
	ACTS = OF(START) | OF(STOP) | OF(RESTART) | OF(RELOAD),
};
static_assert(VERB_COUNT < 31, "verbs are bits of an int");

enum option_kind { FLAG, TEXT, NUMBER, TEXTS };

static const struct option_row {
	const char *word;
	char letter; /* '\0': none */
	enum option_kind kind;
	const char *argument; /* how --help calls it */
	size_t at;
	unsigned verbs;
	const char *help;
} option_rows[] = {
#define AT(member) offsetof(struct options, member)
	/* clang-format off */
	{ "root", 0, TEXT, "DIR", AT(root), EVERY, "of svcd's /etc, /run and /var" },
	{ "json", 0, FLAG, NULL, AT(json), EVERY, "JSON on standard output" },
	{ "no-color", 0, FLAG, NULL, AT(no_color), EVERY, "no colours, as with $NO_COLOR" },
	{ "help", 'h', FLAG, NULL, AT(help), EVERY, "say what can be said" },
	{ "version", 'V', FLAG, NULL, AT(version), EVERY, "version of svcctl" },
	{ "words", 0, TEXT, "WHAT", AT(words_for), 0, "words, for completion and the manual" },
	{ "watch", 0, FLAG, NULL, AT(watch), OF(STATUS) | OF(LIST), "again each second" },
	{ "names", 0, FLAG, NULL, AT(names), OF(LIST), "names only, a line each" },
	{ "all", 'a', FLAG, NULL, AT(all), ACTS | OF(CHECK), "all services" },
	{ "no-wait", 0, FLAG, NULL, AT(no_wait), ACTS, "do not wait until it is done" },
	{ "wanted", 0, FLAG, NULL, AT(wanted), OF(START), "with --all: what stop --shutdown stopped" },
	{ "shutdown", 0, FLAG, NULL, AT(shutdown), OF(STOP), "with --all: until the next boot, or start --wanted" },
	{ "reason", 'r', TEXT, "TEXT", AT(reason), ACTS, "why; shown in status and events" },
	{ "signal", 's', TEXT, "SIGNAL", AT(signal), OF(KILL), "TERM when not given" },
	{ "follow", 'f', FLAG, NULL, AT(follow), OF(EVENTS) | OF(LOGS), "go on with what comes" },
	{ "lines", 'n', NUMBER, "N", AT(lines), OF(EVENTS) | OF(LOGS), "the newest N" },
	{ "since", 0, TEXT, "TIME", AT(since), OF(LOGS), "not older; a time, or 5m, 2h, 1d ago" },
	{ "until", 0, TEXT, "TIME", AT(until), OF(LOGS), "not newer" },
	{ "grep", 'g', TEXT, "REGEX", AT(grep), OF(LOGS), "only lines that match" },
	{ "level", 'l', TEXT, "LEVEL", AT(level), OF(LOGS), "this level and worse" },
	{ "stream", 0, TEXT, "STREAM", AT(stream), OF(LOGS), "stdout or stderr only" },
	{ "output", 'o', TEXT, "FORM", AT(format), OF(LOGS), "text, short (with time and name) or json" },
	{ "yes", 'y', FLAG, NULL, AT(yes), OF(APPLY), "do not ask" },
	{ "dry-run", 0, FLAG, NULL, AT(dry_run), OF(APPLY), "only show what would be done" },
	{ "create-users", 0, FLAG, NULL, AT(create_users), OF(APPLY), "create the missing users and groups of services" },
	{ "remove", 0, TEXTS, "NAME", AT(remove), OF(APPLY), "stop and forget a service whose file is gone" },
	{ "host", 'H', FLAG, NULL, AT(host), OF(CHECK), "svcd itself" },
	{ "metric", 'm', TEXT, "LABEL", AT(metric), OF(CHECK), "judge this value by -w and -c" },
	{ "warning", 'w', TEXT, "RANGE", AT(warning), OF(CHECK), "WARNING outside [@]START:END" },
	{ "critical", 'c', TEXT, "RANGE", AT(critical), OF(CHECK), "CRITICAL outside [@]START:END" },
	{ "timeout", 't', NUMBER, "SECONDS", AT(timeout_s), OF(CHECK), "UNKNOWN after; 10 when not given" },
	{ "verbose", 'v', FLAG, NULL, AT(verbose), OF(CHECK), "a line per check" },
	{ "binary", 0, FLAG, NULL, AT(binary), OF(CHECK), "exit 0 for OK and WARNING, else 1" },
	{ "misc-dynamic", 0, FLAG, NULL, AT(misc_dynamic), OF(CHECK), "exit as keepalived's misc_dynamic reads it" },
/* clang-format on */
#undef AT
};

/* Before the verb only what every verb takes may stand, and what no verb takes. */
static bool belongs(const struct option_row *row, int verb)
{
	if (verb < 0)
		return row->verbs == EVERY || row->verbs == 0;
	return row->verbs & (1U << verb);
}

struct words_of_verb {
	int verb;
};

static const char *next_word(size_t index, const void *data)
{
	const struct words_of_verb *of = data;

	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
		if (option_rows[i].verbs && belongs(&option_rows[i], of->verb) &&
			index-- == 0)
			return option_rows[i].word;
	}
	return NULL;
}

static const char *next_verb(size_t index, const void *data)
{
	(void)data;
	return index < VERB_COUNT ? verbs[index].word : NULL;
}

/* ---- reading --------------------------------------------------------------------- */

struct reading {
	struct ctl *ctl;
	int argc, at;
	char **argv;
	int verb; /* -1: not said yet */
};

static int set(struct reading *self, const struct option_row *row, const char *argument)
{
	void *member = (char *)&self->ctl->options + row->at;
	char *end;

	if (row->kind == FLAG) {
		*(bool *)member = true;
		return 0;
	}
	assert(argument);
	switch (row->kind) {
	case FLAG: break;
	case TEXT: *(const char **)member = argument; return 0;
	case TEXTS: return strings_add(member, argument) < 0 ? EXIT_FAILED : 0;
	case NUMBER:
		errno = 0;
		*(int64_t *)member = strtoll(argument, &end, 10);
		if (errno || end == argument || *end || *(int64_t *)member < 0 ||
			*(int64_t *)member > INT_MAX) {
			return usage(self->ctl, "--%s wants a number, not \"%s\"",
				row->word, argument);
		}
		return 0;
	}
	abort();
}

static int set_with_next(struct reading *self, const struct option_row *row)
{
	if (self->at >= self->argc)
		return usage(self->ctl, "--%s wants %s", row->word, row->argument);
	return set(self, row, self->argv[self->at++]);
}

static int read_long(struct reading *self, const char *said)
{
	size_t size = strcspn(said, "=");
	char word[64];
	const char *nearest;

	snprintf(word, sizeof(word), "%.*s", (int)MIN(size, sizeof(word)), said);
	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
		const struct option_row *row = &option_rows[i];

		if (!belongs(row, self->verb) || strcmp(row->word, word) != 0)
			continue;
		if (row->kind == FLAG && said[size])
			return usage(self->ctl, "--%s takes no value", row->word);
		if (row->kind == FLAG)
			return set(self, row, NULL);
		return said[size] ? set(self, row, said + size + 1)
				  : set_with_next(self, row);
	}
	nearest = text_nearest(
		word, next_word, &(struct words_of_verb){ .verb = self->verb });
	return usage(self->ctl, "unknown option --%s%s%s", word,
		nearest ? "; did you mean --" : "", nearest ? nearest : "");
}

static const struct option_row *find_letter(char letter, int verb)
{
	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
		if (option_rows[i].letter == letter && belongs(&option_rows[i], verb))
			return &option_rows[i];
	}
	return NULL;
}

/* "-fn5", "-n 5" */
static int read_letters(struct reading *self, const char *letters)
{
	int r = 0;

	for (; r == 0 && *letters; letters++) {
		const struct option_row *row = find_letter(*letters, self->verb);

		if (!row)
			return usage(self->ctl, "unknown option -%c", *letters);
		if (row->kind != FLAG) {
			return letters[1] ? set(self, row, letters + 1)
					  : set_with_next(self, row);
		}
		r = set(self, row, NULL);
	}
	return r;
}

static int read_verb(struct reading *self, const char *word)
{
	const char *nearest;

	self->verb = verb_find(word);
	if (self->verb >= 0) {
		self->ctl->verb = (enum verb)self->verb;
		return 0;
	}
	nearest = text_nearest(word, next_verb, NULL);
	return usage(self->ctl, "unknown verb \"%s\"%s%s%s", word,
		nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		nearest ? "\"?" : "; see svcctl --help");
}

static int read_one(struct reading *self, const char *said)
{
	if (strncmp(said, "--", 2) == 0)
		return read_long(self, said + 2);
	if (said[0] == '-' && said[1])
		return read_letters(self, said + 1);
	if (self->verb < 0)
		return read_verb(self, said);
	self->ctl->words[self->ctl->words_count++] = self->argv[self->at - 1];
	return 0;
}

static int check_count(const struct ctl *ctl)
{
	const struct verb_row *row = &verb_rows[ctl->verb];

	if (ctl->words_count < row->least)
		return usage(ctl, "it wants %s", verbs[ctl->verb].args);
	if (ctl->words_count > row->most)
		return usage(ctl, "\"%s\" is one word too many", ctl->words[row->most]);
	return 0;
}

int options_parse(struct ctl *ctl, int argc, char **argv)
{
	struct reading self = {
		.ctl = ctl, .argc = argc, .at = 1, .argv = argv, .verb = -1
	};
	bool ended = false;
	int r = 0;

	ctl->options.lines = ctl->options.timeout_s = NOT_SAID;
	ctl->verb = VERB_COUNT;
	ctl->words = calloc((size_t)argc + 1, sizeof(*ctl->words));
	if (!ctl->words)
		return EXIT_FAILED;
	while (r == 0 && self.at < argc) {
		const char *said = argv[self.at++];

		if (!ended && strcmp(said, "--") == 0) {
			ended = true;
		} else if (ended && self.verb >= 0) {
			ctl->words[ctl->words_count++] = argv[self.at - 1];
		} else {
			r = read_one(&self, said);
		}
	}
	if (r != 0 || ctl->options.help || ctl->options.version || ctl->options.words_for)
		return r;
	if (self.verb < 0)
		return usage(ctl, "what shall be done? See svcctl --help");
	return check_count(ctl);
}

void options_done(struct options *options)
{
	strings_done(&options->remove);
}

/* ---- printing -------------------------------------------------------------------- */

void options_help(struct text *out, const struct view *view, int verb)
{
	struct table table = { .columns = 2 };

	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
		const struct option_row *row = &option_rows[i];
		struct text said = { 0 };

		if (row->verbs == 0 || (verb < 0) != (row->verbs == EVERY) ||
			!belongs(row, verb))
			continue;
		if (row->letter) {
			text_addf(&said, "-%c, ", row->letter);
		} else {
			text_add(&said, "    ");
		}
		text_addf(&said, "--%s%s%s", row->word, row->argument ? " " : "",
			row->argument ? row->argument : "");
		table_cell(&table, PAINT_NONE, text_failed(&said) ? "" : said.bytes);
		table_cell(&table, PAINT_NONE, row->help);
		text_done(&said);
	}
	table_print(out, view, 2, &table);
	table_done(&table);
}

void options_words(struct text *out, int verb)
{
	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
		const struct option_row *row = &option_rows[i];

		if (row->verbs == 0 || !belongs(row, verb))
			continue;
		text_addf(out, "--%s%s\n", row->word, row->kind == FLAG ? "" : "=");
	}
}
