/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * status_text.c - what an operator wants to know first comes first: how it is and why,
 * then what comes next or what to do about it, then the numbers.
 *
 * Pure. Everything that is not known is "-" or left out, never 0. A document may come
 * from a newer or an ill svcd: no key is taken for granted.
 */
#include "ctl/status_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/words.h"

#include "ctl/status_parts.h"
#include "protocol/protocol.h"

/* systemctl(1) and LSB: 0 running, 1 dead, 3 not running. */
static const int lsb_codes[] = {
	[STATE_DOWN] = 3,
	[STATE_STARTING] = 0,
	[STATE_UP] = 0,
	[STATE_STOPPING] = 0,
	[STATE_WAITING] = 1,
	[STATE_FAILED] = 1,
	[STATE_DONE] = 3,
};

static const char *text_of(const struct json_t *object, const char *key)
{
	return json_get_text(object, key, "");
}

static enum state state_of(const struct json_t *document)
{
	int state = words_find(
		state_words, ARRAY_LEN(state_words), text_of(document, "state"));

	return state < 0 ? STATE_DOWN : (enum state)state;
}

static bool is_wanted_up(const struct json_t *document)
{
	return text_equal(
		json_get_text(json_get(document, "wanted"), "value", "up"), "up");
}

bool status_is_done(const struct json_t *document)
{
	return state_of(document) == STATE_DONE;
}

enum paint status_paint_of(const struct json_t *document)
{
	enum state state = state_of(document);

	if (state == STATE_UP && !json_get_bool(document, "ready", false))
		return PAINT_WARN;
	if (state == STATE_DOWN && is_wanted_up(document))
		return PAINT_BAD;
	return status_paint_of_state(state_words[state]);
}

int status_exit(const struct json_t *document)
{
	return lsb_codes[state_of(document)];
}

/* ": REASON", from the first of the two that says anything. */
static void add_reason(struct text *out, const char *first, const char *second)
{
	const char *reason = *first ? first : second;

	if (*reason)
		text_addf(out, ": %s", reason);
}

static void headline_of_down(struct text *out, const struct json_t *document)
{
	const struct json_t *wanted = json_get(document, "wanted");
	const char *who = text_of(wanted, "who"), *why = text_of(wanted, "why");

	if (is_wanted_up(document)) {
		text_add(out, "down");
		add_reason(out, text_of(document, "why"), text_of(document, "reason"));
		return;
	}
	text_add(out, text_equal(text_of(wanted, "value"), wanted_words[WANTED_MAINT])
			      ? "in maintenance"
			      : "stopped");
	if (*who)
		text_addf(out, " by %s", who);
	why = *why ? why : text_of(document, "why");
	if (!text_failed(out) && !text_starts(why, out->bytes))
		add_reason(out, why, "");
}

void status_headline(struct text *out, const struct json_t *document)
{
	enum state state = state_of(document);
	const char *why = text_of(document, "why"), *reason = text_of(document, "reason");

	if (state == STATE_DOWN) {
		headline_of_down(out, document);
		return;
	}
	text_add(out, state_words[state]);
	if (state != STATE_UP) {
		add_reason(out, why, reason);
		return;
	}
	text_add(out,
		json_get_bool(document, "ready", false) ? " and ready" : ", not ready");
	if (!json_get_bool(document, "ready", false)) {
		add_reason(out, reason, why);
	} else if (text_equal(text_of(json_get(document, "verdict"), "value"), "warn")) {
		add_reason(out, "", text_of(json_get(document, "verdict"), "reason"));
	}
}

/* ---- parts ----------------------------------------------------------------------- */

static void print_head(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const char *service = text_of(document, "service");
	enum paint paint = status_paint_of(document);
	size_t indent = 2 + show_columns(service) + 2;
	struct text line = { 0 }, folded = { 0 };
	const struct view plain = { .width = view->width };

	status_headline(&line, document);
	/* Folded without colour first, so that the indent of further lines is right. */
	show_folded(&folded, &plain, indent, text_failed(&line) ? "" : line.bytes);
	show(out, view, paint, paint == PAINT_FAINT ? "○" : "●");
	text_add(out, " ");
	show(out, view, PAINT_STRONG, service);
	text_add(out, "  ");
	if (!text_failed(&folded))
		text_add(out, folded.bytes + MIN(indent, folded.size));
	text_done(&line);
	text_done(&folded);
	show_field(out, view, "", PAINT_NONE, text_of(document, "description"));
}

