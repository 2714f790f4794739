/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verb_apply.c - diff and apply: shown first, asked, then done.
 */
#include <string.h>

#include "ctl/changes_text.h"
#include "ctl/ctl.h"

/* All declarations are read for the answer: that may take a while. */
static int ask_long(const struct ctl *ctl, struct question question, struct json_t *ours)
{
	json_set(ours, "names", names_of(ctl->words, ctl->words_count));
	question.timeout_ms = WHILE_ALIVE;
	return ask(ctl, &question, ours);
}

static struct json_t *wish(const struct ctl *ctl)
{
	struct json_t *parameters = json_new_object();

	json_set(parameters, "remove",
		names_of(ctl->options.remove.items, ctl->options.remove.count));
	return parameters;
}

static int print_changes(const struct ctl *ctl, const struct json_t *answer)
{
	const struct json_t *changes = json_get(answer, "changes");
	struct text out = { 0 };

	if (ctl->options.json)
		return put_json(changes);
	changes_text(&out, &ctl->out, changes);
	return put(&out);
}

int verb_diff(struct ctl *ctl)
{
	_cleanup_(json_freep) struct json_t *answer = NULL;
	int r = ask_long(ctl, ask_svcd(ctl, "io.svcd.Diff", keep_answer, &answer),
		json_new_object());

	if (r == 0)
		r = print_changes(ctl, answer);
	if (r != 0)
		return r;
	if (json_size(json_get(answer, "changes")) == 0)
		say(ctl, "nothing to change");
	return changes_refused(json_get(answer, "changes")) ? EXIT_FAILED : 0;
}

static bool person_agrees(void)
{
	char answer[16];

	fprintf(stderr, "Apply? [y/N] ");
	fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) &&
	       (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0);
}

/* ---- apply ----------------------------------------------------------------------- */

struct applying {
	struct results results;
	const struct ctl *ctl;
	struct json_t *changes; /* owned: what is or was done */
	bool shown;             /* they were printed */
};

/* The changes come first, then progress, then the results. */
static int take_reply(struct json_t *parameters, bool more, void *data)
{
	struct applying *self = data;
	struct json_t *changes = json_get(parameters, "changes");
	int r = 0;

	if (changes && !self->changes) {
		self->changes = json_share(changes);
		if (!self->shown && !self->ctl->options.json)
			r = print_changes(self->ctl, parameters);
		self->shown = true;
	}
	return r != 0 ? r : results_reply(parameters, more, &self->results);
}

/* Takes parameters. The exit status. */
static int apply_now(const struct ctl *ctl, struct json_t *parameters, bool shown)
{
	struct applying self = { .results = { .ctl = ctl }, .ctl = ctl, .shown = shown };
	struct question question = ask_svcd(ctl, "io.svcd.Apply", take_reply, &self);
	size_t created = 0;
	int r = ctl->options.create_users ? create_users(ctl, true, &created) : 0;

	if (r != 0) {
		json_free(parameters);
		return r;
	}
	question.more = true;
	r = ask_long(ctl, question, parameters);
	if (r == 0)
		r = results_print(&self.results, "applied");
	if (r == 0 && json_size(self.changes) == 0 && created == 0)
		say(ctl, "nothing to change");
	if (r == 0 && changes_refused(self.changes))
		r = EXIT_FAILED;
	results_done(&self.results);
	json_free(self.changes);
	return r;
}

/* 0, or the exit status of leaving it. */
static int get_consent(const struct ctl *ctl)
{
	if (!ctl->asks) {
		say(ctl, "nothing was applied: nobody to ask here; say --yes");
		return EXIT_USAGE;
	}
	if (person_agrees())
		return 0;
	say(ctl, "nothing was applied");
	return EXIT_FAILED;
}

/* svcd keeps what it showed, for a while: what a person agrees to is what is applied,
 * whatever is written to the files meanwhile. */
static int show_then_apply(const struct ctl *ctl)
{
	_cleanup_(json_freep) struct json_t *answer = NULL;
	struct json_t *parameters = wish(ctl);
	size_t missing = 0;
	int refused, r;

	json_set_bool(parameters, "dry_run", true);
	json_set_bool(parameters, "keep", ctl->asks && !ctl->options.dry_run);
	r = ask_long(
		ctl, ask_svcd(ctl, "io.svcd.Apply", keep_answer, &answer), parameters);
	if (r == 0 && (!ctl->options.json || ctl->options.dry_run))
		r = print_changes(ctl, answer);
	if (r == 0 && ctl->options.create_users)
		r = create_users(ctl, false, &missing);
	if (r != 0)
		return r;
	refused = changes_refused(json_get(answer, "changes")) ? EXIT_FAILED : 0;
	if (json_size(json_get(answer, "changes")) == 0 && missing == 0)
		say(ctl, "nothing to change");
	else if (!ctl->options.dry_run && (r = get_consent(ctl)) == 0) {
		if (json_size(json_get(answer, "changes")) == 0)
			return create_users(ctl, true, &missing);
		parameters = json_new_object();
		json_set_text(parameters, "shown", json_get_text(answer, "shown", ""));
		return apply_now(ctl, parameters, true);
	}
	return r != 0 ? r : refused;
}

int verb_apply(struct ctl *ctl)
{
	return ctl->options.yes && !ctl->options.dry_run
		       ? apply_now(ctl, wish(ctl), false)
		       : show_then_apply(ctl);
}
