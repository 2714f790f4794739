/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * estate.c - the state of all services as one JSON document, and its way through the
 * store:
 *
 *   {"format": 1, "boot": "…", "index": 812, "who": {…}, "services": {"mathoid": {…}}}
 *
 * "who" is what was looked up of operators and engines: so the next one starts its
 * engines and answers at once, and looks again when there is time.
 *
 * Each service's part is kept as text and printed anew when the service changed. Keys
 * that are not known are a newer version's: they are written back as they came.
 *
 * Not here: what a part says (service/record.c), how bytes outlive us (ledger.c).
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

static const char *const known_keys[] = { "format", "boot", "index", "who", "services" };

struct estate {
	struct supervisor *supervisor;
	struct ledger *ledger;
	char *boot, *path;    /* of this boot; of what `stop` leaves on disk */
	struct json_t *found; /* {NAME: part} that nobody has taken; NULL: nothing was */
	struct json_t *who;   /* of the former; NULL: it did not know */
	struct json_t *rest;  /* what only a newer version knows; NULL: nothing */
	size_t adopted;
	bool dirty;
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

/* NULL: there is none, or it makes no sense. */
static struct json_t *parse(const char *bytes, size_t size, const char *from)
{
	struct json_t *document = NULL;
	struct error err = { 0 };

	if (json_parse(&document, bytes, size, LEDGER_MAX_BYTES, &err) == 0)
		return document;
	log_error("the state in %s cannot be read: %s", from, err.text);
	return NULL;
}

static struct json_t *read_ledger(struct estate *estate)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int r = ledger_read(estate->ledger, &bytes, &size);

	if (r == 0)
		return parse(bytes, size, "the store");
	log_error("the state in the store is damaged: what runs is taken over by its "
		  "cgroups");
	return NULL;
}

static struct json_t *read_file(struct estate *estate)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;

	if (file_read(&bytes, &size, AT_FDCWD, estate->path, LEDGER_MAX_BYTES) < 0)
		return NULL;
	return parse(bytes, size, estate->path);
}

static bool is_known_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(known_keys); i++)
		if (text_equal(known_keys[i], key))
			return true;
	return false;
}

static void keep_rest(struct estate *estate, struct json_t *document)
{
	const char *key;
	struct json_t *value;

	json_each(document, key, value)
	{
		if (is_known_key(key))
			continue;
		if (!estate->rest)
			estate->rest = json_new_object();
		(void)json_set(estate->rest, key, json_share(value));
	}
}

/* Of another boot it says nothing about this one. */
static void take_document(struct estate *estate, struct json_t *document)
{
	if (!text_equal(json_get_text(document, "boot", ""), estate->boot))
		return;
	estate->found = json_share(json_get(document, "services"));
	estate->who = json_share(json_get(document, "who"));
	estate->supervisor->index = (uint64_t)json_get_int(document, "index", 0);
	keep_rest(estate, document);
}

static int open_ledger(struct estate *estate)
{
	int fd = store_take(estate->supervisor->store, STORE_STATE);
	_cleanup_(json_freep) struct json_t *document = NULL;
	int r = ledger_new(&estate->ledger, fd);

	if (r < 0)
		return r;
	document = fd < 0 ? read_file(estate) : read_ledger(estate);
	if (document)
		take_document(estate, document);
	if (fd < 0)
		r = store_lend(estate->supervisor->store, STORE_STATE,
			ledger_fd(estate->ledger));
	return r;
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
	return estate->found != NULL;
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

void estate_adopt(struct estate *estate, struct member *member, struct instant now)
{
	struct json_t *record = json_get(estate->found, member->name);
	int r = service_adopt(member->service, record, now);

	if (r < 0)
		log_error("%s is not taken over: %s", member->name, strerror(-r));
	if (!record)
		return;
	recall_member(member, record);
	estate->adopted++;
	json_remove(estate->found, member->name);
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
	_cleanup_(json_freep) struct json_t *record =
		json_share(json_get(estate->found, name));

	if (bring_back(estate->supervisor, name, record))
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

void estate_go_on(struct estate *estate, struct instant now)
{
	struct found found = { 0 };

	if (!estate->who)
		return;
	if (read_engines(found.engines, estate->who)) {
		supervisor_adopt_engines(estate->supervisor, found.engines, now);
		found.groups = json_share(json_get(estate->who, "groups"));
		found.people = json_share(json_get(estate->who, "people"));
		supervisor_adopt_found(estate->supervisor, &found);
	}
	found_done(&found);
	json_free(estate->who);
	estate->who = NULL;
}

void estate_adopted(struct estate *estate)
{
	_cleanup_(strings_done) struct strings names = { 0 };
	const char *name;
	struct json_t *record;

	json_each(estate->found, name, record)
	{
		(void)record;
		(void)strings_add(&names, name);
	}
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
static void add_found(struct text *text, struct json_t *found)
{
	const char *name;
	struct json_t *part;

	json_each(found, name, part)
	{
		_cleanup_free_ char *printed = json_print(part, JSON_ONE_LINE);

		if (printed)
			add_part(text, name, printed);
	}
}

static void add_rest(struct text *text, struct json_t *rest)
{
	const char *key;
	struct json_t *value;

	json_each(rest, key, value)
	{
		_cleanup_(json_freep) struct json_t *word = json_new_text(key);
		_cleanup_free_ char *printed = json_print(value, JSON_ONE_LINE);
		_cleanup_free_ char *quoted = json_print(word, JSON_ONE_LINE);

		if (printed && quoted)
			text_addf(text, ",%s:%s", quoted, printed);
	}
}

/* NULL: it is not known yet. */
static struct json_t *print_who(const struct supervisor *supervisor)
{
	const struct found *found = &supervisor->found;
	_cleanup_(json_freep) struct json_t *who = json_new_object();
	struct json_t *engines = json_new_array();
	int r = 0;

	for (size_t i = 0; i < ENGINE_COUNT; i++)
		r |= json_append(engines, identity_print(&found->engines[i]));
	r |= json_set(who, "engines", engines);
	if (found->groups)
		r |= json_set(who, "groups", json_share(found->groups));
	if (found->people)
		r |= json_set(who, "people", json_share(found->people));
	return r || !supervisor->looked_up ? NULL : TAKE(who);
}

static void add_who(struct text *text, const struct supervisor *supervisor)
{
	_cleanup_(json_freep) struct json_t *who = print_who(supervisor);
	_cleanup_free_ char *printed = who ? json_print(who, JSON_ONE_LINE) : NULL;

	if (printed)
		text_addf(text, "\"who\":%s,", printed);
}

static void print_document(const struct estate *estate, struct text *ret)
{
	const struct members *members = &estate->supervisor->members;

	text_addf(ret, "{\"format\":%d,\"boot\":\"%s\",\"index\":%llu,", FORMAT,
		estate->boot, (unsigned long long)estate->supervisor->index);
	add_who(ret, estate->supervisor);
	text_add(ret, "\"services\":{");
	for (size_t i = 0; i < members->count; i++) {
		struct member *member = members->items[i];

		if (member->service && (member->unrecorded || !member->record))
			print_anew(member);
		if (member->service && member->record)
			add_part(ret, member->name, member->record);
	}
	add_found(ret, estate->found);
	text_add(ret, "\n}");
	add_rest(ret, estate->rest);
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

void estate_save(struct estate *estate, struct instant now)
{
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
	json_free(estate->found);
	json_free(estate->rest);
	json_free(estate->who);
	free(estate->boot);
	free(estate->path);
	free(estate);
	return NULL;
}
