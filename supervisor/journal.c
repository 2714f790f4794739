/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * journal.c - one line per event, and its fields.
 */
#include "supervisor/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum { FIELD_BYTES = 64 };

/* "NAME=value" each, ended by NULL. */
struct fields {
	char bytes[LOG_FIELDS_MAX][FIELD_BYTES];
	const char *list[LOG_FIELDS_MAX + 1];
	size_t count;
};

const char *journal_message_id(const char *word)
{
	static const struct {
		const char *word, *id;
	} entries[] = {
#define X(word, id) { word, id },
		JOURNAL_ENTRIES(X)
#undef X
	};

	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		if (strcmp(entries[i].word, word) == 0)
			return entries[i].id;
	}
	return NULL;
}

__attribute__((format(printf, 2, 3))) static void add(
	struct fields *fields, const char *format, ...)
{
	char *field = fields->bytes[fields->count];
	va_list args;

	va_start(args, format);
	vsnprintf(field, FIELD_BYTES, format, args);
	va_end(args);
	fields->list[fields->count++] = field;
}

static void add_exit(struct fields *fields, const struct event_exit *exit)
{
	add(fields, "SVCD_CAUSE=%s", exit_cause_words[exit->cause]);
	if (exit->code >= 0)
		add(fields, "SVCD_EXIT_CODE=%d", exit->code);
	if (exit->signal > 0)
		add(fields, "SVCD_SIGNAL=%d", exit->signal);
}

void journal_event(const struct event *event, int level)
{
	const bool about_one = event->service[0] != '\0';
	const char *colon = event->text[0] ? ": " : "";
	struct fields fields = { 0 };
	struct log_about about = { .service = about_one ? event->service : NULL,
		.event = event->word[0] ? event->word : NULL,
		.message_id = journal_message_id(event->word),
		.fields = fields.list };

	if (event->instance)
		add(&fields, "SVCD_INSTANCE=%u", event->instance);
	if (event->uid != NOBODY)
		add(&fields, "SVCD_UID=%" PRId64, event->uid);
	if (event->exit.known)
		add_exit(&fields, &event->exit);
	if (event->instance) {
		log_about(level, about, "instance %u %s%s%s", event->instance,
			event->word, colon, event->text);
	} else if (about_one) {
		log_about(level, about, "%s%s%s", event->word, colon, event->text);
	} else {
		log_about(level, about, "%s", event->text);
	}
}
