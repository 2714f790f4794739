/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * query.c - the only user of PCRE2 in this room. Patterns come from strangers: no code of
 * ours is called from them, and a match may not take more than a fixed number of steps.
 */
#include "logrotate/query.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/words.h"

#include "config/config.h"
#include "logrotate/service.h"

enum {
	PATTERN_MAX_BYTES = 4096,
	MATCH_STEPS = 100000,
	MATCH_HEAP_KIB = 1024,
};

struct pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
};

static void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_match_context_free(pattern->context);
	pcre2_match_data_free(pattern->data);
	pcre2_code_free(pattern->code);
	free(pattern);
}

/* Any bytes may be searched: no UTF mode. */
static int pattern_new(struct pattern **ret, const char *text, struct error *err)
{
	struct pattern *pattern;
	PCRE2_UCHAR reason[128];
	PCRE2_SIZE offset;
	int code;

	if (strlen(text) > PATTERN_MAX_BYTES)
		return error_set(err, -EINVAL, "grep: the pattern has more than %d bytes",
			PATTERN_MAX_BYTES);
	pattern = calloc(1, sizeof(*pattern));
	if (!pattern)
		return error_errno(err, -ENOMEM, "grep");
	pattern->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
		PCRE2_NEVER_UTF, &code, &offset, NULL);
	if (!pattern->code) {
		pcre2_get_error_message(code, reason, sizeof(reason));
		free(pattern);
		return error_set(err, -EINVAL, "grep: %s at byte %zu of the pattern",
			(char *)reason, offset);
	}
	pattern->data = pcre2_match_data_create(1, NULL);
	pattern->context = pcre2_match_context_create(NULL);
	if (!pattern->data || !pattern->context) {
		pattern_free(pattern);
		return error_errno(err, -ENOMEM, "grep");
	}
	pcre2_set_match_limit(pattern->context, MATCH_STEPS);
	pcre2_set_heap_limit(pattern->context, MATCH_HEAP_KIB);
	*ret = pattern;
	return 0;
}

static bool pattern_matches(const struct pattern *pattern, const char *text, size_t size)
{
	return pcre2_match(pattern->code, (PCRE2_SPTR)text, size, 0, 0, pattern->data,
		       pattern->context) >= 0;
}

/* "15m", also "15m ago". */
static bool read_ago(int64_t *ret_s, const char *text)
{
	static const struct {
		char unit;
		int64_t s;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
		{ 'w', 604800 } };
	char *end;
	long long number = strtoll(text, &end, 10);

	if (end == text || number < 0 || number > INT32_MAX || *end == '\0' ||
		(end[1] != '\0' && strcmp(end + 1, " ago") != 0))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].unit != *end)
			continue;
		*ret_s = number * units[i].s;
		return true;
	}
	return false;
}

bool query_read_time(struct wall *ret, const char *text, struct wall now)
{
	size_t size = strlen(text);
	int64_t ago_s;
	char *end;

	if (strcmp(text, "now") == 0) {
		*ret = now;
		return true;
	}
	if (text[0] == '@' && size < 20) {
		ret->us = strtoll(text + 1, &end, 10) * US_PER_S;
		return end != text + 1 && *end == '\0';
	}
	if (read_ago(&ago_s, text)) {
		ret->us = now.us - ago_s * US_PER_S;
		return true;
	}
	return size > 0 && time_read(ret, text, size) == size;
}

static int read_time(struct wall *ret, const struct json_t *parameters, const char *key,
	struct wall now, struct error *err)
{
	const char *text = json_get_text(parameters, key, NULL);

	if (!text || query_read_time(ret, text, now))
		return 0;
	return error_set(err, -EINVAL,
		"%s: \"%.64s\" is no time: write 2026-11-23T05:36:39Z, 2026-11-23, @SECONDS, 90s, 15m, 2h or 7d",
		key, text);
}

static int read_lines(
	struct query *query, const struct json_t *parameters, struct error *err)
{
	const struct json_t *lines = json_get(parameters, "lines");

	query->lines = query->since.us > 0 ? -1 : QUERY_DEFAULT_LINES;
	if (json_kind(lines) == JSON_IS_NULL)
		return 0;
	query->lines = json_int(lines);
	if (json_kind(lines) != JSON_IS_INT || query->lines < -1 ||
		query->lines > QUERY_MAX_LINES)
		return error_set(err, -EINVAL,
			"lines: expected 0 to %d, or -1 for all of them",
			QUERY_MAX_LINES);
	return 0;
}

static int read_words(
	struct query *query, const struct json_t *parameters, struct error *err)
{
	const char *level = json_get_text(parameters, "level", NULL);
	const char *stream = json_get_text(parameters, "stream", NULL);

	query->level = level ? level_read(level, strlen(level)) : LEVEL_UNKNOWN;
	if (level && query->level == LEVEL_UNKNOWN)
		return error_set(err, -EINVAL,
			"level: \"%.32s\" is none of trace debug info notice warning error fatal",
			level);
	query->stream = stream ? words_find(stream_words, STREAMS, stream) : -1;
	if (stream && query->stream < 0)
		return error_set(err, -EINVAL,
			"stream: \"%.32s\" is neither stdout nor stderr", stream);
	return 0;
}

int query_read(struct query *ret, const struct json_t *parameters, struct wall now,
	struct error *err)
{
	const char *grep = json_get_text(parameters, "grep", NULL);
	struct query query = { .until = { INT64_MAX } };
	int r = read_time(&query.since, parameters, "since", now, err);

	if (r == 0)
		r = read_time(&query.until, parameters, "until", now, err);
	if (r == 0)
		r = read_lines(&query, parameters, err);
	if (r == 0)
		r = read_words(&query, parameters, err);
	query.follow = json_get_bool(parameters, "follow", false);
	if (r == 0 && grep)
		r = pattern_new(&query.pattern, grep, err);
	if (r == 0)
		*ret = query;
	return r;
}

void query_done(struct query *query)
{
	pattern_free(query->pattern);
	query->pattern = NULL;
}

bool query_wants(const struct query *query, const struct line_facts *facts,
	const char *raw, size_t size)
{
	enum level level = facts->level == LEVEL_UNKNOWN ? LEVEL_INFO : facts->level;

	if (facts->timed &&
		(facts->at.us < query->since.us || facts->at.us > query->until.us))
		return false;
	if (level < query->level)
		return false;
	return !query->pattern || pattern_matches(query->pattern, raw, size);
}
