/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * query.h - which lines somebody wants to see. Read from the words of the question, then
 * asked of each line in the searching thread.
 */
#pragma once

#include "base/error.h"
#include "base/json.h"

#include "logrotate/line.h"

enum { QUERY_MAX_LINES = 100000, QUERY_DEFAULT_LINES = 100 };

struct query {
	struct wall since, until; /* 0 and INT64_MAX: not asked */
	enum level level;         /* at least; LEVEL_UNKNOWN: any */
	int stream;               /* STREAM_OUT, STREAM_ERR, or -1: both */
	int64_t lines;            /* the newest so many; -1: all */
	bool follow;
	struct pattern *pattern; /* NULL: any text */
};

/* Words as in docs/engines.md. -EINVAL and a sentence that says what was expected. */
int query_read(struct query *ret, const struct json_t *parameters, struct wall now,
	struct error *err);
void query_done(struct query *query);
/* `raw` is the whole line. A line without a level counts as info. */
bool query_wants(const struct query *query, const struct line_facts *facts,
	const char *raw, size_t size);
/* "2026-11-23T05:36:39Z", "2026-11-23", "@1790000000", "90s", "15m", "2h", "7d" (ago). */
bool query_read_time(struct wall *ret, const char *text, struct wall now);
