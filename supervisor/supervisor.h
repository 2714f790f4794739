/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * supervisor.h - private: everything that lives as long as svcd-supervisor, and who may
 * ask whom.
 *
 * A fact comes in (an exit, an engine's message, an operator's word), marks its service
 * as changed, and is settled once before the loop sleeps: readiness is judged, the
 * health engine told, waiting callers answered.
 */
#pragma once

#include "base/loop.h"
#include "base/paths.h"

#include "supervisor/engine.h"
#include "supervisor/events.h"
#include "supervisor/listeners.h"
#include "supervisor/lookup.h"
#include "supervisor/member.h"
#include "supervisor/vip.h"
#include "supervisor/wanted.h"

struct apply;
struct control;
struct home;
struct estate;
struct keeping;
struct probes;
struct retired;
struct store;

/* What one engine was told, beside what stands in each member. */
struct told {
	bool synced; /* SYNC was sent: all was told since it said hello */
	bool sync_answered;
	uint64_t sync_generation;
	struct strings gone; /* names it must still be told to forget */
	size_t gone_unanswered;
	size_t unanswered; /* services of which it was told and has not said a word */
	bool dirty;        /* a service has something that it must be told */
};

struct supervisor {
	struct loop *loop;
	struct paths paths;
	struct store *store;
	struct home *home;
	struct estate *estate;
	struct cgroups *cgroups;
	struct spawner *spawner;
	struct preparer *preparer;
	struct service_host host;
	struct wall since;

	struct config *config; /* host and site in use; its entries are spent */
	struct found found;
	char *usual; /* declaration_usual(), from the first accepted body on */
	struct members members;
	struct engine_process *engines[ENGINE_COUNT];
	struct told told[ENGINE_COUNT];
	struct probes *probes;
	struct questions {
		struct instant since; /* the present count */
		unsigned moot;
	} questions; /* of the health engine that had no answer */
	struct listeners listeners;
	struct vip_watch *vips;
	struct events events;
	struct wanted_table wanted;
	struct deed *wanted_deed; /* writes it */
	bool wanted_dirty;
	struct timer *wanted_again;        /* armed: the latest write failed */
	char wanted_failure[REASON_BYTES]; /* why, until one succeeds */

	struct apply *apply;
	struct keeping *keeping; /* what was accepted, on disk */
	struct retired *retired; /* whose logs are to go in time */
	struct control *control;
	struct varlink_call *reexec; /* waits for the keeper's word; NULL: none does */
	struct task *settle;
	struct timer *tick;     /* time alone may have changed something */
	struct timer *watchdog; /* tells the keeper that the loop turns */
	struct timer *rest;     /* armed: memory goes back when much was told */
	struct instant look_at; /* private to look.c: when figures are next sampled */
	size_t look_next;       /* private to look.c: the service to begin with */
	struct instant looked;  /* private to look.c: somebody wanted them */
	struct instant counted; /* private to look.c: the firewall was asked */
	uint64_t index, generations; /* counters */
	bool known; /* every service that there is: questions are answered */
	bool applied_once, looked_up, ready_said, stopping;
	unsigned engines_stopped;
	int exit_status;
};

/* ---- supervisor.c: its life ---------------------------------------------------- */

int supervisor_new(struct supervisor **ret, const char *root, struct error *err);
int supervisor_run(struct supervisor *supervisor); /* the exit status */
struct supervisor *supervisor_free(struct supervisor *supervisor);
/* The declarations were understood and are in use: services may be started. */
void supervisor_adopt_host(struct supervisor *supervisor, struct config *config);
/* Who the engines are is known (taken): they start. */
void supervisor_adopt_engines(struct supervisor *supervisor,
	struct identity engines[static ENGINE_COUNT], struct instant now);
/* Who the operators are is known (taken): they may ask. NULL: it is as before; root may
 * ask in any case. */
