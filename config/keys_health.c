/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys_health.c - the keys below `health`. A check says what it asks by one key (http,
 * openapi, tcp, exec, file, notify), and that decides some of its defaults.
 */
#include "config/keys.h"

/* What a check does when its keys do not say. */
static const struct check_defaults {
	enum check_effect effect;
	int64_t interval_ms, timeout_ms;
} check_defaults[] = {
	[CHECK_HTTP] = { EFFECT_READY, 5000, 1000 },
	[CHECK_OPENAPI] = { EFFECT_WARN, 60000, 5000 },
	[CHECK_TCP] = { EFFECT_READY, 5000, 1000 },
	[CHECK_EXEC] = { EFFECT_WARN, 30000, 10000 },
	[CHECK_FILE] = { EFFECT_WARN, 5000, 1000 },
	[CHECK_NOTIFY] = { EFFECT_READY, 5000, 1000 },
};

enum { HOUR = 3600 * 1000, DAY = 24 * HOUR };

static bool asks_by_http(const struct check *check)
{
	return check->kind == CHECK_HTTP || check->kind == CHECK_OPENAPI;
}

/* Keys beside the probe say how it asks: only of one that asks so, and only once. */
static void check_beside(
	struct reader *reader, const struct node *node, const struct check *check)
{
	const char *probe = check_kind_words[check->kind];
	const struct node *asked = node_get(node, probe);

	for (size_t i = 0; i < node->count; i++) {
		const struct node_item *item = &node->items[i];
		const struct field *row = rows_find(&check_rows, item->key);
		struct step step = { .up = reader->at, .key = item->key };

		if (!row || !row->alias)
			continue;
		reader->at = &step;
		if (!asks_by_http(check)) {
			refuse_at(reader, item->key_mark,
				"says how http and openapi ask; this check asks %s",
				probe);
		} else if (asked->kind == NODE_MAP && node_get(asked, item->key)) {
			refuse_at(reader, item->key_mark,
				"stands in %s already; write it once", probe);
		}
		reader->at = step.up;
	}
}

static int finish_check(struct reader *reader, const struct node *node, void *base)
{
	struct check *check = base;
	const struct check_defaults *defaults = &check_defaults[check->kind];
	const char *first = NULL;

	for (const struct field *row = check_rows.fields; row->key; row++) {
		if (row->kind != &kind_probe || !node_get(node, row->key))
			continue;
		if (first) {
			refuse(reader, node, "asks %s and %s: make two checks of it",
				first, row->key);
		}
		first = row->key;
	}
	if (!first) {
		refuse(reader, node,
			"asks nothing: it needs one of http, openapi, tcp, exec, file, notify");
		return 0;
	}
	check_beside(reader, node, check);
	if (!node_get(node, "effect"))
		check->effect = defaults->effect;
	if (check->interval_ms == UNSET)
		check->interval_ms = defaults->interval_ms;
	if (check->timeout_ms == UNSET)
		check->timeout_ms = MIN(defaults->timeout_ms, check->interval_ms);
	return 0;
}

#define AT(member) offsetof(struct check, member)
/* clang-format off */

static const struct rows tls_rows = { .noun = "tls", .fields = (const struct field[]){
	{ "verify", AT(tls_verify), &kind_bool, CHANGE_IN_PLACE, "true",
		.help = "whether the certificate must be good for the name" },
	{ "sni", AT(tls_sni), &kind_text, CHANGE_IN_PLACE, .shape = &shape_host,
		.help = "name to ask for", .derived = "host" },
	{ 0 } } };

static const struct field path_row = { "path", AT(path), &kind_text, CHANGE_IN_PLACE,
	.required = true, .shape = &shape_asked, .keep_instance = true,
	.help = "path and query, such as /_info" };

/* How a check by http or openapi asks, and what is a good answer: below `http`, or beside
 * it when `http` is the path alone. */
