/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verdict.c - turns single tries into the verdict of one check on one instance.
 *
 * Pure: no clock, no socket, no log. Owns nothing but the streak it is given. Not here:
 * when to try next (schedule.c); what a verdict means for readiness (the supervisor).
 */
#include "health/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const outcome_words[OUTCOME_COUNT] = {
	[OUTCOME_PASS] = "pass",
	[OUTCOME_WARN] = "warn",
	[OUTCOME_FAIL] = "fail",
	[OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_ERROR] = "error",
	[OUTCOME_UNKNOWN] = "unknown",
};

void outcome_set(struct outcome *outcome, enum outcome_kind kind, const char *format, ...)
{
	va_list args;

	outcome->kind = kind;
	va_start(args, format);
	vsnprintf(outcome->reason, sizeof(outcome->reason), format, args);
	va_end(args);
}

/* How bad one try is, as the verdict that it alone would make. */
static enum verdict level_of(const struct check *check, enum outcome_kind kind)
{
	static const enum verdict levels[OUTCOME_COUNT] = {
		[OUTCOME_PASS] = VERDICT_PASS,
		[OUTCOME_WARN] = VERDICT_WARN,
		[OUTCOME_FAIL] = VERDICT_FAIL,
		[OUTCOME_TIMEOUT] = VERDICT_FAIL,
		[OUTCOME_ERROR] = VERDICT_FAIL,
		[OUTCOME_UNKNOWN] = VERDICT_UNKNOWN,
	};

	return check->effect == EFFECT_WARN ? MIN(levels[kind], VERDICT_WARN)
					    : levels[kind];
}

static void count(struct streak *streak, enum verdict level)
{
	bool vague = level == VERDICT_UNKNOWN;

	streak->good = level == VERDICT_PASS ? streak->good + 1 : 0;
	streak->mild = !vague && level <= VERDICT_WARN ? streak->mild + 1 : 0;
	streak->bad = level >= VERDICT_WARN ? streak->bad + 1 : 0;
	streak->failed = level == VERDICT_FAIL ? streak->failed + 1 : 0;
	streak->vague = vague ? streak->vague + 1 : 0;
}

static enum verdict settled(const struct streak *streak, const struct check *check)
{
	bool first = streak->verdict == VERDICT_UNKNOWN || streak->unsettled;
	bool fails = streak->verdict == VERDICT_FAIL;

	if (streak->good >= (first ? 1 : check->rise))
		return VERDICT_PASS;
	if (streak->failed >= check->fall)
		return VERDICT_FAIL;
	if (fails ? streak->mild >= check->rise : streak->bad >= check->fall)
		return VERDICT_WARN;
	if (streak->vague >= check->fall && !fails)
		return VERDICT_UNKNOWN;
	return streak->verdict;
}

/* The reason is that of the latest try which speaks for the verdict. */
static void explain(struct streak *streak, const struct outcome *outcome,
	enum verdict level, const struct check *check)
{
	bool vague = level == VERDICT_UNKNOWN;

	if (streak->verdict == VERDICT_PASS)
		streak->reason[0] = '\0';
	else if (level != VERDICT_PASS && vague == (streak->verdict == VERDICT_UNKNOWN) &&
		 (!vague || streak->vague >= check->fall))
		memcpy(streak->reason, outcome->reason, sizeof(streak->reason));
}

bool streak_feed(
	struct streak *streak, const struct check *check, const struct outcome *outcome)
{
	struct streak before = *streak;
	enum verdict level = level_of(check, outcome->kind);

	count(streak, level);
	streak->verdict = settled(streak, check);
	if (streak->good || streak->bad >= check->fall)
		streak->unsettled = false;
	explain(streak, outcome, level, check);
	return streak->verdict != before.verdict ||
	       strcmp(streak->reason, before.reason) != 0;
}

void streak_unsettle(struct streak *streak)
{
	streak->unsettled = streak->verdict != VERDICT_PASS;
	streak->good = streak->mild = streak->bad = streak->failed = streak->vague = 0;
}

bool streak_on_edge(const struct streak *streak)
{
	if (streak->unsettled)
		return true;
	switch (streak->verdict) {
	case VERDICT_UNKNOWN: return !streak->vague || !streak->reason[0];
	case VERDICT_PASS: return streak->bad || streak->vague;
	case VERDICT_WARN: return streak->good || streak->failed || streak->vague;
	case VERDICT_FAIL: return streak->mild > 0;
	}
	return false;
}
