/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verb_status.c - status and list: asked once, or each second.
 */
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"
#include "ctl/status_text.h"

enum { LOG_LINES = 5, LOG_ANSWER_MS = 300 };

static int gather_lines(struct json_t *parameters, bool more, void *data)
{
	struct json_t *lines = json_get(parameters, "lines"), *all = data;

	(void)more;
	for (size_t i = 0; i < json_size(lines); i++)
		json_append(all, json_share(json_item(lines, i)));
	return 0;
}

/* The newest lines, when the log engine answers quickly; a status must not wait for a
 * disk. */
static struct json_t *log_tail(const struct ctl *ctl, const char *service)
{
	struct json_t *lines = json_new_array(), *parameters = json_new_object();
	struct varlink_answer answer = { 0 };
	char *const names[] = { strdup(service) };

	json_set(parameters, "names", names_of(names, 1));
	json_set_int(parameters, "lines", LOG_LINES);
	json_set_bool(parameters, "follow", false);
	varlink_ask(ctl->paths.logs, "io.svcd.Logs", parameters, true, LOG_ANSWER_MS,
		gather_lines, lines, &answer);
	json_free(answer.parameters);
	free(names[0]);
	return lines;
}

/* 4 (no such) outranks 1 (dead), 1 outranks 3 (stopped), 3 outranks 0. */
static int worse(int a, int b)
{
	static const int ranks[] = { [0] = 0, [3] = 1, [1] = 2, [4] = 3 };

	return ranks[a] >= ranks[b] ? a : b;
}

static int print_full(
	const struct ctl *ctl, struct text *out, const struct json_t *services)
{
	int exit = 0;

	for (size_t i = 0; i < json_size(services); i++) {
		const struct json_t *document = json_item(services, i);
		const char *name = json_get_text(document, "service", "");
		_cleanup_(json_freep) struct json_t *log = log_tail(ctl, name);

		text_add(out, i > 0 ? "\n" : "");
		status_text(out, &ctl->out, document, log);
		exit = worse(exit, status_exit(document));
	}
	return exit;
}

static int exit_of(const struct json_t *services)
{
	int exit = 0;

	for (size_t i = 0; i < json_size(services); i++)
		exit = worse(exit, status_exit(json_item(services, i)));
	return exit;
}

static bool names_one(const struct ctl *ctl)
{
	return ctl->words_count == 1 && ctl->words[0][0] != '@';
}

static bool wants_full(const struct ctl *ctl)
{
	return ctl->verb == VERB_STATUS && ctl->words_count > 0;
}

static int print_once(const struct ctl *ctl, const struct json_t *services)
{
	struct text out = { 0 };
	int r, exit = 0;

	if (ctl->options.watch && ctl->out.width > 0)
		text_add(&out, "\033[H\033[J");
	if (ctl->options.json) {
		r = put(&out);
		put_json(names_one(ctl) ? json_item(services, 0) : services);
		return MAX(r, wants_full(ctl) ? exit_of(services) : 0);
	}
	for (size_t i = 0; ctl->options.names && i < json_size(services); i++) {
		text_addf(&out, "%s\n",
			json_get_text(json_item(services, i), "service", ""));
	}
	if (wants_full(ctl)) {
		exit = print_full(ctl, &out, services);
	} else if (!ctl->options.names && json_size(services) > 0) {
		status_table(&out, &ctl->out, services);
	} else if (!ctl->options.names) {
		say(ctl, "no services");
	}
	r = put(&out);
	return r != 0 ? r : exit;
}

static int show_now(struct ctl *ctl)
{
	_cleanup_(json_freep) struct json_t *answer = NULL;
	struct question question = ask_svcd(ctl, "io.svcd.Status", keep_answer, &answer);
	struct json_t *selection;
	int r = select_services(ctl, &selection);

	if (r == 0)
		r = ask(ctl, &question, selection);
	if (r != 0)
		return r;
	ctl->out.now = wall_read();
	return print_once(ctl, json_get(answer, "services"));
}

int verb_status(struct ctl *ctl)
{
	const struct timespec second = { .tv_sec = 1 };
	int r = show_now(ctl);

	/* svcd may go and come while one watches: only the first failure ends it. */
	while (ctl->options.watch && r != EXIT_USAGE && r != EXIT_NOT_REACHABLE &&
		r != EXIT_NO_SUCH && r != EXIT_NOT_ALLOWED) {
		nanosleep(&second, NULL);
		show_now(ctl);
	}
	return r;
}

int verb_list(struct ctl *ctl)
{
	return verb_status(ctl);
}
