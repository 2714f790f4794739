/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * status_parts.c - instances, checks and the other lists of a status document.
 *
 * Not here: exits (status_exits.c).
 */
#include "ctl/status_parts.h"

#include <inttypes.h>
#include <string.h>

#include "base/words.h"

#include "protocol/protocol.h"

enum { NOTE_INDENT = 4, ROW_INDENT = 5 };
static const double stall_shown_percent = 1;

static const char *text_of(const struct json_t *object, const char *key)
{
	return json_get_text(object, key, "");
}

/* ---- what stands against a change ------------------------------------------------ */

void status_print_refused(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const struct json_t *refused = json_get(document, "refused");
	bool runs = json_size(json_get(document, "instances")) > 0;

	for (size_t i = 0; i < json_size(refused); i++) {
		const char *line = json_text(json_item(refused, i));

		show_field(
			out, view, i == 0 ? "Refused" : "", PAINT_BAD, line ? line : "");
	}
	if (json_size(refused) > 0) {
		show_field(out, view, "", PAINT_NONE,
			runs ? "until the file is repaired, what was accepted last stays"
			     : "nothing runs until the file is repaired");
	}
}

static bool is_orphan(const struct json_t *change)
{
	return text_equal(text_of(change, "effect"), "remove");
}

void status_print_pending(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const struct json_t *pending = json_get(document, "pending");
	const char *service = text_of(document, "service");
	const char *upstream = text_of(document, "upstream");
	bool orphan = false;

	for (size_t i = 0; i < json_size(pending); i++) {
		const struct json_t *change = json_item(pending, i);
		const char *effect = text_of(change, "effect");

		orphan = orphan || is_orphan(change);
		show_fieldf(out, view, i == 0 ? "Pending" : "", PAINT_WARN, "%s%s%s%s",
			text_of(change, "key"), orphan ? "" : " (needs a ",
			orphan ? "" : effect, orphan ? "" : ")");
	}
	if (*upstream)
		show_fieldf(out, view, "", PAINT_NONE, "%s changed", upstream);
	if (orphan) {
		show_fieldf(out, view, "", PAINT_NONE,
			"it runs on until `svcctl apply --remove %s`", service);
	} else if (json_size(pending) > 0) {
		show_fieldf(out, view, "", PAINT_NONE,
			"`svcctl diff %s` shows it, `svcctl apply %s` does it", service,
			service);
	}
}

/* ---- doors ----------------------------------------------------------------------- */

void status_print_listen(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const struct json_t *listen = json_get(document, "listen");

	for (size_t i = 0; i < json_size(listen); i++) {
		const struct json_t *port = json_item(listen, i);
		const char *address = text_of(port, "address");
		bool bare = strchr(address, ':') != NULL;
		char number[WORD_BYTES];

		show_fieldf(out, view, i == 0 ? "Listen" : "", PAINT_NONE,
			"%s %s %s%s%s:%s", text_of(port, "name"),
			text_of(port, "protocol"), bare ? "[" : "", address,
			bare ? "]" : "", word_count(number, json_get(port, "port")));
	}
}

void status_print_firewall(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const struct json_t *firewall = json_get(document, "firewall");
	bool applied = json_get_bool(firewall, "applied", false);
	const char *reason = text_of(firewall, "reason");
	char accepted[WORD_BYTES], dropped[WORD_BYTES];

	if (json_kind(firewall) != JSON_IS_MAP)
		return;
	word_count(accepted, json_get(firewall, "accepted"));
	word_count(dropped, json_get(firewall, "dropped"));
	if (applied) {
		show_fieldf(out, view, "Firewall", PAINT_NONE,
			"applied; %s accepted, %s dropped%s%s", accepted, dropped,
			*reason ? "; " : "", reason);
	} else {
		show_fieldf(out, view, "Firewall", PAINT_BAD, "not applied%s%s",
			*reason ? ": " : "", reason);
	}
}

/* ---- instances ------------------------------------------------------------------- */

enum paint status_paint_of_state(const char *state)
{
	static const enum paint paints[] = {
		[STATE_DOWN] = PAINT_FAINT,
		[STATE_STARTING] = PAINT_WARN,
		[STATE_UP] = PAINT_GOOD,
		[STATE_STOPPING] = PAINT_WARN,
		[STATE_WAITING] = PAINT_BAD,
		[STATE_FAILED] = PAINT_BAD,
		[STATE_DONE] = PAINT_GOOD,
	};
	int found = words_find(state_words, ARRAY_LEN(state_words), state);

	return found < 0 ? PAINT_NONE : paints[found];
}

