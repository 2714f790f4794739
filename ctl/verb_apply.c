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

static struct json_t *wish(const struct ctl *ctl, bool dry_run)
{
	struct json_t *parameters = json_new_object();

	json_set(parameters, "remove",
		names_of(ctl->options.remove.items, ctl->options.remove.count));
	json_set_bool(parameters, "dry_run", dry_run);
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

static int apply_now(const struct ctl *ctl)
{
	struct results results = { .ctl = ctl };
	struct question question =
		ask_svcd(ctl, "io.svcd.Apply", results_reply, &results);
	int r;

	question.more = true;
	r = ask_long(ctl, question, wish(ctl, false));
	if (r == 0)
		r = results_print(&results, "applied");
	results_done(&results);
	return r;
}

/* 0, or the exit status of leaving it. */
static int get_consent(const struct ctl *ctl)
{
	if (ctl->options.yes)
		return 0;
	if (!ctl->asks) {
		say(ctl, "nothing was applied: nobody to ask here; say --yes");
		return EXIT_USAGE;
	}
	if (person_agrees())
		return 0;
	say(ctl, "nothing was applied");
	return EXIT_FAILED;
}

int verb_apply(struct ctl *ctl)
{
	_cleanup_(json_freep) struct json_t *answer = NULL;
	/* Who may not apply is told so before anything is shown; `diff` is for all. */
	int refused,
		r = ask_long(ctl, ask_svcd(ctl, "io.svcd.Apply", keep_answer, &answer),
			wish(ctl, true));

	if (r == 0 && (!ctl->options.json || ctl->options.dry_run))
		r = print_changes(ctl, answer);
	if (r != 0)
		return r;
	refused = changes_refused(json_get(answer, "changes")) ? EXIT_FAILED : 0;
	if (json_size(json_get(answer, "changes")) == 0) {
		say(ctl, "nothing to change");
		return refused;
	}
	if (ctl->options.dry_run)
		return refused;
	r = get_consent(ctl);
	if (r == 0)
		r = apply_now(ctl);
	return r != 0 ? r : refused;
}
