/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check_logs.c - what the words of `logs` must be together: times of day, names of
 * archives, where lines are forwarded to.
 */
#include <ctype.h>
#include <string.h>

#include "rules/address.h"
#include "rules/checking.h"

enum { PATH_BYTES = 128, GZIP_MOST = 9 };

static bool is_time_of_day(const char *at)
{
	for (size_t i = 0; i < 5; i++)
		if (i == 2 ? at[i] != ':' : !isdigit((unsigned char)at[i]))
			return false;
	return at[5] == '\0' && (at[0] - '0') * 10 + at[1] - '0' < 24 && at[3] < '6';
}

static void check_time_of_day(struct checking *self, const char *at)
{
	if (at && !is_time_of_day(at))
		checking_refuse(self, "logs.rotate.at",
			"must be a time of day from \"00:00\" to \"23:59\", not '%s'",
			at);
}

static void check_rotate(struct checking *self)
{
	const struct log_rotate *rotate = &self->declaration->logs.rotate;

	check_time_of_day(self, rotate->at);
	if (rotate->dateformat && strchr(rotate->dateformat, '/'))
		checking_refuse(self, "logs.rotate.dateformat",
			"'%s' holds a '/': archives in another directory are `olddir`",
			rotate->dateformat);
	if (rotate->compress == COMPRESS_GZIP && rotate->level > GZIP_MOST)
		checking_refuse(self, "logs.rotate.level",
			"gzip has the levels 1 to %d, not %lld", GZIP_MOST,
			(long long)rotate->level);
}

/* "HOST:PORT" or "[::1]:PORT". */
static bool is_host_port(const char *text)
{
	const char *colon = strrchr(text, ':');
	_cleanup_free_ char *host = strndup(text, colon ? (size_t)(colon - text) : 0);
	size_t size = host ? strlen(host) : 0;
	struct error err = { 0 };
	char *end;
	long port = colon ? strtol(colon + 1, &end, 10) : 0;

	if (!colon || !isdigit((unsigned char)colon[1]) || *end || port < 1 ||
		port > UINT16_MAX || !host)
		return false;
	if (host[0] != '[')
		return is_host_name(host);
	if (host[size - 1] != ']')
		return false;
	host[size - 1] = '\0';
	return strchr(host, ':') && !strchr(host, '/') &&
	       address_check(host + 1, &err) == 0;
}

static bool is_forward(const char *to)
{
	if (text_starts(to, "udp://") || text_starts(to, "tcp://"))
		return is_host_port(to + strlen("udp://"));
	return strcmp(to, "journal") == 0 || text_starts(to, "unix:/");
}

static void check_forward(struct checking *self)
{
	const struct strings *forward = &self->declaration->logs.forward;

	for (size_t i = 0; i < forward->count; i++) {
		char path[PATH_BYTES];

		if (is_forward(forward->items[i]))
			continue;
		snprintf(path, sizeof(path), "logs.forward[%zu]", i);
		checking_refuse(self, path,
			"must be journal, udp://HOST:PORT, tcp://HOST:PORT or unix:/PATH, "
			"not '%s'",
			forward->items[i]);
	}
}

/* Whoever looks for files must not be led elsewhere by a name in between. */
static void check_globs(struct checking *self)
{
	const struct logs *logs = &self->declaration->logs;

	for (size_t i = 0; i < logs->files_count; i++) {
		const char *file = logs->files[i].path;
		char path[PATH_BYTES];

		if (!file || strcspn(file, "*?[") > (size_t)(strrchr(file, '/') - file))
			continue;
		snprintf(path, sizeof(path), "logs.files[%zu].path", i);
		checking_refuse(self, path,
			"'%s': * ? and [] may stand in the last part of a path only",
			file);
	}
}

void logs_check(struct checking *self)
{
	check_rotate(self);
	check_forward(self);
	check_globs(self);
}
