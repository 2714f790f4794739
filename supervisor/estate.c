/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * estate.c - the state of all services as one JSON document, and its way through the
 * store:
 *
 *   {"format": 1, "boot": "…", "index": 812, "clear": true, "who": {…}, "host": {…},
 *    "services": {"mathoid": {…}}}
 *
 * "who" is what was looked up of operators and engines, "host" the host and site file in
 * use: so the next one answers and starts its engines at once, and looks again when there
 * is time. "clear": that nothing is refused, pending or about to leave, which is in no
 * part.
 *
 * Each service's part is kept as text and printed anew when the service changed. Keys
 * that are not known are a newer version's: they are written back as they came.
 *
 * Not here: what a part says (service/record.c), the document of the one before
 * (heritage.c), how bytes outlive us (ledger.c).
 */
#include "supervisor/estate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"

#include "service/service.h"
#include "supervisor/act.h"
#include "supervisor/heritage.h"
#include "supervisor/ledger.h"
#include "supervisor/store.h"
#include "supervisor/supervisor.h"

enum {
	FORMAT = 1,
	BOOT_ID_BYTES = 64,
	/* saving may take a tenth of the time; it takes as long as what is written */
	BYTES_PER_US = 500,
	PAUSE_SHARE = 10,
};

struct estate {
	struct supervisor *supervisor;
	struct ledger *ledger;
	char *boot, *path; /* of this boot; of what `stop` leaves on disk */
	struct heritage heritage;
	char *host; /* as text; NULL: not known yet */
	size_t adopted;
	bool dirty;
	bool clear;          /* as it was saved */
	struct timer *again; /* armed: the latest saving was so long ago */
};

/* ---- what was left ------------------------------------------------------------- */

static int read_boot(char **ret)
{
	int r = file_read(
		ret, NULL, AT_FDCWD, "/proc/sys/kernel/random/boot_id", BOOT_ID_BYTES);

	if (r == 0)
		(*ret)[strcspn(*ret, "\n")] = '\0';
	return r;
}

/* Takes `bytes`. What makes no sense is as if there were none. */
static void take(struct estate *estate, char *bytes, size_t size, const char *from)
{
	struct error err = { 0 };

	if (heritage_read(&estate->heritage, bytes, size, estate->boot, &err) < 0)
		log_error("the state in %s cannot be read: %s", from, err.text);
	estate->supervisor->index = estate->heritage.index;
}

static void read_ledger(struct estate *estate)
{
	char *bytes = NULL;
	size_t size;

	if (ledger_read(estate->ledger, &bytes, &size) == 0)
		take(estate, bytes, size, "the store");
	else
		log_error("the state in the store is damaged: what runs is taken over by "
			  "its cgroups");
}

static void read_file(struct estate *estate)
{
	char *bytes = NULL;
	size_t size;

	if (file_read(&bytes, &size, AT_FDCWD, estate->path, LEDGER_MAX_BYTES) == 0)
		take(estate, bytes, size, estate->path);
}

static int open_ledger(struct estate *estate)
{
	int fd = store_take(estate->supervisor->store, STORE_STATE);
	int r = ledger_new(&estate->ledger, fd);

	if (r < 0)
		return r;
	if (fd >= 0) {
		read_ledger(estate);
		return 0;
	}
	read_file(estate);
	return store_lend(
		estate->supervisor->store, STORE_STATE, ledger_fd(estate->ledger));
}

/* ---- what ended meanwhile ------------------------------------------------------ */

void estate_ended(struct estate *estate, const struct orphan *orphan, struct instant now)
{
	struct members *members = &estate->supervisor->members;

	for (size_t i = 0; i < members->count; i++)
		if (members->items[i]->service)
			service_heard_exit(members->items[i]->service, orphan->pid,
				orphan->start, now);
}

/* ---- what a service holds open ------------------------------------------------- */

static void on_keep(void *owner, const char *name, int fd)
{
	struct supervisor *supervisor = owner;
	int r = store_lend(supervisor->store, name, fd);

	if (r < 0)
		log_warning(
			"%s does not outlive svcd-supervisor: %s", name, strerror(-r));
}

static int on_kept(void *owner, const char *name)
{
	const struct supervisor *supervisor = owner;

	return store_take(supervisor->store, name);
}

static void on_drop(void *owner, const char *name)
{
	const struct supervisor *supervisor = owner;

	store_drop(supervisor->store, name);
}

static bool on_ended(void *owner, pid_t pid, uint64_t born, siginfo_t *ret)
{
	const struct supervisor *supervisor = owner;
	struct orphan orphan;

	if (!store_orphan(supervisor->store, pid, born, &orphan))
		return false;
	*ret = (siginfo_t){ 0 };
	ret->si_pid = pid;
	ret->si_code = orphan.code;
	ret->si_status = orphan.status;
	return true;
}

