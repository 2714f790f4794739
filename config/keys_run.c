/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys_run.c - the keys below `run`, `listen` and `files`: the process, its ports and its
 * files.
 */
#include "config/keys.h"

static const char *const run_kind_words[] = {
	[RUN_SERVICE] = "service",
	[RUN_ONESHOT] = "oneshot",
};
static const char *const restart_policy_words[] = {
	[RESTART_ALWAYS] = "always",
	[RESTART_ON_FAILURE] = "on-failure",
	[RESTART_NEVER] = "never",
};
static const char *const handover_words[] = {
	[HANDOVER_AUTO] = "auto",
	[HANDOVER_START_FIRST] = "start-first",
	[HANDOVER_STOP_FIRST] = "stop-first",
};
static const char *const auto_apply_words[] = {
	[AUTO_APPLY_SAFE] = "safe",
	[AUTO_APPLY_RESTART] = "restart",
};
static const char *const protocol_words[] = {
	[PROTOCOL_TCP] = "tcp",
	[PROTOCOL_UDP] = "udp",
};
static const char *const hold_words[] = {
	[HOLD_AUTO] = "auto",
	[HOLD_FDS] = "fds",
	[HOLD_PRELOAD] = "preload",
	[HOLD_OFF] = "off",
};
const char *const on_change_words[] = {
	[ON_CHANGE_RESTART] = "restart",
	[ON_CHANGE_RELOAD] = "reload",
	[ON_CHANGE_NOTHING] = "nothing",
};

enum { SECOND = 1000, HOUR = 3600 * SECOND, DAY = 24 * HOUR };

#define AT(member) offsetof(struct run, member)
/* clang-format off */

static const struct rows ready_rows = { .noun = "ready", .fields = (const struct field[]){
	{ "by", AT(ready.by), &kind_word, CHANGE_IN_PLACE, "listen",
		.help = "what says that it is up: its port listens, it notifies, a check passes, or it was started",
		.words = WORDS(ready_by) },
	{ "timeout", AT(ready.timeout_ms), &kind_duration, CHANGE_IN_PLACE, "60s",
		.help = "how long it may take to get there", .least = 100, .most = HOUR },
	{ 0 } } };

static const struct rows stop_rows = { .noun = "stop", .fields = (const struct field[]){
	{ "signal", AT(stop.signal), &kind_text, CHANGE_IN_PLACE, "TERM",
		.shape = &shape_signal, .help = "signal that asks it to end" },
	{ "timeout", AT(stop.timeout_ms), &kind_duration, CHANGE_IN_PLACE, "60s",
		.help = "how long it may take; then its whole cgroup is killed",
		.most = HOUR },
	{ 0 } } };

static const struct rows reload_rows = {
	.noun = "reload",
	.fields = (const struct field[]){
	{ "signal", AT(reload.signal), &kind_text, CHANGE_IN_PLACE,
		.shape = &shape_signal,
		.help = "signal that makes it read its configuration again" },
	{ "command", AT(reload.command), &kind_argv, CHANGE_IN_PLACE,
		.keep_instance = true,
		.help = "command that does, run as the service's user" },
	{ 0 } } };

static const struct rows give_up_rows = {
	.noun = "give_up",
	.fields = (const struct field[]){
	{ "after", AT(restart.give_up_after), &kind_count, CHANGE_IN_PLACE,
		.required = true, .help = "deaths that are too many", .least = 1,
		.most = GIVE_UP_AFTER_MOST },
	{ "within", AT(restart.give_up_within_ms), &kind_duration, CHANGE_IN_PLACE,
		.required = true, .help = "time in which they are", .least = SECOND,
		.most = INT64_C(7) * DAY },
	{ 0 } } };

