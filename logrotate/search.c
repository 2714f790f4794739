/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * search.c - open, count back, merge.
 *
 * Owns query and histories. Memory is bounded by one line per history and one batch.
 */
#include "logrotate/search.h"

#include <string.h>

/* JSON text ends at a NUL: it is shown, as in svcctl. */
static char *printable(const char *bytes, size_t size)
{
	struct text text = { 0 };

	while (size > 0) {
		const char *nul = memchr(bytes, '\0', size);
		size_t part = nul ? (size_t)(nul - bytes) : size;

		text_add_bytes(&text, bytes, part);
		if (nul)
			text_add(&text, "\\x00");
		part += nul ? 1 : 0;
		bytes += part;
		size -= part;
	}
	return text_take(&text);
}

static int add_line(struct search *search, const struct history *history)
{
	_cleanup_free_ char *text = printable(history->facts.text, history->facts.size);
	struct json_t *line = json_new_object();
	const char *level = level_words[history->facts.level];
	char at[WALL_TEXT_BYTES];
	int r = text ? 0 : -ENOMEM;

	r |= json_set_text(line, "service", history->service);
	r |= json_set(line, "instance", json_new_null());
	r |= json_set_text(line, "stream", history->stream);
	r |= json_set_text(line, "at", wall_format(history->latest, at));
	r |= json_set(line, "level", json_new_text(level));
	r |= json_set_text(line, "text", text);
	r |= json_append(search->lines, line);
	search->lines_bytes += history->facts.size + WALL_TEXT_BYTES;
	return r ? -ENOMEM : 0;
}

static int open_step(struct search *search)
{
	if (search->at < search->count) {
		/* A directory that cannot be listed still has its live log. */
		if (history_open(&search->histories[search->at++], &search->query) ==
			-ENOMEM)
			return -ENOMEM;
		return 0;
	}
	search->at = 0;
	search->phase = search->query.lines >= 0 ? SEARCH_COUNTING : SEARCH_READING;
	return 0;
}

static int count_step(struct search *search)
{
	int64_t found = 0;
	int r;

	if (search->query.lines > 0 && search->at < search->count) {
		r = history_find_step(&search->histories[search->at], &search->query,
			search->query.lines, &search->stop);
		if (r == 0)
			search->at++;
		return MIN(r, 0);
	}
	for (size_t i = 0; i < search->count; i++) {
		found += search->histories[i].found;
		if (search->query.lines == 0) /* only what comes from now on */
			search->histories[i].at = search->histories[i].count;
	}
	search->skip = MAX(found - search->query.lines, 0);
	search->phase = SEARCH_READING;
	return 0;
}

/* Every history has its next line, or none left: 0; -EAGAIN, -ECANCELED. */
static int fill_all(struct search *search, int64_t *budget)
{
	for (size_t i = 0; i < search->count; i++) {
		struct history *history = &search->histories[i];
		int r = history->has_line ? 1
					  : history_next(history, &search->query, budget,
						    &search->stop);

		if (r < 0)
			return r;
	}
	return 0;
}

static struct history *earliest(struct search *search)
{
	struct history *found = NULL;

	for (size_t i = 0; i < search->count; i++) {
		struct history *history = &search->histories[i];

		if (history->has_line &&
			(!found || history->latest.us < found->latest.us))
			found = history;
	}
	return found;
}

static bool is_full(const struct search *search)
{
	return json_size(search->lines) >= BATCH_LINES ||
	       search->lines_bytes >= BATCH_BYTES;
}

static int read_step(struct search *search)
{
	int64_t budget = STEP_BYTES;
	int r = 0;

	while (!is_full(search) && (r = fill_all(search, &budget)) == 0) {
		struct history *history = earliest(search);

		if (!history) {
			search->phase = SEARCH_ENDED;
			return 0;
		}
		r = search->skip > 0 ? 0 : add_line(search, history);
		search->skip -= search->skip > 0;
		history->has_line = false;
		if (r < 0)
			return r;
	}
	return is_full(search) || r == -EAGAIN ? 0 : r;
}

void search_step(struct search *search)
{
	static int (*const steps[])(struct search * search) = {
		[SEARCH_OPENING] = open_step,
		[SEARCH_COUNTING] = count_step,
		[SEARCH_READING] = read_step,
	};

	search->lines = json_new_array();
	search->lines_bytes = 0;
	search->result = search->lines ? 0 : -ENOMEM;
	if (search->result == 0 && search->phase != SEARCH_ENDED)
		search->result = steps[search->phase](search);
}

void search_again(struct search *search)
{
	search->phase = SEARCH_READING;
	search->skip = 0;
}

void search_done(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		history_done(&search->histories[i]);
	free(search->histories);
	search->histories = NULL;
	search->count = 0;
	query_done(&search->query);
	json_free(search->lines);
	search->lines = NULL;
}