static void print_state(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const char *since = json_get_text(document, "since", NULL);
	const char *why = text_of(document, "why");
	char age[WORD_BYTES], time[WORD_BYTES];
	struct text line = { 0 };

	text_add(&line, text_of(document, "state"));
	if (since) {
		text_addf(&line, " for %s, since %s", word_age(age, view, since),
			word_time(time, since));
	}
	if (*why && state_of(document) == STATE_UP) /* else the headline has said it */
		text_addf(&line, "; %s", why);
	if (!text_failed(&line))
		show_field(out, view, "State", PAINT_NONE, line.bytes);
	text_done(&line);
}

static void print_wanted(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const struct json_t *wanted = json_get(document, "wanted");
	const char *who = text_of(wanted, "who"), *why = text_of(wanted, "why");
	const char *until = text_of(wanted, "until"), *since = text_of(wanted, "since");
	const char *not_kept = text_of(wanted, "not_kept");
	struct text line = { 0 };
	char word[WORD_BYTES];

	if (is_wanted_up(document) && (!*who || text_equal(who, "svcd")))
		return; /* as declared */
	text_add(&line, text_of(wanted, "value"));
	if (*who)
		text_addf(&line, " by %s", who);
	if (*who && *since)
		text_addf(&line, ", %s ago", word_age(word, view, since));
	if (*until)
		text_addf(&line, ", until %s", word_time(word, until));
	if (*why)
		text_addf(&line, ": %s", why);
	if (*not_kept)
		text_addf(&line, "; not on disk, a reboot forgets it: %s", not_kept);
	if (!text_failed(&line))
		show_field(out, view, "Wanted", PAINT_NONE, line.bytes);
	text_done(&line);
}

static void print_failing(struct text *out, const struct view *view,
	const struct json_t *term, const char *headline)
{
	const char *reason = text_of(term, "reason");

	if (json_get_bool(term, "ok", false))
		return;
	if (!*reason)
		reason = "does not hold";
	else if (strstr(headline, reason) || strstr(reason, headline))
		reason = "see above";
	show_fieldf(out, view, "", PAINT_NONE, "%s: %s", text_of(term, "term"), reason);
}

/* "wanted, state hold" */
static void print_holding(
	struct text *out, const struct view *view, const struct json_t *terms)
{
	struct text line = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < json_size(terms); i++) {
		if (json_get_bool(json_item(terms, i), "ok", false)) {
			text_addf(&line, "%s%s", count++ ? ", " : "",
				text_of(json_item(terms, i), "term"));
		}
	}
	if (count > 0 && !text_failed(&line)) {
		show_fieldf(out, view, "", PAINT_FAINT, "%s hold%s", line.bytes,
			count == 1 ? "s" : "");
	}
	text_done(&line);
}

/* "yes", or each term that does not hold with its reason. */
static void print_ready(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const struct json_t *terms = json_get(document, "terms");
	bool ready = json_get_bool(document, "ready", false);
	struct text headline = { 0 };

	status_headline(&headline, document);
	if (text_failed(&headline))
		out->failed = true;
	show_field(
		out, view, "Ready", ready ? PAINT_GOOD : PAINT_BAD, ready ? "yes" : "no");
	for (size_t i = 0; i < json_size(terms) && !text_failed(&headline); i++)
		print_failing(out, view, json_item(terms, i), headline.bytes);
	text_done(&headline);
	if (!ready && json_size(terms) == 0)
		show_field(out, view, "", PAINT_NONE, text_of(document, "reason"));
	print_holding(out, view, terms);
}

static void print_job(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const struct json_t *job = json_get(document, "job");
	const char *result = text_of(job, "result"), *reason = text_of(job, "reason");

	if (*result && !text_equal(result, "done")) {
		show_fieldf(out, view, "Job", PAINT_NONE, "%s: %s%s%s",
			text_of(job, "kind"), result, *reason ? ", " : "", reason);
	}
}

/* The headline of what is stopped has said already that it stays so. */
static void print_next(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const char *next = text_of(document, "next");
	struct text headline = { 0 };

	status_headline(&headline, document);
	if (!text_failed(&headline) && !strstr(headline.bytes, next))
		show_field(out, view, "Next", PAINT_STRONG, next);
	text_done(&headline);
}

void status_text(struct text *out, const struct view *view, const struct json_t *document,
	const struct json_t *log)
{
	print_head(out, view, document);
	print_state(out, view, document);
	print_next(out, view, document);
	print_wanted(out, view, document);
	print_ready(out, view, document);
	print_job(out, view, document);
	status_print_refused(out, view, document);
	status_print_pending(out, view, document);
	status_print_listen(out, view, document);
	status_print_firewall(out, view, document);
	status_print_pressure(out, view, document);
	status_print_instances(out, view, document);
	status_print_checks(out, view, document);
	status_print_exits(out, view, document);
	status_print_log(out, view, document, log);
}