static const struct rows restart_rows = {
	.noun = "restart",
	.fields = (const struct field[]){
	{ "policy", AT(restart.policy), &kind_word, CHANGE_IN_PLACE, "always",
		.help = "after which ends it is started again",
		.words = WORDS(restart_policy) },
	{ "delay", AT(restart.delay_ms), &kind_duration, CHANGE_IN_PLACE, "100ms",
		.help = "pause before the first restart; doubles each time",
		.most = HOUR },
	{ "delay_max", AT(restart.delay_max_ms), &kind_duration, CHANGE_IN_PLACE, "30s",
		.help = "the longest pause", .least = 1, .most = DAY },
	{ "stable", AT(restart.stable_ms), &kind_duration, CHANGE_IN_PLACE, "60s",
		.help = "up for this long, the pause is short again", .least = 1,
		.most = DAY },
	{ "give_up", AT(restart.give_up_after), &kind_choice, CHANGE_IN_PLACE,
		.rows = &give_up_rows,
		.help = "when it is failed until told; null: never, it is tried for ever at delay_max" },
	{ "handover", AT(restart.handover), &kind_word, CHANGE_IN_PLACE, "auto",
		.help = "whether a restart starts the new process before it stops the old one",
		.words = WORDS(handover) },
	{ "memory_above", AT(restart.memory_above_bytes), &kind_size, CHANGE_IN_PLACE,
		.least = 1,
		.help = "a graceful restart when it uses more for a minute; below limits.memory_high" },
	{ "max_age", AT(restart.max_age_ms), &kind_duration, CHANGE_IN_PLACE,
		.least = HOUR,
		.help = "a graceful restart at this age, spread over hosts",
		.most = 366 * (int64_t)DAY },
	{ 0 } } };

static const struct rows drain_rows = { .noun = "drain", .fields = (const struct field[]){
	{ "settle", AT(drain.settle_ms), &kind_duration, CHANGE_IN_PLACE, "2s",
		.help = "no new connection for this long means that the balancers know",
		.most = HOUR },
	{ "announce_max", AT(drain.announce_max_ms), &kind_duration, CHANGE_IN_PLACE,
		"30s", .help = "the longest wait for that", .most = HOUR },
	{ "max", AT(drain.max_ms), &kind_duration, CHANGE_IN_PLACE, "60s",
		.help = "the longest wait for open connections to end", .most = HOUR },
	{ 0 } } };

const struct rows run_rows = { .noun = "run", .fields = (const struct field[]){
	{ "kind", AT(kind), &kind_word, CHANGE_RESTART, "service",
		.help = "a service runs on; a oneshot runs to its end",
		.words = WORDS(run_kind) },
	{ "command", AT(command), &kind_argv, CHANGE_RESTART, .required = true,
		.keep_instance = true,
		.help = "program and arguments; no shell reads them" },
	{ "directory", AT(directory), &kind_text, CHANGE_RESTART, .shape = &shape_path,
		.help = "working directory", .derived = "/" },
	{ "user", AT(user), &kind_text, CHANGE_RESTART, .shape = &shape_user,
		.help = "user", .derived = "names.user" },
	{ "group", AT(group), &kind_text, CHANGE_RESTART, .shape = &shape_user,
		.help = "group", .derived = "names.group" },
	{ "environment", AT(environment), &kind_pairs, CHANGE_RESTART, "{}",
		.keys = &shape_variable, .keep_instance = true, .keep_secrets = true,
		.lines = true, .most = 1 << 17,
		.help = "variables; nothing else is inherited; ${secret.KEY} may stand here" },
	{ "environment_file", AT(environment_file), &kind_text, CHANGE_RESTART,
		.shape = &shape_path,
		.help = "NAME=value lines, read at start and never shown; mode 0600 or 0640" },
	{ "instances", AT(instances), &kind_count, CHANGE_IN_PLACE, "1",
		.help = "copies on this host; ${instance} is 1..N; a change starts or stops those that differ", .least = 1,
		.most = 256 },
	{ "umask", AT(umask), &kind_mode, CHANGE_RESTART, "0022", .help = "umask" },
	{ "nice", AT(nice), &kind_count, CHANGE_RESTART, "0", .help = "nice value",
		.least = -20, .most = 19 },
	{ "before", AT(before), &kind_argvs, CHANGE_RESTART, "[]", .keep_instance = true,
		.help = "commands that must succeed before each start; same user, sandbox and limits" },
	{ "ready", 0, &kind_section, .rows = &ready_rows, .help = "when it is up" },
	{ "stop", 0, &kind_section, .rows = &stop_rows, .help = "how it is stopped" },
	{ "reload", AT(reload.possible), &kind_reload, CHANGE_IN_PLACE, "none",
		.help = "how it reads its configuration again", .rows = &reload_rows },
	{ "restart", 0, &kind_section, .rows = &restart_rows,
		.help = "what happens when it ends" },
	{ "watchdog", AT(watchdog_ms), &kind_duration, CHANGE_RESTART, .least = 100,
		.most = DAY, .help = "it must say WATCHDOG=1 at least this often" },
	{ "batch", AT(batch), &kind_count, CHANGE_IN_PLACE, "1",
		.help = "instances that a rolling restart takes at a time; with start-first it is one", .least = 1,
		.most = 256 },
	{ "auto_apply", AT(auto_apply), &kind_word, CHANGE_IN_PLACE, "safe",
		.help = "whether a changed file may restart it, or waits for `svcctl apply`",
		.words = WORDS(auto_apply) },
	{ "drain", 0, &kind_section, .rows = &drain_rows,
		.help = "how traffic is moved away first" },
	{ 0 } } };

