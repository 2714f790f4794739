/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verb_act.c - start, stop, restart, reload: told to svcd, waited for; and kill.
 */
#include <signal.h>
#include <string.h>

#include "ctl/ctl.h"

static const struct {
	enum verb verb;
	const char *method, *done;
} acts[] = {
	{ VERB_START, "io.svcd.Start", "started" },
	{ VERB_STOP, "io.svcd.Stop", "stopped" },
	{ VERB_RESTART, "io.svcd.Restart", "restarted" },
	{ VERB_RELOAD, "io.svcd.Reload", "reloaded" },
};

/* Nothing named must never mean everything. */
static int check_selection(const struct ctl *ctl)
{
	if (ctl->words_count == 0 && !ctl->options.all)
		return usage(ctl, "which service? Name it, or say --all");
	if (ctl->words_count > 0 && ctl->options.all)
		return usage(ctl, "either names or --all");
	if ((ctl->options.wanted || ctl->options.shutdown) && !ctl->options.all)
		return usage(ctl, "--%s is about all services: say --all as well",
			ctl->options.wanted ? "wanted" : "shutdown");
	return 0;
}

int verb_act(struct ctl *ctl)
{
	struct results results = { .ctl = ctl };
	struct question question;
	struct json_t *selection;
	const char *done = NULL, *method = NULL;
	char asked[32];
	int r = check_selection(ctl);

	if (r == 0)
		r = select_services(ctl, &selection);
	if (r != 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		if (acts[i].verb == ctl->verb) {
			method = acts[i].method;
			done = acts[i].done;
		}
	}
	json_set_bool(selection, "all", ctl->options.all);
	if (ctl->options.wanted)
		json_set_bool(selection, "wanted", true);
	if (ctl->options.shutdown)
		json_set_bool(selection, "shutdown", true);
	json_set_text(selection, "reason", ctl->options.reason);
	json_set_bool(selection, "wait", !ctl->options.no_wait);
	question = ask_svcd(ctl, method, results_reply, &results);
	question.more = true;
	question.timeout_ms = WHILE_ALIVE; /* the limits are the declaration's */
	r = ask(ctl, &question, selection);
	snprintf(asked, sizeof(asked), "asked to %s", verbs[ctl->verb].word);
	if (r == 0)
		r = results_print(&results, ctl->options.no_wait ? asked : done);
	results_done(&results);
	return r;
}

/* "HUP", "SIGHUP", "hup" or "1" → "HUP"; NULL: no such signal. */
static const char *signal_word(const char *said)
{
	char *end;
	long number = strtol(said, &end, 10);

	if (*said && !*end)
		return number > 0 && number < SIGRTMIN ? sigabbrev_np((int)number) : NULL;
	if (strncasecmp(said, "SIG", 3) == 0)
		said += 3;
	for (int i = 1; i < SIGRTMIN; i++) {
		if (sigabbrev_np(i) && strcasecmp(sigabbrev_np(i), said) == 0)
			return sigabbrev_np(i);
	}
	return NULL;
}

int verb_kill(struct ctl *ctl)
{
	const char *said = ctl->options.signal ? ctl->options.signal : "TERM";
	const char *word = signal_word(said);
	struct results results = { .ctl = ctl };
	struct question question = ask_svcd(ctl, "io.svcd.Kill", results_reply, &results);
	struct json_t *parameters;
	int r;

	if (!word)
		return usage(ctl, "no signal \"%s\"", said);
	for (size_t i = 0; i < ctl->words_count; i++) {
		if (ctl->words[i][0] == '@')
			return usage(ctl, "it wants names, not tags");
	}
	parameters = json_new_object();
	json_set(parameters, "names", names_of(ctl->words, ctl->words_count));
	json_set_text(parameters, "signal", word);
	r = ask(ctl, &question, parameters);
	if (r == 0)
		r = results_print(&results, "signal sent");
	results_done(&results);
	return r;
}
