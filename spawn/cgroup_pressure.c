/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_pressure.c - two tables of keys, two kinds of files.
 */
#include "spawn/cgroup_pressure.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#include "config/config.h"
#include "spawn/cgroup.h"

enum { FILE_MAX_BYTES = 4096, HUNDREDTHS = 100, PERCENT_MAX = 100 };

#define AT(member) offsetof(struct pressure, member)
static const struct {
	const char *key;
	size_t at;
} counters[] = {
	{ "low ", AT(low) },
	{ "high ", AT(high) },
	{ "max ", AT(max) },
	{ "oom ", AT(oom) },
	{ "oom_kill ", AT(oom_kill) },
};
static const struct {
	const char *file;
	size_t at;
} stalls[] = {
	{ "memory.pressure", AT(memory) },
	{ "cpu.pressure", AT(cpu) },
	{ "io.pressure", AT(io) },
};
#undef AT

static void put(struct pressure *pressure, size_t at, int64_t value)
{
	memcpy((char *)pressure + at, &value, sizeof(value));
}

/* The text behind `key` at the beginning of a line; NULL: no such line. */
static const char *find_line(const char *text, const char *key)
{
	while (text && !text_starts(text, key)) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return text ? text + strlen(key) : NULL;
}

static int64_t read_count(const char *text, const char *key)
{
	const char *at = find_line(text, key);
	char *end;
	long long count;

	if (!at)
		return UNSET;
	count = strtoll(at, &end, 10);
	return end == at || count < 0 ? UNSET : count;
}

/* "some avg10=12.50 avg60=…": two digits follow the point, always (psi.c). */
static int64_t read_some(const char *text)
{
	const char *at = find_line(text, "some avg10=");
	char *end;
	long whole, part;

	if (!at)
		return UNSET;
	whole = strtol(at, &end, 10);
	if (end == at || *end != '.' || whole < 0 || whole > PERCENT_MAX)
		return UNSET;
	at = end + 1;
	part = strtol(at, &end, 10);
	return end != at + 2 || part < 0 ? UNSET : whole * HUNDREDTHS + part;
}

void pressure_unknown(struct pressure *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		put(ret, counters[i].at, UNSET);
	for (size_t i = 0; i < ARRAY_LEN(stalls); i++)
		put(ret, stalls[i].at, UNSET);
}

static void read_events(int dir_fd, struct pressure *ret)
{
	_cleanup_free_ char *events = NULL;

	pressure_unknown(ret);
	if (file_read(&events, NULL, dir_fd, "memory.events", FILE_MAX_BYTES) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		put(ret, counters[i].at, read_count(events, counters[i].key));
}

void cgroup_pressure_events(struct cgroup *cgroup, struct pressure *ret)
{
	read_events(cgroup_fd(cgroup), ret);
}

void cgroup_pressure_read(int dir_fd, struct pressure *ret)
{
	read_events(dir_fd, ret);
	for (size_t i = 0; i < ARRAY_LEN(stalls); i++) {
		_cleanup_free_ char *text = NULL;

		if (file_read(&text, NULL, dir_fd, stalls[i].file, FILE_MAX_BYTES) == 0)
			put(ret, stalls[i].at, read_some(text));
	}
}

void cgroup_pressure(struct cgroup *cgroup, struct pressure *ret)
{
	cgroup_pressure_read(cgroup_fd(cgroup), ret);
}
