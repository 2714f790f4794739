/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * record.c - the rows, and how they are put together.
 */
#include "service/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/words.h"

#include "service/process.h"
#include "service/record_row.h"

/* ---- words that stand in records only --------------------------------------------- */

static const char *const job_kinds[] = {
	[JOB_NONE] = "none",
	[JOB_START] = "start",
	[JOB_STOP] = "stop",
	[JOB_RESTART] = "restart",
	[JOB_RELOAD] = "reload",
};
static const char *const job_results[] = {
	[JOB_RUNNING] = "running",
	[JOB_DONE] = "done",
	[JOB_FAILED] = "failed",
};
static const char *const afterwards[] = {
	[AFTER_DECIDE] = "decide",
	[AFTER_DOWN] = "down",
	[AFTER_START] = "start",
};
static const char *const rolls[] = {
	[ROLL_NONE] = "none",
	[ROLL_NEXT] = "next",
	[ROLL_NOW] = "now",
};

/* ---- rows ------------------------------------------------------------------------- */

#define ROWS_OF(table)                                                                   \
	{                                                                                \
		table, ARRAY_LEN(table)                                                  \
	}
#define ROWS(table) ((struct record_rows)ROWS_OF(table))
/* clang-format off */
#define S(id, member, key) ROW(id, struct service, member, key)
static const struct record_row service_rows[] = {
	ROW_OF(wanted_words, struct service, wanted, "wanted"),
	S(TEXT,  wish.who,          "wish_who"),
	S(REMARK, wish.why,         "wish_why"),
	S(LONG,  wish.since,        "wish_since"),
	S(LONG,  wish.until,        "wish_until"),
	ROW_OF(exit_cause_words, struct service, told.cause, "told_cause"),
	S(TEXT,  told.who,          "told_who"),
	S(REMARK, told.why,         "told_why"),
	S(COUNT, declared,          "declared"),
	S(COUNT, deaths_in_a_row,   "deaths_in_a_row"),
	S(LONG,  exits_ever,        "exits_ever"),
	S(LONG,  job.id,            "job"),
	ROW_OF(job_kinds, struct service, job.kind, "job_kind"),
	ROW_OF(job_results, struct service, job.result, "job_result"),
	S(REMARK, job.reason,       "job_reason"),
	S(AT,    job.began,         "job_began"),
	ROW_OF(job_kinds, struct service, held, "held"),
	S(FLAG,  firewall_applied,  "firewall_applied"),
	S(REMARK, firewall_reason,  "firewall_reason"),
};

#define I(id, member, key) ROW(id, struct instance, member, key)
static const struct record_row instance_rows[] = {
	I(COUNT, generation,           "generation"),
	I(FLAG,  spare,                "spare"),
	I(FLAG,  draining,             "draining"),
	ROW_OF(state_words, struct instance, state, "state"),
	I(AT,    since,                "since"),
	I(LONG,  since_wall,           "since_wall"),
	I(UNTIL, deadline,             "deadline"),
	I(TEXT,  why,                  "why"),
	I(REMARK, status,              "status"),
	I(REMARK, note,                "note"),
	I(NUMBER, pid,                 "pid"),
	I(LONG,  born,                 "born"),
	I(LONG,  started,              "started"),
	I(COUNT, restarts,             "restarts"),
	I(COUNT, deaths,               "deaths"),
	I(LONG,  restart.pause_ms,     "pause_ms"),
	I(COUNT, restart.deaths_count, "deaths_count"),
	I(FLAG,  notified_ready,       "notified_ready"),
	I(FLAG,  ran_before,           "ran_before"),
	I(FLAG,  exec_done,            "exec_done"),
	I(FLAG,  ready,                "ready"),
	ROW_OF(verdict_words, struct instance, verdict, "verdict"),
};

#define P(id, member, key) ROW(id, struct process, member, key)
static const struct record_row process_rows[] = {
	P(COUNT, declared,            "declared"),
	P(AT,    began,               "began"),
	P(AT,    ended,               "ended"),
	P(FLAG,  launched,            "launched"),
	P(FLAG,  served,              "served"),
	P(FLAG,  leaving,             "leaving"),
	P(UNTIL, leave_at,            "leave_at"),
	P(FLAG,  stranger_told,       "stranger_told"),
	P(FLAG,  refusal_told,        "refusal_told"),
	P(NUMBER, sent_signal,        "sent_signal"),
	P(TEXT,  sent_by,             "sent_by"),
	P(NUMBER, last_pid,           "last_pid"),
	P(LONG,  watchdog_us,         "watchdog_us"),
	P(AT,    heard,               "heard"),
	P(COUNT, liveness.in_a_row,   "ill_in_a_row"),
	P(AT,    liveness.latest,     "ill_latest"),
	P(TEXT,  complaint,           "complaint"),
	P(FLAG,  renewal.is_above,    "is_above"),
	P(AT,    renewal.above_since, "above_since"),
	P(FLAG,  ending.known,        "ending"),
	ROW_OF(exit_cause_words, struct process, ending.cause, "ending_cause"),
	P(NUMBER, ending.code,        "ending_code"),
	P(NUMBER, ending.signal,      "ending_signal"),
	P(FLAG,  ending.core,         "ending_core"),
	P(FLAG,  ending.killed,       "ending_killed"),
	P(TEXT,  ending.by,           "ending_by"),
	P(TEXT,  ending.reason,       "ending_reason"),
	ROW_OF(afterwards, struct process, afterwards, "afterwards"),
	P(FLAG,  aborting,            "aborting"),
	P(AT,    again_at,            "again_at"),
	ROW_OF(rolls, struct process, roll, "roll"),
	P(COUNT, roll_from,           "roll_from"),
	P(COUNT, replaces,            "replaces"),
	P(FLAG,  owes_reload,         "owes_reload"),
};

