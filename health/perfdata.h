/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * perfdata.h - the figures behind the | of what a plugin prints, read with limits.
 */
#pragma once

#include <stddef.h>

enum {
	PERFDATA_MAX = 8, /* figures of one check; more are passed over */
	PERFDATA_LABEL_BYTES = 20,
	PERFDATA_UNIT_BYTES = 4,
};

/* Values are in base units: s, B, %, c, or none. */
struct perfdata {
	struct perf_figure {
		char label[PERFDATA_LABEL_BYTES]; /* [A-Za-z0-9_.-]; others became _ */
		char unit[PERFDATA_UNIT_BYTES];
		double value;
	} items[PERFDATA_MAX];
	size_t count;
};

/* Pure. From all lines of `output`; what does not read as 'label'=value[unit];…, or has
 * the label of one before, is passed over. */
void perfdata_read(struct perfdata *ret, const char *output);