static void add_instance(
	struct table *table, const struct view *view, const struct json_t *instance)
{
	const char *state = text_of(instance, "state");
	bool ready = json_get_bool(instance, "ready", false);
	char word[WORD_BYTES];

	table_cell(table, PAINT_STRONG, word_count(word, json_get(instance, "instance")));
	table_cell(table, status_paint_of_state(state), state);
	table_cell(table, PAINT_NONE, ready ? "yes" : "no");
	table_cell(table, PAINT_NONE, word_count(word, json_get(instance, "pid")));
	table_cell(table, PAINT_NONE,
		word_age(word, view, json_get_text(instance, "started", NULL)));
	table_cell(table, PAINT_NONE, word_took(word, json_get(instance, "cpu_us")));
	table_cell(
		table, PAINT_NONE, word_bytes(word, json_get(instance, "memory_bytes")));
	table_cell(table, PAINT_NONE, word_count(word, json_get(instance, "tasks")));
	table_cell(table, PAINT_NONE, word_count(word, json_get(instance, "fds")));
	table_cell(
		table, PAINT_NONE, word_count(word, json_get(instance, "connections")));
	table_cell(table, PAINT_NONE, word_count(word, json_get(instance, "restarts")));
}

/* Behind the number of its row, folded at the column of what stands behind it. */
static void print_note(struct text *out, const struct view *view,
	const struct json_t *instance, const char *note)
{
	char number[WORD_BYTES];

	word_count(number, json_get(instance, "instance"));
	text_addf(out, "%*s", PART_INDENT, "");
	show(out, view, PAINT_STRONG, number);
	text_addf(out, "%*s", MAX(ROW_INDENT - PART_INDENT - (int)strlen(number), 1), "");
	show_folded_from(out, view, ROW_INDENT, PAINT_NONE, note);
}

/* What the instance says of itself, why it is as it is, when it is tried again; what the
 * headline has said already is not said again. */
static void note_instance(struct text *out, const struct view *view,
	const struct json_t *instance, const char *said)
{
	const struct json_t *next = json_get(instance, "next_start_us");
	const char *why = text_of(instance, "why"), *says = text_of(instance, "status");
	const char *note = text_of(instance, "note"); /* what svcd could not do for it */
	char again[DURATION_TEXT_BYTES];
	struct text line = { 0 };

	text_add(&line, "");
	if (*why && !text_starts(said, why)) {
		text_add(&line, why);
		if (json_kind(next) == JSON_IS_INT && !strstr(why, "again in")) {
			text_addf(&line, ", again in %s",
				duration_format(MAX(json_int(next), 0), again));
		}
	}
	if (*says)
		text_addf(&line, "%sit says \"%s\"", line.size > 0 ? "; " : "", says);
	if (*note)
		text_addf(&line, "%s%s", line.size > 0 ? "; " : "", note);
	if (!text_failed(&line) && line.size > 0)
		print_note(out, view, instance, line.bytes);
	text_done(&line);
}

void status_print_instances(
	struct text *out, const struct view *view, const struct json_t *document)
{
	static const char *const words[] = { "#", "STATE", "READY", "PID", "UP", "CPU",
		"MEM", "TASKS", "FDS", "CONNS", "RESTARTS" };
	struct table table = { .columns = ARRAY_LEN(words), .right = "><<>>>>>>>>" };
	const struct json_t *instances = json_get(document, "instances");

	if (json_size(instances) == 0)
		return;
	table_heads(&table, words);
	for (size_t i = 0; i < json_size(instances); i++)
		add_instance(&table, view, json_item(instances, i));
	text_add(out, "\n");
	table_print(out, view, PART_INDENT, &table);
	table_done(&table);
	for (size_t i = 0; i < json_size(instances); i++) {
		note_instance(out, view, json_item(instances, i),
			json_size(instances) == 1 ? text_of(document, "why") : "");
	}
}

/* ---- pressure --------------------------------------------------------------------- */

static void add_events(struct text *line, const struct json_t *instance)
{
	static const struct {
		const char *key, *one, *many;
	} rows[] = {
		{ "oom_kill", "process killed for lack of memory",
			"processes killed for lack of memory" },
		{ "max", "time at limits.memory", "times at limits.memory" },
		{ "high", "time above limits.memory_high",
			"times above limits.memory_high" },
	};
	const struct json_t *events = json_get(instance, "memory_events");

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t count = json_get_int(events, rows[i].key, 0);

		if (count > 0) {
			text_addf(line, "%s%" PRId64 " %s", line->size > 0 ? ", " : "",
				count, count == 1 ? rows[i].one : rows[i].many);
		}
	}
}

