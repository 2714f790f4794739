/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * changes_text.c - per service: what becomes of it; per key: before, after, and what
 * that needs.
 */
#include "ctl/changes_text.h"

#include <string.h>

#include "base/words.h"

enum { INDENT = 2, VALUE_INDENT = 6, VALUE_COLUMNS = 60 };

static const char *text_of(const struct json_t *object, const char *key)
{
	return json_get_text(object, key, "");
}

static const struct {
	const char *kind, *headline;
	enum paint paint;
} kinds[] = {
	{ "added", "new: it will be started", PAINT_GOOD },
	{ "removed", "it will be stopped and removed", PAINT_BAD },
	{ "orphan", "its file is gone", PAINT_WARN },
	{ "changed", "changed", PAINT_WARN },
	{ "refused", "refused; what runs stays as it is", PAINT_BAD },
};

/* "removed" is said of both: what will go, and (with words about it) what runs on
 * without a file. */
static const char *kind_of(const struct json_t *change)
{
	const char *kind = text_of(change, "kind");
	bool runs_on = strcmp(kind, "removed") == 0 &&
		       json_size(json_get(change, "problems")) > 0;

	return runs_on ? "orphan" : kind;
}

static void print_head(
	struct text *out, const struct view *view, const struct json_t *change)
{
	const char *kind = kind_of(change), *headline = kind;
	enum paint paint = PAINT_NONE;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0) {
			headline = kinds[i].headline;
			paint = kinds[i].paint;
		}
	}
	show(out, view, PAINT_STRONG, text_of(change, "service"));
	text_add(out, ": ");
	show(out, view, paint, headline);
	text_add(out, "\n");
}

/* "in-place" and "in place" both occur as effects; people get words. */
static const char *needs(const char *effect)
{
	if (strcmp(effect, "restart") == 0)
		return "needs a restart";
	if (strcmp(effect, "reload") == 0)
		return "needs a reload";
	return "in place";
}

static enum paint paint_of_effect(const char *effect)
{
	return strcmp(effect, "restart") == 0 ? PAINT_WARN : PAINT_FAINT;
}

/* "    + VALUE", folded below its first character. */
static void print_value(struct text *out, const struct view *view, const char *sign,
	enum paint paint, const char *value)
{
	text_add(out, "    ");
	show(out, view, paint, sign);
	text_add(out, " ");
	show_folded_from(out, view, VALUE_INDENT, paint, value);
}

/* Short values stand side by side, long ones below each other. */
static void print_key(
	struct text *out, const struct view *view, const struct json_t *change)
{
	const char *before = json_get_text(change, "before", NULL);
	const char *after = json_get_text(change, "after", NULL);
	const char *effect = text_of(change, "effect");
	bool sides = before && after &&
		     show_columns(before) + show_columns(after) < VALUE_COLUMNS &&
		     !strchr(before, '\n') && !strchr(after, '\n');

	text_add(out, "  ");
	show(out, view, PAINT_NONE, text_of(change, "key"));
	if (sides) {
		text_add(out, ": ");
		show(out, view, PAINT_BAD, before);
		text_add(out, " → ");
		show(out, view, PAINT_GOOD, after);
	}
	text_add(out, "  (");
	show(out, view, paint_of_effect(effect), needs(effect));
	text_add(out, ")\n");
	if (!sides && before)
		print_value(out, view, "-", PAINT_BAD, before);
	if (!sides && after)
		print_value(out, view, "+", PAINT_GOOD, after);
}

void changes_text(struct text *out, const struct view *view, const struct json_t *changes)
{
	for (size_t i = 0; i < json_size(changes); i++) {
		const struct json_t *service = json_item(changes, i);
		const struct json_t *keys = json_get(service, "changes");
		const struct json_t *problems = json_get(service, "problems");

		print_head(out, view, service);
		if (strcmp(text_of(service, "kind"), "changed") == 0) {
			for (size_t j = 0; j < json_size(keys); j++)
				print_key(out, view, json_item(keys, j));
		}
		if (*text_of(service, "upstream"))
			showf(out, view, PAINT_WARN, "  %s changed\n",
				text_of(service, "upstream"));
		for (size_t j = 0; j < json_size(problems); j++) {
			const char *line = json_text(json_item(problems, j));

			show_folded(out, view, INDENT, line ? line : "");
		}
	}
}

bool changes_refused(const struct json_t *changes)
{
	for (size_t i = 0; i < json_size(changes); i++) {
		if (strcmp(text_of(json_item(changes, i), "kind"), "refused") == 0)
			return true;
	}
	return false;
}
