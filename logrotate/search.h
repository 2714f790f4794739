/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * search.h - several logs merged by time into batches, a step at a time in the searching
 * thread.
 */
#pragma once

#include "logrotate/history.h"
#include "logrotate/worker.h"

enum {
	HISTORIES_MAX = 1024,
	STEP_BYTES = 8 * 1024 * 1024, /* looked at in one step: others wait for theirs */
	BATCH_LINES = 500,
	BATCH_BYTES = 128 * 1024, /* of text; JSON may make six times as much of it */
};

struct search {
	struct job job;
	struct query query;
	struct history *histories;
	size_t count;
	atomic_bool stop;
	enum search_phase {
		SEARCH_OPENING,
		SEARCH_COUNTING, /* where the last N lines begin */
		SEARCH_READING,
		SEARCH_ENDED,
	} phase;
	size_t at;            /* the history that is opened or counted in */
	int64_t skip;         /* merged lines before the last N */
	struct json_t *lines; /* of this step, for whoever asked */
	size_t lines_bytes;
	int result; /* of the latest step: 0, -errno */
};

/* One step, in the thread; fills `lines`. */
void search_step(struct search *search);
/* Lines that came to the live files since: histories were set by history_follow(). */
void search_again(struct search *search);
void search_done(struct search *search);
