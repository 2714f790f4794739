/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * outlook.c - the last line of every post-mortem: and now?
 */
#include "service/outlook.h"

#include <inttypes.h>

/* 1st 2nd 3rd 4th … 11th 12th 13th … 21st */
static const char *ordinal_ending(unsigned number)
{
	static const char *const endings[] = { "th", "st", "nd", "rd" };
	bool teen = number % 100 >= 11 && number % 100 <= 13;

	return teen || number % 10 >= ARRAY_LEN(endings) ? "th" : endings[number % 10];
}

void outlook_again(char ret[static REASON_BYTES], int64_t pause_us, unsigned deaths)
{
	char pause[DURATION_TEXT_BYTES];

	reason_set(ret, REASON_BYTES, "restart in %s",
		duration_format(MAX(pause_us, 0), pause));
	if (deaths > 1) {
		reason_add(ret, REASON_BYTES, " (%u%s death in a row)", deaths,
			ordinal_ending(deaths));
	}
}

void outlook_gave_up(char ret[static REASON_BYTES], const struct service *service)
{
	const struct restart_policy_spec *spec = &service->declaration->run.restart;
	char within[DURATION_TEXT_BYTES];

	reason_set(ret, REASON_BYTES, "gave up after %" PRId64 " death%s",
		spec->give_up_after, spec->give_up_after == 1 ? "" : "s");
	if (spec->give_up_within_ms >= 0) {
		reason_add(ret, REASON_BYTES, " in %s",
			duration_format(spec->give_up_within_ms * US_PER_MS, within));
	}
	reason_add(ret, REASON_BYTES, ": fix it, then `svcctl start %s`", service->name);
}

void outlook_not_again(char ret[static REASON_BYTES], const struct service *service)
{
	reason_set(ret, REASON_BYTES,
		"not started again (run.restart.policy): `svcctl start %s`",
		service->name);
}

/* ---- of what is now -------------------------------------------------------------- */

typedef void outlook_fn(char ret[static REASON_BYTES], const struct instance *instance,
	struct instant now);

/* "" when the state may last. */
static void say_until_deadline(char ret[static REASON_BYTES], const char *what,
	const struct instance *instance, struct instant now)
{
	char left[DURATION_TEXT_BYTES];
	int64_t left_us = instant_since_us(instance->deadline, now);

	if (instance->deadline.us != NEVER.us) {
		reason_set(ret, REASON_BYTES, "%s within %s", what,
			duration_format(MAX(left_us, 0), left));
	}
}

static void say_down(char ret[static REASON_BYTES], const struct instance *instance,
	struct instant now)
{
	const struct service *service = instance->service;
	const char *who = service->wish.who, *why = remark_text(&service->wish.why);

	(void)now;
	if (service->wanted != WANTED_DOWN)
		return;
	reason_set(ret, REASON_BYTES, "stays down: stopped%s%s%s%s; `svcctl start %s`",
		*who ? " by " : "", who, *why ? ": " : "", why, service->name);
}

static void say_starting(char ret[static REASON_BYTES], const struct instance *instance,
	struct instant now)
{
	say_until_deadline(
		ret, "stopped and tried again, unless it gets ready", instance, now);
}

static void say_stopping(char ret[static REASON_BYTES], const struct instance *instance,
	struct instant now)
{
	say_until_deadline(ret, "killed, unless it stops by itself", instance, now);
}

static void say_waiting(char ret[static REASON_BYTES], const struct instance *instance,
	struct instant now)
{
	if (instance->deadline.us != NEVER.us) {
		outlook_again(
			ret, instant_since_us(instance->deadline, now), instance->deaths);
	}
}

/* What was decided when it died still holds. */
static void say_failed(char ret[static REASON_BYTES], const struct instance *instance,
	struct instant now)
{
	const struct service *service = instance->service;

	(void)now;
	for (unsigned i = 0; i < service->exits_count; i++) {
		if (service->exits[i].instance == instance->number) {
			reason_set(ret, REASON_BYTES, "%s", service->exits[i].next);
			return;
		}
	}
	reason_set(ret, REASON_BYTES, "fix it, then `svcctl start %s`", service->name);
}

static void say_done(char ret[static REASON_BYTES], const struct instance *instance,
	struct instant now)
{
	(void)now;
	reason_set(ret, REASON_BYTES,
		"nothing: it ran to its end; `svcctl start %s` again",
		instance->service->name);
}

/* What needs a person first comes first. */
static const struct {
	enum state state;
	outlook_fn *say;
} rows[] = {
	{ STATE_FAILED, say_failed },
	{ STATE_WAITING, say_waiting },
	{ STATE_STOPPING, say_stopping },
	{ STATE_STARTING, say_starting },
	{ STATE_DOWN, say_down },
	{ STATE_DONE, say_done },
};

void outlook_service(
	char ret[static REASON_BYTES], const struct service *service, struct instant now)
{
	ret[0] = '\0';
	for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
		for (unsigned i = 0; i < service->instances_count && !ret[0]; i++) {
			const struct instance *instance = &service->instances[i];

			if (instance->state == rows[row].state)
				rows[row].say(ret, instance, now);
		}
	}
}
