/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * process.h - what stands behind an instance: its process, cgroup, pipes, notify socket,
 * timers and deeds.
 * Private to the process half. The acts of the state table are here.
 */
#pragma once

#include "service/fdstore.h"
#include "service/instance.h"
#include "service/liveness.h"
#include "service/notify.h"
#include "service/preparer.h"
#include "service/ready_by.h"
#include "service/renewal.h"
#include "spawn/spawn.h"

enum purpose { FOR_START = 1, FOR_RESTART = 2, FOR_RELOAD = 4 };
/* When nothing of it runs any more. */
enum afterwards { AFTER_DECIDE, AFTER_DOWN, AFTER_START };
/* Of a rolling restart: this process is to be replaced. */
enum roll { ROLL_NONE, ROLL_NEXT, ROLL_NOW };

/* How the process ended, or why it is being ended. */
struct ending {
	bool known;
	enum exit_cause cause;
	int code, signal;
	bool core, killed;  /* killed: it did not stop in time */
	char by[WHO_BYTES]; /* who asked for it; "": nobody */
	char reason[REASON_BYTES];
};

static inline bool ending_is_success(const struct ending *ending)
{
	return ending->cause == CAUSE_EXIT && ending->code == 0;
}

struct process {
	struct instance *instance;
	struct timer *deadline; /* of the state */
	struct timer *poll;     /* is it ready? */
	struct timer *watchdog, *ill;
	struct timer *drained; /* clients had time to look elsewhere */
	struct timer *unheard; /* how an adopted process ended, the keeper has not said */
	struct timer *proof;   /* did the reload take effect? */
	struct timer *upkeep;  /* memory_above, max_age */
	struct cgroup *cgroup; /* of the present process */
	struct notify *notify; /* kept over restarts */
	struct fdstore *kept;  /* what it gave us to keep over restarts; NULL: nothing */
	int write_ends[2];     /* ours, so that no reader ever sees the end of a pipe */

	/* getting ready */
	enum purpose purpose;
	size_t step, before_index;
	bool prepared;              /* for the next start, while the former still runs */
	unsigned declared;          /* service->declared, as it was at the start */
	struct strings environment; /* with secrets: for it and for its checks */
	struct port_taken port_taken;
	struct preparing *preparing;
	struct deed *deed;
	int64_t poll_ms;

	/* running */
	struct watch *exit_watch, *report_watch;
	int report_fd;
	struct instant began, ended;
	bool launched;
	bool served;             /* it was up */
	bool leaving;            /* told to drain, not yet to end */
	struct instant leave_at; /* then it is drained */
	bool adopted;            /* no child of ours: the keeper says how it ends */
	bool stranger_told;      /* a refused MAINPID was said once */
	bool refusal_told;       /* as was a refused FDSTORE */
	int sent_signal;         /* by an operator; 0: none */
	char sent_by[WHO_BYTES];
	pid_t last_pid;       /* of the process that ended, until that is recorded */
	int64_t watchdog_us;  /* 0: none */
	struct instant heard; /* its latest WATCHDOG=1; exec, before the first */
	struct liveness liveness;
	char complaint[64]; /* ERRNO= or BUSERROR=, in words; "": none */
	struct renewal renewal;

	/* ending */
	struct ending ending;
	enum afterwards afterwards;
	bool aborting; /* SIGABRT first; at the deadline comes the stop signal */
	struct instant again_at;

	/* jobs */
	enum roll roll;
	unsigned roll_from; /* the generation that is to be replaced */
	unsigned replaces;  /* a newcomer: the slot that it is to relieve; 0: none */
	bool reloading;
	bool owes_reload; /* what a reload is to make it read came while it started */
	struct json_t
		*rest; /* of its record: what only a newer version knows; NULL: nothing */
	struct {
		struct instant asked, due; /* due: READY=1, once announced */
		struct wall asked_wall;
		bool announced; /* it said RELOADING=1 since */
	} reload;
};

/* Attaches to `instance`; who moves the instance sets process->instance. -ENOMEM. */
int process_new(struct instance *instance);
/* Kills what runs. */
void process_free(struct process *process);
bool process_is_idle(
	const struct process *process); /* nothing runs, nothing is prepared */

/* steps.c: the way up; ends in launch, EVENT_PREPARED, a reload, or
 * process_start_failed() */
void process_begin(struct process *process, enum purpose purpose, struct instant now);
void process_go_on(struct process *process, struct instant now); /* with the next step */

/* process.c */
void process_start_anew(struct process *process, struct instant now);
void process_start_again(struct process *process, struct instant now);
void process_prepare_restart(struct process *process, struct instant now);
void process_prepare_reload(struct process *process, struct instant now);
void process_settle(struct process *process, struct instant now);

/* keep.c: what the keeper has of it, by name. Keeping borrows; -1: it has nothing. */
extern const char *const kept_streams[2]; /* stdout, stderr */
#define KEPT_PIDFD  "pid"
#define KEPT_NOTIFY "notify"
void process_keep(const struct process *process, const char *what, int fd);
int process_kept(const struct process *process, const char *what);
void process_drop(const struct process *process, const char *what);
struct fdstore_user process_fdstore_user(struct process *process);
/* process->kept as it is in a record. */
void process_recall_stored(struct process *process, const struct json_t *list);

/* launch.c: the process itself. 0, or negative with a reason */
int process_launch(struct process *process, char *reason, struct instant now);
/* Its main process is another: that is what is kept. */
void process_note_main(struct process *process);
/* Takes `fd`, the socket that an earlier svcd listened on; -1: none. */
int process_open_notify(struct process *process, int fd, struct error *err);
/* spawn_report_read(), with what it noted on the way in instance->note. */
int process_read_report(struct process *process, char *reason, size_t size);