/* "waits for memory 12.5%, io 3.0% of the time" */
static void add_stalls(struct text *line, const struct json_t *instance)
{
	static const char *const keys[] = { "memory", "cpu", "io" };
	const struct json_t *stalls = json_get(instance, "pressure");
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		double percent = json_get_double(stalls, keys[i], 0);

		if (percent < stall_shown_percent)
			continue;
		if (count++ == 0)
			text_addf(line, "%swaits for ", line->size > 0 ? "; " : "");
		else
			text_add(line, ", ");
		text_addf(line, "%s %.1f%%", keys[i], percent);
	}
	if (count > 0)
		text_add(line, " of the last 10s");
}

/* Only what is remarkable: most services are never pressed. */
void status_print_pressure(
	struct text *out, const struct view *view, const struct json_t *document)
{
	const struct json_t *instances = json_get(document, "instances");
	const char *label = "Pressed";

	for (size_t i = 0; i < json_size(instances); i++) {
		const struct json_t *instance = json_item(instances, i);
		char number[WORD_BYTES];
		struct text line = { 0 };

		add_events(&line, instance);
		add_stalls(&line, instance);
		word_count(number, json_get(instance, "instance"));
		if (!text_failed(&line) && line.size > 0) {
			show_fieldf(out, view, label, PAINT_WARN, "%s%s%s%s",
				json_size(instances) > 1 ? "instance " : "",
				json_size(instances) > 1 ? number : "",
				json_size(instances) > 1 ? ": " : "", line.bytes);
			label = "";
		}
		text_done(&line);
	}
}

/* ---- checks ---------------------------------------------------------------------- */

static enum paint paint_of_verdict(const char *verdict)
{
	static const enum paint paints[] = {
		[VERDICT_UNKNOWN] = PAINT_FAINT,
		[VERDICT_PASS] = PAINT_GOOD,
		[VERDICT_WARN] = PAINT_WARN,
		[VERDICT_FAIL] = PAINT_BAD,
	};
	int found = words_find(verdict_words, ARRAY_LEN(verdict_words), verdict);

	return found < 0 ? PAINT_NONE : paints[found];
}

static void add_check(
	struct table *table, const struct view *view, const struct json_t *check)
{
	const char *verdict = text_of(check, "verdict");
	char word[WORD_BYTES];

	table_cell(table, PAINT_STRONG, text_of(check, "check"));
	table_cell(table, PAINT_NONE, word_count(word, json_get(check, "instance")));
	table_cell(table, PAINT_NONE, text_of(check, "kind"));
	table_cell(table, PAINT_NONE, text_of(check, "effect"));
	table_cell(table, paint_of_verdict(verdict), verdict);
	table_cell(table, PAINT_NONE, word_took(word, json_get(check, "latency_us")));
	table_cell(table, PAINT_NONE,
		word_age(word, view, json_get_text(check, "at", NULL)));
	table_cell(table, PAINT_NONE, text_of(check, "reason"));
}

void status_print_checks(
	struct text *out, const struct view *view, const struct json_t *document)
{
	static const char *const words[] = { "CHECK", "#", "KIND", "EFFECT", "VERDICT",
		"TOOK", "AGO", "REASON" };
	struct table table = { .columns = ARRAY_LEN(words), .right = "<><<<>>" };
	const struct json_t *checks = json_get(document, "checks");

	if (json_size(checks) == 0)
		return;
	table_heads(&table, words);
	for (size_t i = 0; i < json_size(checks); i++)
		add_check(&table, view, json_item(checks, i));
	text_add(out, "\n");
	table_print(out, view, PART_INDENT, &table);
	table_done(&table);
}

/* ---- its log --------------------------------------------------------------------- */

void status_print_log(struct text *out, const struct view *view,
	const struct json_t *document, const struct json_t *log)
{
	struct text head = { 0 };

	if (json_size(log) == 0)
		return;
	text_addf(&head, "Log (`svcctl logs %s` has more)", text_of(document, "service"));
	text_add(out, "\n");
	show_line(out, view, PART_INDENT, text_failed(&head) ? "" : head.bytes);
	text_done(&head);
	for (size_t i = 0; i < json_size(log); i++) {
		const struct json_t *item = json_item(log, i);
		const char *at = text_of(item, "at");
		struct text line = { 0 };

		if (strlen(at) > strlen("2026-11-23T05:36:39"))
			text_addf(&line, "%.8s ", at + strlen("2026-11-23T"));
		text_add(&line, text_of(item, "text"));
		show_line(out, view, NOTE_INDENT, text_failed(&line) ? "" : line.bytes);
		text_done(&line);
	}
}