#define E(id, member, key) ROW(id, struct exit_record, member, key)
static const struct record_row exit_rows[] = {
	E(LONG,  number,     "number"),
	E(LONG,  at,         "at"),
	E(COUNT, instance,   "instance"),
	E(COUNT, generation, "generation"),
	E(NUMBER, pid,       "pid"),
	ROW_OF(exit_cause_words, struct exit_record, cause, "cause"),
	E(FLAG,  died,       "died"),
	E(NUMBER, code,      "code"),
	E(NUMBER, signal,    "signal"),
	E(FLAG,  core,       "core"),
	E(LONG,  ran_us,     "ran_us"),
	E(TEXT,  reason,     "reason"),
	E(TEXT,  by,         "by"),
	E(TEXT,  next,       "next"),
};

#define C(id, member, key) ROW(id, struct check_fact, member, key)
static const struct record_row check_rows[] = {
	ROW_OF(verdict_words, struct check_fact, verdict, "verdict"),
	C(TEXT,  reason,     "reason"),
	C(LONG,  latency_us, "latency_us"),
	C(LONG,  at,         "at"),
	C(COUNT, instance,   "instance"),
	C(AT,    heard,      "heard"),
	C(AT,    failing,    "failing"),
};
/* clang-format on */

/* Beside the rows. */
static const char *const service_keys[] = { "identity", "instances", "exits", "checks",
	"member" };
static const char *const instance_keys[] = { "died_at", "kept" };

/* ---- printing --------------------------------------------------------------------- */

/* What a newer version wrote and we do not know stands behind what we know. */
static int print_rest(struct json_t *object, struct json_t *rest)
{
	const char *key;
	struct json_t *value;
	int r = 0;

	json_each(rest, key, value)
	{
		if (!json_get(object, key))
			r |= json_set(object, key, json_share(value));
	}
	return r;
}

static struct json_t *print_deaths(const struct restart *restart)
{
	_cleanup_(json_freep) struct json_t *deaths = json_new_array();
	unsigned kept = MIN(restart->deaths_count, (unsigned)RESTART_DEATHS_KEPT);
	int r = 0;

	for (unsigned i = 0; i < kept; i++)
		r |= json_append(deaths, json_new_int(restart->deaths[i].us));
	return r ? NULL : TAKE(deaths);
}

static struct json_t *print_kept(const struct fdstore *kept)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (size_t i = 0; i < fdstore_count(kept); i++) {
		struct json_t *one = json_new_object();

		r |= json_set_text(one, "name", fdstore_name(kept, i));
		r |= json_set_int(one, "number", fdstore_number(kept, i));
		r |= json_set_bool(one, "poll", fdstore_polls(kept, i));
		r |= json_append(list, one);
	}
	return r ? NULL : TAKE(list);
}

static struct json_t *print_instance(const struct instance *instance)
{
	_cleanup_(json_freep) struct json_t *object = json_new_object();
	const struct process *process = instance->process;
	int r = record_print(object, ROWS(instance_rows), instance);

	r |= record_print(object, ROWS(process_rows), process);
	if (instance->restart.deaths_count > 0)
		r |= json_set(object, "died_at", print_deaths(&instance->restart));
	if (process->kept)
		r |= json_set(object, "kept", print_kept(process->kept));
	r |= print_rest(object, process->rest);
	return r ? NULL : TAKE(object);
}

static struct json_t *print_instances(const struct service *service)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (unsigned i = 0; i < service->instances_count; i++)
		r |= json_append(list, print_instance(&service->instances[i]));
	return r ? NULL : TAKE(list);
}

static struct json_t *print_exits(const struct service *service)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (unsigned i = 0; i < service->exits_count; i++) {
		const struct exit_record *exit = &service->exits[i];
		struct json_t *object = json_new_object();

		r |= record_print(object, ROWS(exit_rows), exit);
		if (exit->last_words)
			r |= json_set_text(object, "last_words", exit->last_words);
		r |= json_append(list, object);
	}
	return r ? NULL : TAKE(list);
}

static struct json_t *print_checks(const struct service *service)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (size_t i = 0; i < service->checks_count; i++) {
		struct json_t *object = json_new_object();

