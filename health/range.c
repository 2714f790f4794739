/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * range.c - `10`, `10:`, `~:10`, `10:20`, `@10:20` as the monitoring-plugins guidelines
 * define them. Pure.
 */
#include "health/range.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A plain decimal number; no hex, no "inf", no blanks, which strtod() would take. */
static int number(double *ret, const char **text)
{
	const char *at = *text;
	char *end;

	at += *at == '-';
	if (!isdigit((unsigned char)*at) || strspn(at, "0123456789.") > 30 ||
		at[1] == 'x' || at[1] == 'X')
		return -EINVAL;
	*ret = strtod(*text, &end);
	*text = end;
	return 0;
}

int range_parse(struct range *ret, const char *text)
{
	struct range range = { .end = INFINITY };
	const char *colon;
	int r = 0;

	range.inside = *text == '@';
	text += range.inside;
	colon = strchr(text, ':');
	if (colon && text[0] == '~' && text[1] == ':') {
		range.start = -INFINITY;
		text++;
	} else if (colon && text != colon) {
		r = number(&range.start, &text);
	}
	if (r < 0 || (colon && text != colon))
		return -EINVAL;
	text += colon != NULL;
	if (*text || !colon)
		r = number(&range.end, &text);
	if (r < 0 || *text || range.start > range.end)
		return -EINVAL;
	*ret = range;
	return 0;
}

bool range_alerts(const struct range *range, double value)
{
	bool is_inside = value >= range->start && value <= range->end;

	return is_inside == range->inside;
}