void estate_connect(struct estate *estate, struct service_host *host)
{
	(void)estate;
	host->keep = on_keep;
	host->kept = on_kept;
	host->drop = on_drop;
	host->ended = on_ended;
}

/* ---- taking over --------------------------------------------------------------- */

bool estate_found(const struct estate *estate)
{
	return estate->heritage.found;
}

bool estate_left_clear(const struct estate *estate)
{
	return estate->heritage.clear && estate->heritage.left == 0;
}

bool estate_left_as(const struct estate *estate, const char *name, const char *hash)
{
	struct heritage_part *part = heritage_find(&estate->heritage, name);
	const struct json_t *member =
		part ? json_get(heritage_record(part), "member") : NULL;

	return text_equal(json_get_text(member, "hash", NULL), hash);
}

static void recall_member(struct member *member, const struct json_t *record)
{
	const struct json_t *part = json_get(record, "member");
	struct readiness judged = *member->readiness;

	judged.ready = json_get_bool(part, "ready", false);
	member_keep_readiness(member, &judged);
	member->leaving = json_get_bool(part, "leaving", false);
	member->impatient = json_get_bool(part, "impatient", false);
	member->start_by.us = json_get_int(part, "start_by", NEVER.us);
	member->drain_until.us = json_get_int(part, "drain_until", NEVER.us);
	if (json_get_bool(part, "unkept", false))
		supervisor_keep_wish(member->supervisor, member);
}

/* It is remembered as it was left, unless it went on otherwise. */
static void keep_record(struct member *member, const char *text)
{
	if (member->unrecorded)
		return;
	free(member->record);
	member->record = strdup(text);
}

void estate_adopt(struct estate *estate, struct member *member, struct instant now)
{
	struct heritage_part *part = heritage_find(&estate->heritage, member->name);
	struct json_t *record = part ? heritage_record(part) : NULL;
	int r = service_adopt(member->service, record, now);

	if (r < 0)
		log_error("%s is not taken over: %s", member->name, strerror(-r));
	if (!part)
		return;
	if (record) {
		recall_member(member, record);
		keep_record(member, part->text);
		estate->adopted++;
	} else {
		log_error("what was remembered of %s makes no sense", member->name);
	}
	heritage_drop(&estate->heritage, part);
}

/* Who was sent away, and has not gone yet, is declared by its record alone. */
static bool bring_back(
	struct supervisor *supervisor, const char *name, const struct json_t *record)
{
	const char *text = json_get_text(json_get(record, "member"), "declaration", "");
	_cleanup_(json_freep) struct json_t *effective = NULL;
	struct declaration *declaration = NULL;
	struct error err = { 0 };

	if (json_parse(&effective, text, strlen(text), LEDGER_MAX_BYTES, &err) < 0 ||
		declaration_read(&declaration, effective, &err) < 0)
		return false;
	if (!text_equal(declaration->service, name)) {
		declaration_free(declaration);
		return false;
	}
	return act_add_service(supervisor, name, declaration, text);
}

static void look_at_rest(struct estate *estate, const char *name)
{
	struct heritage_part *part = heritage_find(&estate->heritage, name);
	_cleanup_(json_freep) struct json_t *record = json_share(heritage_record(part));

	if (record && bring_back(estate->supervisor, name, record))
		return;
	supervisor_say(estate->supervisor, (struct about){ name, "orphan", LOG_WARNING },
		"nothing declares it, and nothing was accepted of it: what runs is left "
		"alone");
}

/* All engines or none: the look-up that follows is not far. */
static bool read_engines(
	struct identity engines[static ENGINE_COUNT], const struct json_t *who)
{
	const struct json_t *list = json_get(who, "engines");
	bool all = json_size(list) == ENGINE_COUNT;

	for (size_t i = 0; all && i < ENGINE_COUNT; i++)
		all = identity_read(&engines[i], json_item(list, i)) == 0;
	return all;
}

/* NULL: it is not known. */
static struct config *read_host(const struct estate *estate)
{
	struct config *config = NULL;
	struct error err = { 0 };

	if (!estate->heritage.host)
		return NULL;
	if (config_read(&config, estate->heritage.host, &err) < 0)
		log_warning(
			"the host file as it was in use cannot be read: %s", err.text);
	return config;
}

bool estate_begin(struct estate *estate)
{
	struct supervisor *supervisor = estate->supervisor;
	const struct json_t *who = estate->heritage.who;
	struct found found = { 0 };
	struct config *config = NULL;

	if (read_engines(found.engines, who))
		config = read_host(estate);
	if (config) {
		supervisor_adopt_host(supervisor, config);
		found.groups = json_share(json_get(who, "groups"));
		found.people = json_share(json_get(who, "people"));
		supervisor_adopt_found(supervisor, &found);
	}
	found_done(&found);
	return config;
}