/* service_facts.c: restarts it when a check with effect live asks for that */
void process_look_at_liveness(void *owner, struct instant now);

/* reload.c: whether a reload took effect */
void process_prove_reload(struct process *process, struct instant now);
void process_look_at_reload(void *owner, struct instant now); /* a timer */
void process_told_reload(struct process *process, const struct notify_message *message,
	struct instant now);
void process_reloaded(struct process *process, const char *proof, struct instant now);
/* It goes, or died: nothing is proven. */
void process_reload_lost(struct process *process, struct instant now);

/* upkeep.c: replaced for its age, or for what it uses */
void process_begin_upkeep(struct process *process, struct instant now);
void process_declare_upkeep(struct process *process, struct instant now);
void process_look_after(void *owner, struct instant now); /* a timer */

/* answers.c: what it tells of itself from then on */
void process_executed(struct process *process, struct instant now);
void process_await_ready(struct process *process, struct instant now);
void process_told(void *owner, struct notify_message *message, struct instant now);
void process_poll_ready(void *owner, struct instant now);
void process_feed_watchdog(struct process *process, struct instant now);

/* drain.c: before the way down */
void process_drain(struct process *process, struct instant now);
void process_drained(void *owner, struct instant now); /* a timer */
/* It is not to go after all: what prepares for another, or drains it, is called off. */
void process_stay(struct process *process, struct instant now);

/* adopt.c: who was cloned by an earlier svcd cannot tell of its exec: looked at until it
 * is done */
void process_await_exec(struct process *process, struct instant now);

/* ending.c: the way down */
void process_stop(struct process *process, struct instant now);
void process_leave(struct process *process, struct instant now);
void process_end_unready(struct process *process, struct instant now);
void process_end_silent(struct process *process, struct instant now);
void process_end_ill(struct process *process, struct instant now);
void process_clear(struct process *process, struct instant now);
void process_kill(struct process *process, struct instant now);
void process_then_start(struct process *process, struct instant now);
void process_then_down(struct process *process, struct instant now);
void process_pause(struct process *process, struct instant now);
void process_rest(struct process *process, struct instant now);
void process_forget_deaths(struct process *process, struct instant now);
/* The first reason counts. */
void process_set_ending(struct process *process, enum exit_cause cause,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Its pidfd became readable. */
void process_exited(void *owner, unsigned events, struct instant now);
/* It was another's child, and nobody has told how it ended within the time. */
void process_unheard(void *owner, struct instant now); /* a timer */
/* It ended before we could watch it. */
void process_end_unwatched(struct process *process, struct instant now);
/* The recorded one ended, and the next was born, before either was remembered: its end is
 * told now. */
void process_end_former(struct process *process, struct instant now);
void process_emptied(void *owner, struct instant now); /* its cgroup */
/* No process came to be: `ending` says why. */
void process_start_failed(struct process *process, struct instant now);

/* outcome.c: nothing of it runs; it is recorded, and the table told what follows */
void process_conclude(struct process *process, struct instant now);
/* Of one that another has followed already. */
void process_conclude_former(struct process *process);

/* service.c */
/* "stopped by alice: kernel upgrade" into a reason. */
void service_describe_told(const struct service *service, const char *what, char *ret);

/* job.c */
void service_job_begin(struct service *service, enum job_kind kind, struct instant now);
bool service_job_runs(const struct service *service);
bool instance_has_arrived(const struct instance *instance); /* where a start leads */
/* All that are to be there are, and nothing runs in a spare slot. */
bool service_has_arrived(const struct service *service);
void service_settle(void *owner, struct instant now); /* a task */
void service_noticed(struct instance *instance, struct instant now);
/* One instance cannot do what is asked of all. */
void service_job_lost(
	const struct instance *instance, const char *why, struct instant now);
void service_job_failed(struct service *service, const char *reason, struct instant now);

/* slots.c: which slots are to hold a process */
enum { SLOTS_MAX = 1024 };
int service_make_slots(struct service *service, const struct declaration *declaration);
/* Until there are so many; spare ones. -ENOMEM. */
int service_add_slots(struct service *service, unsigned count);
void service_allot(struct service *service, struct instant now);
void service_drop_slots(struct service *service, struct instant now);
struct instance *service_free_slot(struct service *service); /* NULL: none now */

/* roll.c: a restart of all, some at a time */
void service_roll(struct service *service, struct instant now);
void service_roll_on(struct service *service, struct instant now);
bool service_has_rolled(const struct service *service);
void service_roll_forget(struct service *service, struct instant now);
/* Who is to relieve it; NULL: nobody. */
struct instance *service_successor(const struct instance *old);
/* The old one is about to be stopped: its successor, if it has one, is no newcomer any
 * more. */
void service_hand_over(struct instance *old);
/* It is gone, or not needed: who was to be relieved serves on. */
void service_lose_newcomer(struct instance *newcomer, struct instant now);
void service_roll_due(void *owner, struct instant now);      /* a timer */
unsigned service_rolls_later(const struct service *service); /* not touched yet */
/* Replaces one process, gracefully, unless a job runs: then false. */
bool service_renew(
	struct instance *instance, const struct decision *decision, struct instant now);

/* service_facts.c */
bool service_has_gate(const struct service *service); /* a check beyond effect warn */
void service_forget_facts(struct service *service, unsigned instance);
/* Of no instance yet, and nothing is known. NULL: so many are not kept, or no memory. */
struct check_fact *service_add_fact(struct service *service, const char *name);
/* The first check of it that fails, as a reason; false: none does. */
bool service_failing_check(
	const struct service *service, unsigned instance, char ret[static REASON_BYTES]);
