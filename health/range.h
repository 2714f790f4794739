/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * range.h - the threshold ranges of Nagios plugins: `[@]start:end`.
 */
#pragma once

#include <stdbool.h>

struct range {
	double start, end; /* may be infinite */
	bool inside;       /* `@`: alert inside instead of outside */
};

/* 0, or -EINVAL: not a range. */
int range_parse(struct range *ret, const char *text);
bool range_alerts(const struct range *range, double value);