		r |= json_set_text(object, "check", service->checks[i].name);
		r |= record_print(object, ROWS(check_rows), &service->checks[i]);
		r |= json_append(list, object);
	}
	return r ? NULL : TAKE(list);
}

struct json_t *service_record(const struct service *service)
{
	_cleanup_(json_freep) struct json_t *record = json_new_object();
	int r = record_print(record, ROWS(service_rows), service);

	if (service->identity.known)
		r |= json_set(record, "identity", identity_print(&service->identity));
	r |= json_set(record, "instances", print_instances(service));
	if (service->exits_count > 0)
		r |= json_set(record, "exits", print_exits(service));
	if (service->checks_count > 0)
		r |= json_set(record, "checks", print_checks(service));
	r |= print_rest(record, service->rest);
	return r ? NULL : TAKE(record);
}

/* ---- reading ---------------------------------------------------------------------- */

/* The keys of one level. */
struct keys {
	struct record_rows rows, more;
	const char *const *beside;
	size_t beside_count;
};

static bool is_known(const struct keys *keys, const char *key)
{
	return record_has(keys->rows, key) || record_has(keys->more, key) ||
	       words_find(keys->beside, keys->beside_count, key) >= 0;
}

/* What a newer version wrote; stays NULL when everything is known. */
static int keep_rest(struct json_t **rest, const struct keys *keys, struct json_t *object)
{
	struct json_t *value;
	const char *key;
	int r = 0;

	json_each(object, key, value)
	{
		if (is_known(keys, key))
			continue;
		if (!*rest)
			*rest = json_new_object();
		r |= json_set(*rest, key, json_share(value));
	}
	return r;
}

/* Without memory for them they are forgotten. */
static void recall_deaths(struct restart *restart, const struct json_t *deaths)
{
	unsigned kept = MIN(restart->deaths_count, (unsigned)RESTART_DEATHS_KEPT);

	if (kept > 0)
		restart->deaths = calloc(RESTART_DEATHS_KEPT, sizeof(*restart->deaths));
	if (!restart->deaths)
		restart->deaths_count = kept = 0;
	for (unsigned i = 0; i < kept; i++)
		restart->deaths[i].us = json_int(json_item(deaths, i));
}

static int recall_instance(struct instance *instance, struct json_t *object)
{
	static const struct keys keys = { ROWS_OF(instance_rows), ROWS_OF(process_rows),
		instance_keys, ARRAY_LEN(instance_keys) };

	record_read(instance, ROWS(instance_rows), object);
	record_read(instance->process, ROWS(process_rows), object);
	instance->pid = MAX(instance->pid, 0);
	recall_deaths(&instance->restart, json_get(object, "died_at"));
	return keep_rest(&instance->process->rest, &keys, object);
}

static bool is_slot_of(const struct service *service, unsigned number)
{
	return number <= service->instances_count;
}

static int recall_instances(struct service *service, const struct json_t *list)
{
	size_t count = MIN(json_size(list), (size_t)SLOTS_MAX);
	int r = service_add_slots(service, (unsigned)count);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = recall_instance(&service->instances[i], json_item(list, i));
	for (unsigned i = 0; i < service->instances_count; i++)
		if (!is_slot_of(service, service->instances[i].process->replaces))
			service->instances[i].process->replaces = 0;
	return r;
}

/* The oldest first, so that the newest becomes the first of the list. */
static void recall_exits(struct service *service, const struct json_t *list)
{
	uint64_t ever = service->exits_ever;

	for (size_t i = MIN(json_size(list), (size_t)EXITS_KEPT); i-- > 0;) {
		const struct json_t *object = json_item(list, i);
		const char *words = json_get_text(object, "last_words", NULL);
		struct exit_record exit;

		record_read(&exit, ROWS(exit_rows), object);
		exit.last_words = words ? strdup(words) : NULL;
		service->exits_ever = exit.number - 1;
		(void)exits_add(service, &exit);
	}
	service->exits_ever = ever;
}

static int recall_checks(struct service *service, const struct json_t *list)
{
	for (size_t i = 0; i < json_size(list); i++) {
		const struct json_t *object = json_item(list, i);
		struct check_fact *fact =
			service_add_fact(service, json_get_text(object, "check", ""));

		if (!fact)
			return -ENOMEM;
		record_read(fact, ROWS(check_rows), object);
	}
	return 0;
}

int service_recall(struct service *service, struct json_t *record)
{
	static const struct keys keys = { .rows = ROWS_OF(service_rows),
		.beside = service_keys,
		.beside_count = ARRAY_LEN(service_keys) };
	int r;

	record_read(service, ROWS(service_rows), record);
	if (json_get(record, "identity"))
		(void)identity_read(&service->identity, json_get(record, "identity"));
	r = recall_instances(service, json_get(record, "instances"));
	if (r == 0)
		r = recall_checks(service, json_get(record, "checks"));
	if (r == 0)
		r = keep_rest(&service->rest, &keys, record);
	recall_exits(service, json_get(record, "exits"));
	return r;
}