#undef AT
#define AT(member) offsetof(struct listen, member)
const struct rows listen_rows = {
	.noun = "a port", .size = sizeof(struct listen),
	.fields = (const struct field[]){
	{ "name", AT(name), &kind_text, CHANGE_RESTART, .required = true,
		.shape = &shape_name,
		.help = "name of the port, for checks, the firewall and LISTEN_FDNAMES" },
	{ "port", AT(port), &kind_port, CHANGE_RESTART, .required = true,
		.keep_instance = true,
		.help = "port number; ${10042 + instance} for one each" },
	{ "protocol", AT(protocol), &kind_word, CHANGE_RESTART, "tcp", .help = "protocol",
		.words = WORDS(protocol) },
	{ "address", AT(address), &kind_text, CHANGE_RESTART, "*",
		.help = "address that it binds; * is all" },
	{ "tls", AT(tls), &kind_bool, CHANGE_IN_PLACE, "false",
		.help = "whether it speaks TLS" },
	{ "hold", AT(hold), &kind_word, CHANGE_RESTART, "auto",
		.help = "whether svcd holds the socket over restarts, and how the process gets it",
		.words = WORDS(hold) },
	{ "hold_grace", AT(hold_grace_ms), &kind_duration, CHANGE_IN_PLACE, "5s",
		.help = "how long a held port stays open when no process is left",
		.most = HOUR },
	{ "backlog", AT(backlog), &kind_count, CHANGE_RESTART, "1024",
		.help = "connections that may wait", .least = 1, .most = 65535 },
	{ 0 } } };

#undef AT
#define AT(member) offsetof(struct file, member)
const struct rows file_rows = {
	.noun = "a file", .size = sizeof(struct file),
	.fields = (const struct field[]){
	{ "path", AT(path), &kind_text, CHANGE_RESTART, .required = true,
		.shape = &shape_path, .keep_instance = true,
		.help = "where it is written" },
	{ "template", AT(template), &kind_text, CHANGE_RESTART,
		.help = "file whose text it gets, below the share or /etc/svcd/templates/files" },
	{ "content", AT(content), &kind_block, CHANGE_RESTART, .keep_instance = true,
		.verbatim = true, .most = DOCUMENT_MAX_BYTES,
		.help = "its text, where there is no template; ${secret.KEY} may stand here" },
	{ "values", AT(values), &kind_pairs, CHANGE_RESTART, "{}", .keys = &shape_name,
		.keep_instance = true, .lines = true, .most = 65536,
		.help = "names for this text, as ${values.NAME}" },
	{ "mode", AT(mode), &kind_mode, CHANGE_RESTART, "0644",
		.help = "mode; 0640 at most, and by default, where a secret stands in it" },
	{ "on_change", AT(on_change), &kind_word, CHANGE_IN_PLACE, "restart",
		.help = "what a changed text needs; nothing: it is written at the next start; reload is a restart where run.reload is none",
		.words = WORDS(on_change) },
	{ 0 } } };

/* clang-format on */
