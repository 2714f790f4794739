/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * log.h - one line with fields to the journal, or to standard error.
 *
 * Leaves are quiet: a function logs or returns the trouble, never both. Only programs'
 * top rooms call these above debug.
 */
#pragma once

#include <stddef.h>
#include <syslog.h>

/* Journal when standard error is connected to it ($JOURNAL_STREAM,
 * sd_journal_stream_fd(3)), else "LEVEL ident: text" lines on standard error. `ident`
 * must live as long as the process. */
void log_init(const char *ident, int max_level);

void log_at(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* About one service: adds SVCD_SERVICE= and, when not NULL, SVCD_EVENT= and
 * MESSAGE_ID=. */
struct log_about {
	const char *service;
	const char *event;
	const char *message_id; /* 32 hex digits, an entry of the catalog */
	/* "NAME=value" for the journal alone, ended by NULL; LOG_FIELDS_MAX of them. */
	const char *const *fields;
};
enum { LOG_FIELDS_MAX = 8 };
void log_about(int level, struct log_about about, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A line that a service printed, to the journal: SYSLOG_IDENTIFIER= and SVCD_SERVICE=
 * say whose, SVCD_STREAM= where. It may wait for the journal: not on a loop. 0 (also
 * without a journal), -errno. */
struct log_line {
	const char *service, *stream;
	int level;
	const char *text; /* any bytes */
	size_t size;
};
int log_forward(const struct log_line *line);

#define log_error(...)   log_at(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_at(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_at(LOG_DEBUG, __VA_ARGS__)
