/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * when.c - pure: the clock is an argument.
 */
#include "ctl/when.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static const struct {
	const char *unit;
	int64_t us;
} units[] = {
	{ "ms", US_PER_MS },
	{ "s", US_PER_S },
	{ "m", 60 * (int64_t)US_PER_S },
	{ "h", 3600 * (int64_t)US_PER_S },
	{ "d", 86400 * (int64_t)US_PER_S },
	{ "w", 604800 * (int64_t)US_PER_S },
};

static int parse_age(struct wall *ret, const char *said, struct wall now)
{
	enum { MOST = 1000000 };
	char *end;
	long number = strtol(said, &end, 10);

	if (end == said || number < 0 || number > MOST)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t size = strlen(units[i].unit);

		if (strncmp(end, units[i].unit, size) != 0 ||
			(end[size] && strcmp(end + size, " ago") != 0))
			continue;
		ret->us = now.us - number * units[i].us;
		return 0;
	}
	return -EINVAL;
}

/* The forms that a person types, each completed to RFC 3339: 0 is a digit of the
 * person's. */
static const struct {
	const char *form, *before, *after;
	bool today; /* the date is missing */
} forms[] = {
	{ "0000-00-00T00:00:00Z", "", "", false },
	{ "0000-00-00T00:00:00.000Z", "", "", false },
	{ "0000-00-00 00:00:00", "", "Z", false },
	{ "0000-00-00T00:00:00", "", "Z", false },
	{ "0000-00-00 00:00", "", ":00Z", false },
	{ "0000-00-00", "", "T00:00:00Z", false },
	{ "00:00:00", "T", "Z", true },
	{ "00:00", "T", ":00Z", true },
};

static bool has_form(const char *said, const char *form)
{
	for (; *form && *said; form++, said++) {
		if (*form == '0' ? *said < '0' || *said > '9' : *said != *form)
			return false;
	}
	return !*form && !*said;
}

int when_parse(struct wall *ret, const char *said, struct wall now)
{
	char date[WALL_TEXT_BYTES], full[64];

	wall_format(now, date);
	date[strlen("2026-11-23")] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		char *space;

		if (!has_form(said, forms[i].form))
			continue;
		snprintf(full, sizeof(full), "%s%s%s%s", forms[i].today ? date : "",
			forms[i].before, said, forms[i].after);
		space = strchr(full, ' ');
		if (space)
			*space = 'T';
		return wall_parse(ret, full);
	}
	return parse_age(ret, said, now);
}
