/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verb_check.c - a Nagios plugin: one line on standard output, whatever happens; exit 0
 * 1 2 3.
 *
 * Asks the health engine, which answers also when the supervisor is wedged.
 */
#include <string.h>

#include "ctl/ctl.h"

enum { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };

static int unknown(const char *reason)
{
	struct text out = { 0 };

	text_add(&out, "SVC UNKNOWN - ");
	/* What stands behind a bar would be read as performance data. */
	for (; *reason; reason++)
		text_add_shown(&out, *reason == '|' ? "/" : reason, 1);
	text_add(&out, "\n");
	put(&out);
	return NAGIOS_UNKNOWN;
}

static int refused(const struct varlink_answer *answer)
{
	const char *nearest = json_get_text(answer->parameters, "suggestion", "");
	_cleanup_free_ char *line = NULL;

	if (strcmp(answer->error, VARLINK_NOT_FOUND) == 0) {
		line = text_format("no service %s%s%s%s",
			json_get_text(answer->parameters, "name", ""),
			*nearest ? ", did you mean " : "", nearest, *nearest ? "?" : "");
	} else {
		line = text_format("svcd-health answered %s %s", answer->error,
			json_get_text(answer->parameters, "reason",
				json_get_text(answer->parameters, "parameter", "")));
	}
	return unknown(line ? line : "out of memory");
}

static int print_answer(const struct json_t *answer)
{
	const struct json_t *details = json_get(answer, "long");
	const char *perfdata = json_get_text(answer, "perfdata", "");
	int64_t status = json_get_int(answer, "status", NAGIOS_UNKNOWN);
	struct text out = { 0 };

	text_addf(&out, "%s%s%s\n",
		json_get_text(answer, "text", "SVC UNKNOWN - no text"),
		*perfdata ? "|" : "", perfdata);
	for (size_t i = 0; i < json_size(details); i++) {
		const char *line = json_text(json_item(details, i));

		text_addf(&out, "%s\n", line ? line : "");
	}
	put(&out);
	return status < NAGIOS_OK || status > NAGIOS_UNKNOWN ? NAGIOS_UNKNOWN
							     : (int)status;
}

/* Each caller reads exit statuses in its own way; columns are OK, WARNING, CRITICAL,
 * UNKNOWN. */
static int exit_for(const struct options *options, int status)
{
	static const int binary[] = { 0, 0, 1, 1 };
	/* keepalived: 0 up, 1 down, 2…255 up with weight n - 2. A WARNING must not take
	 * it down. */
	static const int misc_dynamic[] = { 0, 0, 1, 1 };

	if (options->misc_dynamic)
		return misc_dynamic[status];
	return options->binary ? binary[status] : status;
}

static struct json_t *question(const struct ctl *ctl)
{
	const struct options *options = &ctl->options;
	struct json_t *parameters = json_new_object();

	json_set_text(parameters, "name", ctl->words_count ? ctl->words[0] : NULL);
	json_set_bool(parameters, "all", options->all);
	json_set_bool(parameters, "host", options->host);
	json_set_bool(parameters, "verbose", options->verbose);
	json_set_text(parameters, "metric", options->metric);
	json_set_text(parameters, "warning", options->warning);
	json_set_text(parameters, "critical", options->critical);
	return parameters;
}

static int check(const struct ctl *ctl)
{
	_cleanup_(json_freep) struct json_t *kept = NULL;
	struct varlink_answer answer = { 0 };
	int64_t seconds = ctl->options.timeout_s;
	_cleanup_free_ char *line = NULL;
	int r;

	if ((ctl->options.warning || ctl->options.critical) && !ctl->options.metric)
		return unknown("-w and -c want --metric LABEL");
	r = varlink_ask(ctl->paths.health, "io.svcd.Check", question(ctl), false,
		seconds == NOT_SAID ? ANSWER_MS : seconds * MS_PER_S, keep_answer, &kept,
		&answer);
	if (r < 0) {
		line = text_format("svcd-health %s on %s: %s",
			r == -ETIMEDOUT ? "does not answer" : "cannot be reached",
			ctl->paths.health, strerror(-r));
		return unknown(line ? line : "out of memory");
	}
	r = *answer.error ? refused(&answer) : print_answer(kept);
	json_free(answer.parameters);
	return r;
}

int verb_check(struct ctl *ctl)
{
	return exit_for(&ctl->options, check(ctl));
}
