/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * line.h - pure: what one line says of its time and its level, without rewriting it.
 *
 * Understands a stamp in front (ISO 8601, TAI64N), `<N>` of sd-daemon(3), and JSON
 * objects as bunyan, pino, ECS and plain loggers write them. Bytes may be anything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

enum level {
	LEVEL_UNKNOWN,
	LEVEL_TRACE,
	LEVEL_DEBUG,
	LEVEL_INFO,
	LEVEL_NOTICE,
	LEVEL_WARNING,
	LEVEL_ERROR,
	LEVEL_FATAL,
};
extern const char *const level_words[8]; /* [LEVEL_UNKNOWN] is NULL */

struct line_facts {
	bool timed;
	struct wall at;
	enum level level;
	const char *text; /* the line without our stamp and `<N>`; within what was read */
	size_t size;
};

/* `line` without its newline. */
struct line_facts line_read(const char *line, size_t size);

/* "error", "err", "40" … in any case; LEVEL_UNKNOWN. */
enum level level_read(const char *word, size_t size);
int level_to_syslog(enum level level);
/* RFC 3339 (also with a space or a comma in it), "@" TAI64N, or a date alone; how many
 * bytes were the time, 0: none. */
size_t time_read(struct wall *ret, const char *text, size_t size);