#define ASKING(beside)                                                                   \
	{ "port", AT(port), &kind_port_name, CHANGE_IN_PLACE, .shape = &shape_name,      \
		.help = "port: a name of `listen` or a number",                          \
		.derived = "the first of `listen`", .alias = (beside) },                 \
	{ "socket", AT(unix_socket), &kind_text, CHANGE_IN_PLACE, .shape = &shape_path,  \
		.help = "unix socket to connect to instead", .alias = (beside) },        \
	{ "host", AT(host), &kind_text, CHANGE_IN_PLACE, .shape = &shape_host,           \
		.help = "Host header", .derived = "localhost", .alias = (beside) },      \
	{ "method", AT(method), &kind_text, CHANGE_IN_PLACE, "GET",                      \
		.shape = &shape_method, .help = "method", .alias = (beside) },           \
	{ "headers", AT(headers), &kind_pairs, CHANGE_IN_PLACE, "{}",                    \
		.keys = &shape_header, .help = "headers to send", .alias = (beside) },   \
	{ "body", AT(body), &kind_block, CHANGE_IN_PLACE, .most = 1 << 16,               \
		.help = "body to send", .alias = (beside) },                             \
	{ "status", AT(status), &kind_codes, CHANGE_IN_PLACE, "[200]",                   \
		.help = "codes that are good; any: that it answers at all", .count_at = AT(status_count),             \
		.least = 100, .most = 599, .alias = (beside) },                          \
	{ "matches", AT(matches), &kind_text, CHANGE_IN_PLACE, .alias = (beside),        \
		.help = "regular expression (PCRE2) that the answer must match" },       \
	{ "match", AT(matches), &kind_text, CHANGE_IN_PLACE, .alias = true,              \
		.help = "the same as matches" },                                         \
	{ "tls", AT(tls), &kind_switch, CHANGE_IN_PLACE, .rows = &tls_rows,              \
		.help = "asks by https", .alias = (beside) }

static const struct rows http_rows = { .noun = "http", .fields = (const struct field[]){
	{ "path", AT(path), &kind_text, CHANGE_IN_PLACE, .required = true,
		.shape = &shape_asked, .keep_instance = true,
		.help = "path and query, such as /_info" },
	ASKING(false),
	{ 0 } } };

static const struct field port_row = { "port", AT(port), &kind_port_name, CHANGE_IN_PLACE,
	.required = true, .shape = &shape_name,
	.help = "port: a name of `listen` or a number" };

static const struct rows tcp_rows = { .noun = "tcp", .fields = (const struct field[]){
	{ "port", AT(port), &kind_port_name, CHANGE_IN_PLACE, .required = true,
		.shape = &shape_name, .help = "port: a name of `listen` or a number" },
	{ "host", AT(host), &kind_text, CHANGE_IN_PLACE, .shape = &shape_host,
		.help = "address to connect to", .derived = "localhost" },
	{ 0 } } };

static const struct field exec_row = { "exec", AT(exec), &kind_argv, CHANGE_IN_PLACE,
	.required = true, .keep_instance = true, .help = "program and arguments" };

static const struct field file_row = { "path", AT(path), &kind_text, CHANGE_IN_PLACE,
	.required = true, .shape = &shape_path, .keep_instance = true, .help = "path of a file" };

static const struct rows file_check_rows = {
	.noun = "file",
	.fields = (const struct field[]){
	{ "path", AT(path), &kind_text, CHANGE_IN_PLACE, .required = true,
		.shape = &shape_path, .keep_instance = true,
		.help = "path of a file that must exist" },
	{ "fresh", AT(fresh_ms), &kind_duration, CHANGE_IN_PLACE, .least = 1,
		.help = "and must have been written within this time",
		.most = 366 * (int64_t)DAY },
	{ 0 } } };

