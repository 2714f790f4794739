/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * service.h - the door of this room: one declared service and its instances: their
 * processes, states, exits, back-off. Its parts: what ended and why (exits.h), what comes
 * next (outlook.h), preparations shared by all (preparer.h), tries of checks (probes.h).
 *
 * Everything here happens on the supervisor's loop. What the rest of the supervisor must
 * hear of is told through `struct service_host`; it never reaches down into a process by
 * itself.
 *
 * The fields are read by status.c, ready.c and the verbs; only service.c and instance.c
 * write them.
 */
#pragma once

#include <signal.h>

#include "base/reason.h"

#include "config/config.h"
#include "protocol/protocol.h"
#include "service/exits.h"
#include "service/restart.h"
#include "spawn/spawn.h"

enum {
	HASH_TEXT_BYTES = 17,
	OWN_RESTARTS_APART_MS = 10 * MS_PER_S, /* on one host */
};

/* A slot with a number of its own (and with it ports of its own). Where a restart starts
 * the new process first there is one slot more than instances, and which of them is free
 * changes with every restart. */
struct instance {
	struct service *service;
	unsigned number;     /* 1..config_slots() */
	bool spare;          /* no process belongs here now, or only until it has proven
				itself, or only until it is gone */
	bool draining;       /* about to be left: clients are to look elsewhere */
	unsigned generation; /* counts its processes since svcd first saw it */
	enum state state;
	struct instant since, deadline; /* of the state; NEVER: may last */
	struct wall since_wall;
	/* why it is in this state, one line; "" when that is plain */
	char why[REASON_BYTES];
	struct remark status; /* STATUS= of sd_notify */
	/* declared limits that this host cannot set */
	struct remark note;

	pid_t pid;     /* main process; 0: none */
	uint64_t born; /* that one: birth.h's ticks; 0: not known */
	int pidfd;     /* -1: none */
	struct wall started;
	unsigned restarts; /* by death, since an operator's start */
	unsigned deaths;   /* in a row, none of them after a life of run.restart.stable */
	struct restart restart; /* back-off */
	bool notified_ready, ran_before, exec_done;
	bool ready;           /* this process fulfilled run.ready.by once */
	enum verdict verdict; /* the worst of its checks with effect ready or live */
	/* Read ends of its pipes (stdout, stderr), kept over restarts; [1] is -1 when
	 * both share one. */
	int output[2];

	struct process
		*process; /* private to instance.c: timers, watches, cgroup, deeds */
};

enum job_kind { JOB_NONE, JOB_START, JOB_STOP, JOB_RESTART, JOB_RELOAD };
enum job_result { JOB_RUNNING, JOB_DONE, JOB_FAILED };
/* What an operator (or apply) last asked for. A newer job ends an older one as failed
 * ("superseded by stop"). */
struct job {
	uint64_t id; /* counts; 0: none yet */
	enum job_kind kind;
	enum job_result result;
	/* of JOB_FAILED; of a reload that is done: what proves that it took effect */
	struct remark reason;
	struct instant began;
};

struct service {
	char *name;
	struct declaration *declaration; /* what runs; owned */
	char *effective;                 /* the same, as one line of JSON */
	char hash[HASH_TEXT_BYTES];      /* of that */
	unsigned declared;               /* counts its declarations */
	struct identity identity;
	struct service_host *host;

	struct {
		char who[WHO_BYTES];
		struct remark why;
		struct wall since, until; /* until.us 0: for ever */
	} wish;
	enum wanted wanted;
	/* What a process that is now told to end is remembered by. */
	struct {
		enum exit_cause cause;
		char who[WHO_BYTES];
		struct remark why;
	} told;

	struct instance *instances;
	unsigned instances_count;
	struct exit_record *exits; /* newest first, at most EXITS_KEPT */
	unsigned exits_count, deaths_in_a_row;
	uint64_t exits_ever;
	struct job job;
	/* JOB_START, JOB_STOP: that was asked, and its processes hear of it only when
	 * others are ready or gone */
	enum job_kind held;

	/* facts told from outside (engines), kept here for ready.c and status.c */
	struct check_fact {
		char *name;
		enum verdict verdict;
		char reason[REASON_BYTES];
		int64_t latency_us;
		struct wall at;
		unsigned instance;
		struct instant heard;   /* the engine's latest word on it */
		struct instant failing; /* since then, while it fails */
	} * checks;
	size_t checks_count;
	bool firewall_applied;
	/* private to process.c: log directory and files stand as declared */
	bool prepared;
	/* access.group, which reads its logs; UNSET: no such group; GROUP_UNKNOWN: not
	 * looked up yet */
	int64_t readers_gid;
	struct remark firewall_reason;
	uint64_t accepted_packets, dropped_packets;
	uint64_t generation; /* of what engines were told */

	struct json_t *rest;      /* private to record.c */
	struct task *settle;      /* private to job.c */
	struct timer *roll_limit; /* private to roll.c */
	void *user;               /* the supervisor's own per-service data */
};

enum { GROUP_UNKNOWN = -2 };

struct service_event {
	struct service *service;
	unsigned instance; /* 0: the service as a whole */
	const char *word;  /* "starting", "up", "exited", … */
	int level;         /* LOG_* */
	const char *text;
	const struct exit_record *exit; /* of "exited"; NULL: of another, or no memory */
};

/* How the rest of the supervisor hears of it. `owner` is struct supervisor. None of these
 * may free a service or give it another declaration: note it, and do it from the loop. */
