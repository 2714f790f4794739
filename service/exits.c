/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * exits.c - the short memory of a service's exits, newest first.
 *
 * Not here: what an exit means (outcome.c), how it is shown (status.c).
 */
#include "service/exits.h"

#include <stdlib.h>
#include <string.h>

#include "service/service.h"

const char *const exit_cause_words[CAUSE_COUNT] = {
#define X(id, word, death) [CAUSE_##id] = word,
	EXIT_CAUSES(X)
#undef X
};

bool exit_cause_is_death(enum exit_cause cause)
{
	static const bool deaths[CAUSE_COUNT] = {
#define X(id, word, death) [CAUSE_##id] = (death),
		EXIT_CAUSES(X)
#undef X
	};

	return deaths[cause];
}

static bool make_room(struct service *service)
{
	struct exit_record *more;

	if (service->exits_count == EXITS_KEPT) {
		free(service->exits[EXITS_KEPT - 1].last_words);
		return true;
	}
	more = reallocarray(service->exits, service->exits_count + 1, sizeof(*more));
	if (!more)
		return false;
	service->exits = more;
	service->exits_count++;
	return true;
}

const struct exit_record *exits_add(
	struct service *service, const struct exit_record *record)
{
	service->exits_ever++;
	if (!make_room(service)) {
		free(record->last_words);
		return NULL;
	}
	memmove(service->exits + 1, service->exits,
		(service->exits_count - 1) * sizeof(*service->exits));
	service->exits[0] = *record;
	service->exits[0].number = service->exits_ever;
	return &service->exits[0];
}

/* The end of `words` that fits, from the beginning of a line where there is one. */
static const char *last_of(const char *words)
{
	size_t size = strlen(words);
	const char *line;

	if (size < LAST_WORDS_BYTES)
		return words;
	words += size - LAST_WORDS_BYTES + 1;
	line = strchr(words, '\n');
	return line && line[1] ? line + 1 : words;
}

void exits_hear(struct service *service, uint64_t number, const char *words)
{
	for (unsigned i = 0; i < service->exits_count; i++) {
		struct exit_record *exit = &service->exits[i];

		if (exit->number != number)
			continue;
		free(exit->last_words);
		exit->last_words = strdup(last_of(words));
		return;
	}
}

void exits_done(struct service *service)
{
	for (unsigned i = 0; i < service->exits_count; i++)
		free(service->exits[i].last_words);
	free(service->exits);
	service->exits = NULL;
	service->exits_count = 0;
}
