/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verdict.h - what one try of a check showed, and what a row of tries means.
 */
#pragma once

#include "config/config.h"
#include "protocol/protocol.h"

enum { REASON_BYTES = 256 };

enum outcome_kind {
	OUTCOME_PASS,
	OUTCOME_WARN,    /* a command that ended with 1 */
	OUTCOME_FAIL,    /* it answered, but not as declared */
	OUTCOME_TIMEOUT, /* it did not answer in `timeout` */
	OUTCOME_ERROR,   /* it could not be asked: refused, reset, no port */
	OUTCOME_UNKNOWN, /* what should ask it is broken: says nothing about it */
	OUTCOME_COUNT,
};
extern const char *const outcome_words[OUTCOME_COUNT];

struct outcome {
	enum outcome_kind kind;
	int64_t latency_us;
	char reason[REASON_BYTES]; /* "" when it passed */
};

/* A reason longer than its place is cut. */
void outcome_set(struct outcome *outcome, enum outcome_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Good or bad tries in a row, and the verdict that stands. Zero-initialise to begin. */
struct streak {
	enum verdict verdict;
	unsigned good, mild, bad, failed, vague; /* pass; no worse, no better than warn;
						  * fail; unknown */
	bool unsettled;            /* a bad verdict that one good try turns */
	char reason[REASON_BYTES]; /* of a verdict that is not pass */
};

/* Adds one try: `rise` good ones in a row make it pass, `fall` bad ones make it fail,
 * or warn when that is all its effect may do; in between the old verdict stands. Where
 * none stands yet, one good try is enough. Tries that tell nothing make a verdict unknown
 * after `fall` of them, but never lift a failure. True when verdict or reason is another
 * now. */
bool streak_feed(
	struct streak *streak, const struct check *check, const struct outcome *outcome);
/* What made a bad verdict is over: it stands, so that nothing is well before it is
 * proven, but counts anew, and one good try is enough. */
void streak_unsettle(struct streak *streak);
/* The latest try speaks against the verdict, or there is none yet: worth asking again
 * soon. */
bool streak_on_edge(const struct streak *streak);