struct service_host {
	struct loop *loop;
	/* Before then svcd restarts nothing by its own decision (a check with effect
	 * live, memory_above, max_age): what is due all at once is not done at once. */
	struct instant own_restarts_from;
	const struct paths *paths;
	const struct host_policy *policy; /* root's; may be another after an apply */
	struct cgroups *cgroups;
	struct spawner *spawner;
	struct preparer *preparer;
	void *owner;
	/* Something that a face shows is different now. Cheap and often: coalesce. */
	void (*changed)(void *owner, struct service *service, struct instant now);
	/* Only the figures of a check are newer. */
	void (*refreshed)(void *owner, struct service *service);
	/* Worth a line in `events` and the journal. */
	void (*event)(void *owner, const struct service_event *event);
	/* A pipe was made: the log engine must read `fd` (borrowed; stays open here). */
	void (*piped)(void *owner, struct service *service, unsigned instance,
		const char *stream, int fd);
	/* Fds that outlive this process, by name; all four may be NULL: then none does.
	 * `keep` borrows and replaces; what `kept` gives (-1: nothing) is the caller's.
	 */
	void (*keep)(void *owner, const char *name, int fd);
	int (*kept)(void *owner, const char *name);
	void (*drop)(void *owner, const char *name);
	/* How a process ended that is no child of ours, once that is told. */
	bool (*ended)(void *owner, pid_t pid, uint64_t born, siginfo_t *ret);
};

/* Takes declaration, also when it fails; `effective` is the same as one line of JSON.
 * Nothing runs yet. -ENOMEM. */
int service_new(struct service **ret, struct service_host *host,
	struct declaration *declaration, const char *effective);
/* Right after service_new(): goes on as an earlier supervisor left it. `record`
 * (service/record.h) may be NULL: then its cgroups tell what runs. -ENOMEM. */
int service_adopt(struct service *service, struct json_t *record, struct instant now);
/* A process that is no child of ours ended, the keeper says. */
void service_heard_exit(
	struct service *service, pid_t pid, uint64_t born, struct instant now);
/* Forgets it; what runs is killed with its cgroups (use service_stop first to be
 * kind). */
struct service *service_free(struct service *service);

/* Jobs; `who` and `why` are for people ("alice", "kernel upgrade"). Each returns at once;
 * service->job tells how it went, and host->changed is called when it ends. */
void service_start(
	struct service *service, const char *who, const char *why, struct instant now);
void service_stop(
	struct service *service, const char *who, const char *why, struct instant now);
void service_restart(
	struct service *service, const char *who, const char *why, struct instant now);
void service_reload(
	struct service *service, const char *who, const char *why, struct instant now);
/* As these, on svcd's own decision: the process is remembered as ended by `cause` (one
 * that is no death). What is wanted stays as an operator or the declaration said, but for
 * service_stop_for(): down by `who`. */
struct decision {
	enum exit_cause cause;
	const char *who; /* who made svcd decide, e.g. who applied; NULL: nobody */
	const char *why; /* "memory above 1800M for 1m" */
};
void service_stop_for(
	struct service *service, const struct decision *decision, struct instant now);
void service_restart_for(
	struct service *service, const struct decision *decision, struct instant now);
/* As these, but the processes hear of it only by service_let_go(): others come first. */
void service_start_later(
	struct service *service, const char *who, const char *why, struct instant now);
void service_stop_later(
	struct service *service, const struct decision *decision, struct instant now);
void service_let_go(struct service *service, struct instant now);
/* What processes that are told to end from now on are remembered by. */
void service_decide(struct service *service, const struct decision *decision);
/* Sends `signal` to the main process of each instance, by the word of `who` (NULL: nobody
 * is known): 0 or -ESRCH when none runs, -errno. */
int service_kill(struct service *service, int signal, const char *who);

/* A new declaration (takes, shares). What needs a restart takes effect with the next
 * process; the caller decides whether to call service_restart. Number of instances,
 * limits of the cgroup and OOM score follow at once, pipes and files then. -ENOMEM. */
int service_declare(struct service *service, struct declaration *declaration,
	const struct json_t *effective, struct instant now);

/* Facts from engines. */
void service_verdict(
	struct service *service, const struct check_fact *fact, struct instant now);
void service_firewall(
	struct service *service, bool applied, const char *reason, struct instant now);

/* The best state of its instances; counts. */
enum state service_state(const struct service *service);
unsigned service_ready_instances(const struct service *service);
/* May clients be sent to this one? */
bool instance_is_ready(const struct instance *instance);
/* Nothing runs in this slot, and nothing is to: faces do not show it. */
bool instance_is_free(const struct instance *instance);
bool service_is_stopped(
	const struct service *service); /* no process, no populated cgroup */
const char *service_why(
	const struct service *service); /* the line that an operator should read */

/* What its cgroup has used; every member UNSET when nothing runs. */
struct usage;
void instance_usage(const struct instance *instance, struct usage *ret);
/* How hard it is pressed; nothing is known when nothing runs. */
struct pressure;
void instance_pressure(const struct instance *instance, struct pressure *ret);

/* The state table as a dot drawing, for docs/ and its golden test. */
void instance_print_states(FILE *out);
/* One before and one after each arrow: "gate.up.exited", "past.up.exited". */
void instance_print_failpoints(FILE *out);

/* The parts of the door that speak of the above. */
#include "service/outlook.h"
#include "service/preparer.h"
#include "service/probes.h"
#include "service/record.h"
