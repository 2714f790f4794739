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
	[OUTCOME_FAIL] = "fail",
	[OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_ERROR] = "error",
};

void outcome_set(struct outcome *outcome, enum outcome_kind kind, const char *format, ...)
{
	va_list args;

	outcome->kind = kind;
	va_start(args, format);
	vsnprintf(outcome->reason, sizeof(outcome->reason), format, args);
	va_end(args);
}

static enum verdict settled(
	const struct streak *streak, const struct check *check, enum outcome_kind kind)
{
	bool first = streak->verdict == VERDICT_UNKNOWN || streak->unsettled;

	if (kind == OUTCOME_PASS)
		return first || streak->good >= check->rise ? VERDICT_PASS
							    : streak->verdict;
	if (streak->bad < check->fall)
		return streak->verdict;
	return check->effect == EFFECT_WARN ? VERDICT_WARN : VERDICT_FAIL;
}

static bool is_bad(enum verdict verdict)
{
	return verdict == VERDICT_WARN || verdict == VERDICT_FAIL;
}

bool streak_feed(
	struct streak *streak, const struct check *check, const struct outcome *outcome)
{
	struct streak before = *streak;
	bool passed = outcome->kind == OUTCOME_PASS;

	streak->good = passed ? streak->good + 1 : 0;
	streak->bad = passed ? 0 : streak->bad + 1;
	streak->verdict = settled(streak, check, outcome->kind);
	if (passed || streak->bad >= check->fall)
		streak->unsettled = false;
	if (streak->verdict == VERDICT_PASS)
		streak->reason[0] = '\0';
	else if (is_bad(streak->verdict) && !passed)
		memcpy(streak->reason, outcome->reason, sizeof(streak->reason));
	return streak->verdict != before.verdict ||
	       strcmp(streak->reason, before.reason) != 0;
}

void streak_unsettle(struct streak *streak)
{
	streak->unsettled = streak->verdict != VERDICT_PASS;
	streak->good = streak->bad = 0;
}

bool streak_on_edge(const struct streak *streak)
{
	if (streak->verdict == VERDICT_UNKNOWN || streak->unsettled)
		return true;
	return streak->verdict == VERDICT_PASS ? streak->bad > 0 : streak->good > 0;
}