const struct rows check_rows = { .noun = "a check", .size = sizeof(struct check),
	.first = &kind_probe, .finish = finish_check, .fields = (const struct field[]){
	{ "name", AT(name), &kind_text, CHANGE_IN_PLACE, .required = true,
		.shape = &shape_name, .help = "name of the check, in every face" },
	{ "http", 0, &kind_probe, CHANGE_IN_PLACE, .value = CHECK_HTTP, .item = &path_row,
		.rows = &http_rows, .help = "asks this path by HTTP; or a map" },
	{ "openapi", 0, &kind_probe, CHANGE_IN_PLACE, .value = CHECK_OPENAPI,
		.item = &path_row, .rows = &http_rows,
		.help = "tries every example of the specification at this path" },
	{ "tcp", 0, &kind_probe, CHANGE_IN_PLACE, .value = CHECK_TCP, .item = &port_row,
		.rows = &tcp_rows, .help = "connects to this port; or a map" },
	{ "exec", 0, &kind_probe, CHANGE_IN_PLACE, .value = CHECK_EXEC, .item = &exec_row,
		.help = "runs this command, as the service's user, in a cgroup of its own: exit 0 "
			"passes, 1 warns, 2 fails, anything else is unknown" },
	{ "file", 0, &kind_probe, CHANGE_IN_PLACE, .value = CHECK_FILE, .item = &file_row,
		.rows = &file_check_rows, .help = "looks for this file; or a map" },
	{ "notify", 0, &kind_probe, CHANGE_IN_PLACE, .value = CHECK_NOTIFY,
		.help = "the service says by itself, with its notify socket, that it is well" },
	ASKING(true),
	{ "effect", AT(effect), &kind_word, CHANGE_IN_PLACE, "ready",
		.help = "what failing does: not ready, a restart (after live_after), or a warning",
		.derived = "ready for http, tcp and notify, else warn",
		.words = WORDS(check_effect) },
	{ "interval", AT(interval_ms), &kind_duration, CHANGE_IN_PLACE, .least = 100,
		.most = DAY, .help = "how often", .derived = "5s; openapi 60s, exec 30s" },
	{ "timeout", AT(timeout_ms), &kind_duration, CHANGE_IN_PLACE, .least = 10,
		.most = HOUR, .help = "how long an answer may take",
		.derived = "1s; openapi 5s, exec 10s" },
	{ "fast_interval", AT(fast_interval_ms), &kind_duration, CHANGE_IN_PLACE,
		.least = 100, .most = DAY, .help = "how often while results change",
		.derived = "1s, or the interval when that is shorter" },
	{ "live_after", AT(live_after_ms), &kind_duration, CHANGE_IN_PLACE, "60s",
		.help = "effect live: it must fail this long before the restart; twice as "
			"long after each that did not help, up to 1h",
		.least = 1000, .most = DAY },
	{ "rise", AT(rise), &kind_count, CHANGE_IN_PLACE, "2",
		.help = "good results in a row until it passes", .least = 1,
		.most = 1000 },
	{ "fall", AT(fall), &kind_count, CHANGE_IN_PLACE, "3",
		.help = "bad results in a row until it fails", .least = 1, .most = 1000 },
	{ "startup", AT(startup), &kind_bool, CHANGE_IN_PLACE, "false",
		.help = "whether the other checks wait until this one has passed once" },
	{ 0 } } };

#undef AT
#define AT(member) offsetof(struct declaration, member)
const struct rows health_rows = { .noun = "health", .fields = (const struct field[]){
	{ "checks", AT(health.checks), &kind_list, CHANGE_IN_PLACE, "[]",
		.help = "what is asked", .count_at = AT(health.checks_count),
		.rows = &check_rows },
	{ "slow_start", AT(health.slow_start_ms), &kind_duration, CHANGE_IN_PLACE, "0s",
		.help = "its weight grows for this long after it became ready",
		.most = HOUR },
	{ "hold_down", AT(health.hold_down), &kind_bool, CHANGE_IN_PLACE, "true",
		.help = "whether flapping is damped" },
	{ 0 } } };

/* clang-format on */