void estate_go_on(struct estate *estate, struct instant now)
{
	struct found found = { 0 };

	if (read_engines(found.engines, estate->heritage.who))
		supervisor_adopt_engines(estate->supervisor, found.engines, now);
	found_done(&found);
	json_free(TAKE(estate->heritage.who));
}

void estate_adopted(struct estate *estate)
{
	const struct heritage *heritage = &estate->heritage;
	_cleanup_(strings_done) struct strings names = { 0 };

	for (size_t i = 0; i < heritage->count; i++)
		if (heritage->parts[i].text)
			(void)strings_add(&names, heritage->parts[i].name);
	for (size_t i = 0; i < names.count; i++)
		look_at_rest(estate, names.items[i]);
	if (estate->adopted > 0)
		log_notice("took over %zu service%s", estate->adopted,
			estate->adopted == 1 ? "" : "s");
	FAILPOINT("estate.adopted");
	(void)unlink(estate->path);
}

/* ---- remembering --------------------------------------------------------------- */

static struct json_t *print_member(const struct member *member)
{
	_cleanup_(json_freep) struct json_t *part = json_new_object();
	int r = 0;

	if (member->leaving) { /* nothing else declares it any more */
		r |= json_set_bool(part, "leaving", true);
		r |= json_set_text(part, "declaration", member->service->effective);
	}
	r |= json_set_text(part, "hash", member->service->hash);
	r |= member->readiness->ready ? json_set_bool(part, "ready", true) : 0;
	r |= member->impatient ? json_set_bool(part, "impatient", true) : 0;
	r |= member->unkept ? json_set_bool(part, "unkept", true) : 0;
	if (member->start_by.us != NEVER.us)
		r |= json_set_int(part, "start_by", member->start_by.us);
	if (member->drain_until.us != NEVER.us)
		r |= json_set_int(part, "drain_until", member->drain_until.us);
	return r ? NULL : TAKE(part);
}

static void print_anew(struct member *member)
{
	_cleanup_(json_freep) struct json_t *record = service_record(member->service);
	char *text;

	if (!record || json_set(record, "member", print_member(member)) < 0)
		return;
	text = json_print(record, JSON_ONE_LINE);
	if (!text)
		return; /* as it was is better than nothing */
	free(member->record);
	member->record = text;
	member->unrecorded = false;
}

static void add_part(struct text *text, const char *name, const char *part)
{
	bool first = text->size > 0 && text->bytes[text->size - 1] == '{';

	text_addf(text, "%s\n\"%s\":%s", first ? "" : ",", name, part);
}

/* What nobody has taken yet, or ever does, stays as it came. */
static void add_found(struct text *text, const struct heritage *heritage)
{
	for (size_t i = 0; i < heritage->count; i++)
		if (heritage->parts[i].text)
			add_part(text, heritage->parts[i].name, heritage->parts[i].text);
}

/* NULL: it is not known yet. */
static struct json_t *print_who(const struct estate *estate)
{
	const struct supervisor *supervisor = estate->supervisor;
	const struct found *found = &supervisor->found;
	_cleanup_(json_freep) struct json_t *who = json_new_object();
	struct json_t *engines;
	int r = 0;

	if (estate->heritage.who) /* it holds till they are started */
		return json_share(estate->heritage.who);
	engines = json_new_array();
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		r |= json_append(engines, identity_print(&found->engines[i]));
	r |= json_set(who, "engines", engines);
	if (found->groups)
		r |= json_set(who, "groups", json_share(found->groups));
	if (found->people)
		r |= json_set(who, "people", json_share(found->people));
	return r || !supervisor->looked_up ? NULL : TAKE(who);
}

static void add_who(struct text *text, const struct estate *estate)
{
	_cleanup_(json_freep) struct json_t *who = print_who(estate);
	_cleanup_free_ char *printed = who ? json_print(who, JSON_ONE_LINE) : NULL;

	if (printed)
		text_addf(text, "\"who\":%s,", printed);
}

/* A status shows no more of it than its part says. */
static bool is_clear(const struct member *member)
{
	return member->service && !member->leaving && !member->stale && !member->orphan &&
	       member->pending.count == 0 && member->refused.count == 0;
}

/* Until the disk was looked at, all is as it was left. */
static bool all_clear(const struct estate *estate)
{
	const struct supervisor *supervisor = estate->supervisor;
	const struct config *config = supervisor->config;

	if (!supervisor->applied_once)
		return estate->heritage.clear;
	if (config->host_refused || config->site_refused || config->incomplete ||
		config->problems.lines.count > 0 || estate->heritage.left > 0)
		return false;
	for (size_t i = 0; i < supervisor->members.count; i++)
		if (!is_clear(supervisor->members.items[i]))
			return false;
	return true;
}