void supervisor_adopt_found(struct supervisor *supervisor, struct found *found);
/* Every service that there is is known: who asked about them is answered. */
void supervisor_know_all(struct supervisor *supervisor);
/* As all are stopped when svcd ends. */
void supervisor_stop(struct service *service, struct instant now);
/* ---- said.c: what is worth a line, and what services tell ----------------------- */

/* Keeps, logs, and shows it to who follows. `number` and `at` are filled in here. */
void supervisor_event(struct supervisor *supervisor, const struct event *event);
struct about {
	const char *service, *word; /* service NULL: svcd itself; word of the event */
	int level;                  /* LOG_* */
};
__attribute__((format(printf, 3, 4))) void supervisor_say(
	struct supervisor *supervisor, struct about about, const char *format, ...);
/* Services tell it what happens to them from now on. */
void said_connect(struct supervisor *supervisor);

/* ---- engines.c: what engines are born with, where what they tell goes ----------- */

extern const struct engine_user engines_user; /* of a struct supervisor */

/* ---- wishes.c: what operators want, on disk ------------------------------------ */

void supervisor_load_wishes(struct supervisor *supervisor);
/* When something changed. */
void supervisor_save_wishes(struct supervisor *supervisor, struct instant now);
/* What an operator now wants of it goes to the disk. */
void supervisor_keep_wish(struct supervisor *supervisor, struct member *member);
/* Nothing that was said waits for the disk, but for what could not be written and is
 * tried later. */
bool supervisor_wishes_are_settled(const struct supervisor *supervisor);
void supervisor_forget_wish(struct supervisor *supervisor, const char *service);

/* After each settling: what waits for a whole turn (the end, the disk). */
void supervisor_settled(struct supervisor *supervisor, struct instant now);

/* ---- settle.c: after facts came in --------------------------------------------- */

/* Something about it is different; cheap, coalesced. */
void member_changed(struct member *member);
void supervisor_settle(struct supervisor *supervisor, struct instant now);
void supervisor_tick(struct supervisor *supervisor, struct instant now);
/* An address of the host came or went. */
void supervisor_look_at_vips(struct supervisor *supervisor);

/* ---- look.c: figures, while somebody wants them -------------------------------- */

/* Somebody reads a face: figures are to be fresh for a while. */
void supervisor_look(struct supervisor *supervisor, struct instant now);
/* What the firewall counted, soon. */
void look_at_counters(struct supervisor *supervisor, struct instant now);
/* Samples all when that is due. */
void look_tick(struct supervisor *supervisor, struct instant now);

/* ---- told.c: what engines are told --------------------------------------------- */

void told_anew(struct supervisor *supervisor, enum engine which);
void told_flush(struct supervisor *supervisor, enum engine which, struct instant now);
void told_dirty(struct member *member, unsigned bits);
void told_declaration(struct member *member); /* a new generation of it */
/* Another group reads its logs: of no interest to the others, who would begin anew. */
void told_readers(struct member *member);
/* Whether an engine that speaks of that generation (0: of any) knows the newest
 * declaration that is any of its business. */
bool told_is_newest(const struct member *member, enum engine which, uint64_t generation);
void told_pipe(struct member *member, unsigned instance, const char *stream, int fd);
void told_gone(struct member *member); /* it is about to be forgotten */
void told_answer(struct supervisor *supervisor, enum engine which,
	const struct json_t *ack, struct instant now);
bool told_all(
	const struct supervisor *supervisor); /* every engine knows all, or is down */

/* ---- facts.c: what engines say ------------------------------------------------- */

void facts_take(struct supervisor *supervisor, enum engine which, enum message_kind kind,
	const struct json_t *body);
/* An answer of probes.h is on its way to who asked. */
void facts_probed(void *owner, struct json_t *body);
/* The last words of a process that ended, for status. */
void facts_ask_tail(struct supervisor *supervisor, const char *service,
	const struct exit_record *exit);
