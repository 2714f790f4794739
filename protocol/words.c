/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * words.c - the words of every face, each list written once.
 */
#include "base/words.h"

#include <string.h>

#include "protocol/protocol.h"

const char *const wanted_words[3] = {
	[WANTED_UP] = "up",
	[WANTED_DOWN] = "down",
	[WANTED_MAINT] = "maintenance",
};

const char *const state_words[7] = {
	[STATE_DOWN] = "down",
	[STATE_STARTING] = "starting",
	[STATE_UP] = "up",
	[STATE_STOPPING] = "stopping",
	[STATE_WAITING] = "waiting",
	[STATE_FAILED] = "failed",
	[STATE_DONE] = "done",
};

const char *const verdict_words[4] = {
	[VERDICT_UNKNOWN] = "unknown",
	[VERDICT_PASS] = "pass",
	[VERDICT_WARN] = "warn",
	[VERDICT_FAIL] = "fail",
};

const char *const ready_term_words[TERM_COUNT] = {
#define X(id, word) [TERM_##id] = (word),
	READY_TERMS(X)
#undef X
};

const struct verb_facts verbs[VERB_COUNT] = {
#define X(id, word_, args_, who_, help_)                                                 \
	[VERB_##id] = {                                                                  \
		.word = (word_), .args = (args_), .help = (help_), .who = (who_)         \
	},
	VERBS(X)
#undef X
};

const char *const engine_words[ENGINE_COUNT] = {
#define X(id, word, program) [ENGINE_##id] = (word),
	ENGINES(X)
#undef X
};

const char *const engine_programs[ENGINE_COUNT] = {
#define X(id, word, program) [ENGINE_##id] = (program),
	ENGINES(X)
#undef X
};

const char *const message_words[MESSAGE_COUNT] = {
#define X(id, word) [MESSAGE_##id] = (word),
	MESSAGES(X)
#undef X
};

int verb_find(const char *word)
{
	for (int i = 0; i < VERB_COUNT; i++) {
		if (text_equal(verbs[i].word, word))
			return i;
	}
	return -1;
}
