/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * status_table.c - all services in one table, those that need a person first.
 */
#include <string.h>

#include "ctl/status_parts.h"
#include "ctl/status_text.h"

static const char *text_of(const struct json_t *object, const char *key)
{
	return json_get_text(object, key, "");
}

/* ---- cells ----------------------------------------------------------------------- */

/* The first known number of the instances added up; false: nobody knows one. */
static bool sum_of(const struct json_t *document, const char *key, int64_t *ret)
{
	const struct json_t *instances = json_get(document, "instances");
	bool known = false;

	*ret = 0;
	for (size_t i = 0; i < json_size(instances); i++) {
		const struct json_t *number = json_get(json_item(instances, i), key);

		known = known || json_kind(number) == JSON_IS_INT;
		if (__builtin_add_overflow(*ret, json_int(number), ret))
			*ret = INT64_MAX;
	}
	return known;
}

static void sum_cell(struct table *table, const struct json_t *document, const char *key,
	char *(*word)(char *ret, const struct json_t *number))
{
	_cleanup_(json_freep) struct json_t *sum = NULL;
	char shown[WORD_BYTES];
	int64_t number;

	if (sum_of(document, key, &number))
		sum = json_new_int(number);
	table_cell(table, PAINT_NONE, word(shown, sum));
}

/* Why it is not as it should be; else what it is. */
static const char *remark(const struct json_t *document)
{
	const struct json_t *refused = json_get(document, "refused");
	const char *reason = text_of(document, "reason"), *why = text_of(document, "why");
	const struct json_t *verdict = json_get(document, "verdict");

	if (json_size(refused) > 0 && json_text(json_item(refused, 0)))
		return json_text(json_item(refused, 0));
	if (*why)
		return why;
	if (!json_get_bool(document, "ready", false) && *reason)
		return reason;
	if (text_equal(text_of(verdict, "value"), "warn") && *text_of(verdict, "reason"))
		return text_of(verdict, "reason");
	if (json_size(json_get(document, "pending")) > 0)
		return "changes are pending: `svcctl diff`";
	return text_of(document, "description");
}

static void add_service(
	struct table *table, const struct view *view, const struct json_t *document)
{
	bool ready = json_get_bool(document, "ready", false);
	char word[WORD_BYTES];

	table_cell(table, PAINT_STRONG, text_of(document, "service"));
	table_cell(table, status_paint_of(document), text_of(document, "state"));
	table_cell(table, ready ? PAINT_GOOD : status_paint_of(document),
		ready ? "yes" : "no");
	table_cell(table, PAINT_NONE,
		word_age(word, view, json_get_text(document, "since", NULL)));
	sum_cell(table, document, "memory_bytes", word_bytes);
	sum_cell(table, document, "restarts", word_count);
	table_cell(table, PAINT_NONE, remark(document));
}

/* ---- rows ------------------------------------------------------------------------ */

enum trouble { TROUBLE_DEAD, TROUBLE_NOT_READY, TROUBLE_WARNS, TROUBLE_NONE };

static enum trouble trouble_of(const struct json_t *document)
{
	const char *wanted = json_get_text(json_get(document, "wanted"), "value", "up");
	const char *verdict = text_of(json_get(document, "verdict"), "value");
	bool warns = text_equal(verdict, "warn") ||
		     json_size(json_get(document, "refused")) > 0 ||
		     json_size(json_get(document, "pending")) > 0;
	bool on_purpose = !text_equal(wanted, "up") || status_is_done(document);

	if (!on_purpose && status_exit(document) != 0)
		return TROUBLE_DEAD;
	if (!on_purpose && !json_get_bool(document, "ready", false))
		return TROUBLE_NOT_READY;
	return warns ? TROUBLE_WARNS : TROUBLE_NONE;
}

void status_table(
	struct text *out, const struct view *view, const struct json_t *documents)
{
	static const char *const words[] = { "SERVICE", "STATE", "READY", "FOR", "MEM",
		"RESTARTS", "REMARK" };
	struct table table = { .columns = ARRAY_LEN(words), .right = "<<<>>>" };

	table_heads(&table, words);
	for (enum trouble now = TROUBLE_DEAD; now <= TROUBLE_NONE; now++) {
		for (size_t i = 0; i < json_size(documents); i++) {
			const struct json_t *document = json_item(documents, i);

			if (trouble_of(document) == now)
				add_service(&table, view, document);
		}
	}
	table_print(out, view, 0, &table);
	table_done(&table);
}