static void print_document(const struct estate *estate, struct text *ret)
{
	const struct members *members = &estate->supervisor->members;

	text_addf(ret, "{\"format\":%d,\"boot\":\"%s\",\"index\":%llu,\"clear\":%s,",
		FORMAT, estate->boot, (unsigned long long)estate->supervisor->index,
		estate->clear ? "true" : "false");
	add_who(ret, estate);
	if (estate->host)
		text_addf(ret, "\"host\":%s,", estate->host);
	text_add(ret, "\"services\":{");
	for (size_t i = 0; i < members->count; i++) {
		struct member *member = members->items[i];

		if (member->service && (member->unrecorded || !member->record))
			print_anew(member);
		if (member->service && member->record)
			add_part(ret, member->name, member->record);
	}
	add_found(ret, &estate->heritage);
	text_add(ret, "\n}");
	text_add_bytes(ret, estate->heritage.rest.bytes, estate->heritage.rest.size);
	text_add(ret, "}\n");
}

static void save(struct estate *estate, struct instant now)
{
	struct text text = { 0 };
	int r;

	print_document(estate, &text);
	FAILPOINT("estate.save");
	r = text_failed(&text) ? -ENOMEM
			       : ledger_write(estate->ledger, text.bytes, text.size);
	if (r < 0)
		log_warning("the state is not remembered: %s", strerror(-r));
	estate->dirty = r < 0;
	timer_arm(estate->again,
		instant_add_us(now, (int64_t)text.size / BYTES_PER_US * PAUSE_SHARE));
	text_done(&text);
}

void estate_changed(struct estate *estate, struct member *member)
{
	member->unrecorded = true;
	estate->dirty = true;
}

void estate_touch(struct estate *estate)
{
	estate->dirty = true;
}

void estate_host(struct estate *estate)
{
	const struct config *config = estate->supervisor->config;
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	int r = json_set(json, "host", host_print(&config->host));

	r |= json_set(json, "site", site_print(&config->site));
	r |= json_set(json, "entries", json_new_array());
	free(estate->host);
	estate->host = r ? NULL : json_print(json, JSON_ONE_LINE);
	estate->dirty = true;
}

void estate_save(struct estate *estate, struct instant now)
{
	const bool clear = all_clear(estate);

	estate->dirty |= clear != estate->clear;
	estate->clear = clear;
	if (estate->dirty && !timer_is_armed(estate->again))
		save(estate, now);
}

static void on_again(void *owner, struct instant now)
{
	estate_save(owner, now);
}

/* systemd empties its store when the unit is stopped: the next start finds the file. */
static void write_file(struct estate *estate)
{
	struct text text = { 0 };
	int r;

	print_document(estate, &text);
	r = text_failed(&text) ? -ENOMEM
			       : file_write(estate->path, text.bytes, text.size, 0600);
	if (r < 0)
		log_warning("%s is not written: %s", estate->path, strerror(-r));
	text_done(&text);
}

void estate_leave(struct estate *estate, int exit_status, struct instant now)
{
	struct members *members = &estate->supervisor->members;

	for (size_t i = 0; i < members->count; i++)
		members->items[i]->unrecorded = true; /* figures, too */
	estate->clear = all_clear(estate);
	FAILPOINT("estate.leave");
	save(estate, now);
	FAILPOINT("estate.saved");
	write_file(estate);
	FAILPOINT("estate.left");
	_exit(exit_status); /* who is freed ends what it owns */
}

/* ---- its life ------------------------------------------------------------------ */

int estate_new(struct estate **ret, struct supervisor *supervisor, struct error *err)
{
	struct estate *estate = calloc(1, sizeof(*estate));
	int r;

	if (!estate)
		return error_errno(err, -ENOMEM, "estate");
	estate->supervisor = supervisor;
	estate->path = text_format("%s/state", supervisor->paths.run);
	r = estate->path ? read_boot(&estate->boot) : -ENOMEM;
	if (r == 0)
		r = timer_new(&estate->again, supervisor->loop, on_again, estate);
	if (r == 0)
		r = open_ledger(estate);
	if (r < 0) {
		estate_free(estate);
		return error_errno(err, r, "what another supervisor left");
	}
	*ret = estate;
	return 0;
}

struct estate *estate_free(struct estate *estate)
{
	if (!estate)
		return NULL;
	timer_free(estate->again);
	ledger_free(estate->ledger);
	heritage_done(&estate->heritage);
	free(estate->host);
	free(estate->boot);
	free(estate->path);
	free(estate);
	return NULL;
}
