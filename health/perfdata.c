/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * perfdata.c - reads plugins' figures. Pure; strangers' bytes end here.
 *
 * The grammar is that of the monitoring-plugins guidelines; what Icinga 2 cannot read
 * (ranges, `U`, other units) is left out, so that what we print is read by everybody.
 */
#include "health/perfdata.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

/* All of isspace(3) but the end of a line: who stops at one has passed it. */
static const char blanks[] = " \t\r\v\f";

/* Beyond that a number has no exact places, and nobody's graph. */
#define VALUE_MAX 1e15

/* As plugins write them, and what they are in base units. */
static const struct {
	const char *written, *unit;
	double scale;
} units[] = {
	{ "", "", 1 },
	{ "%", "%", 1 },
	{ "c", "c", 1 },
	{ "s", "s", 1 },
	{ "ms", "s", 1e-3 },
	{ "us", "s", 1e-6 },
	{ "ns", "s", 1e-9 },
	{ "B", "B", 1 },
	{ "KB", "B", 1e3 },
	{ "MB", "B", 1e6 },
	{ "GB", "B", 1e9 },
	{ "TB", "B", 1e12 },
	{ "KiB", "B", 1024.0 },
	{ "MiB", "B", 1024.0 * 1024 },
	{ "GiB", "B", 1024.0 * 1024 * 1024 },
	{ "TiB", "B", 1024.0 * 1024 * 1024 * 1024 },
};

/* 'it''s' or plain up to the =; NULL: no label. */
static const char *take_label(struct perf_figure *figure, const char *at)
{
	bool quoted = *at == '\'';
	size_t used = 0;

	at += quoted;
	for (; *at; at++) {
		if (quoted && *at == '\'' && *++at != '\'')
			break;
		if (!quoted && (*at == '=' || isspace((unsigned char)*at)))
			break;
		if (used + 1 < PERFDATA_LABEL_BYTES)
			figure->label[used++] =
				isalnum((unsigned char)*at) || strchr("_.-", *at) ? *at
										  : '_';
	}
	figure->label[used] = '\0';
	return *at == '=' && used ? at + 1 : NULL;
}

static bool take_value(struct perf_figure *figure, const char *at)
{
	size_t size = strspn(at, "+-.0123456789eE");
	char number[32], *end;

	if (size == 0 || size >= sizeof(number))
		return false;
	memcpy(number, at, size);
	number[size] = '\0';
	figure->value = strtod(number, &end);
	at += end - number;
	size = strcspn(at, "; \t\r\v\f\n");
	for (size_t i = 0; end != number && i < ARRAY_LEN(units); i++) {
		if (strlen(units[i].written) != size ||
			strncasecmp(units[i].written, at, size) != 0)
			continue;
		figure->value *= units[i].scale;
		memcpy(figure->unit, units[i].unit, strlen(units[i].unit) + 1);
		return fabs(figure->value) < VALUE_MAX;
	}
	return false;
}

/* To the blank behind the item; quotes hold blanks. */
static const char *skip_item(const char *at)
{
	bool quoted = false;

	for (; *at && *at != '\n' && (quoted || !isspace((unsigned char)*at)); at++)
		quoted ^= *at == '\'';
	return at;
}

static bool has(const struct perfdata *perfdata, const char *label)
{
	for (size_t i = 0; i < perfdata->count; i++)
		if (strcmp(perfdata->items[i].label, label) == 0)
			return true;
	return false;
}

static void read_items(struct perfdata *ret, const char *at)
{
	while (ret->count < PERFDATA_MAX) {
		struct perf_figure figure = { 0 };
		const char *value;

		at += strspn(at, blanks);
		if (!*at || *at == '\n')
			return;
		value = take_label(&figure, at);
		if (value && take_value(&figure, value) && !has(ret, figure.label))
			ret->items[ret->count++] = figure;
		at = skip_item(at);
	}
}

void perfdata_read(struct perfdata *ret, const char *output)
{
	const char *line = output;

	*ret = (struct perfdata){ 0 };
	while (line) {
		size_t size = strcspn(line, "\n");
		const char *bar = memchr(line, '|', size);

		if (bar)
			read_items(ret, bar + 1);
		line = line[size] ? line + size + 1 : NULL;
	}
}
