/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * exits.h - the latest exits of a service: what ended, why, on whose word, its last
 * words, and what followed.
 *
 * A service that never died has none and pays nothing for them.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/reason.h"
#include "base/time.h"

enum {
	EXITS_KEPT = 10, /* of a service, over all instances */
	LAST_WORDS_BYTES = 2048,
	WHO_BYTES = 64, /* "alice (uid 1001)" */
};

/* Why an instance's process ended, or never began: id, word, whether that is a death, as
 * opposed to what somebody wished or svcd was told to do. */
#define EXIT_CAUSES(X)                                                                   \
	X(EXIT, "exit", true)         /* by itself, with a code */                       \
	X(SIGNAL, "signal", true)     /* by a signal that we did not send */             \
	X(OOM, "oom", true)           /* the kernel, for lack of memory */               \
	X(START, "start", true)       /* a step before exec failed: `reason` names it */ \
	X(BEFORE, "before", true)     /* a `before` command failed */                    \
	X(TIMEOUT, "timeout", true)   /* not ready in run.ready.timeout */               \
	X(WATCHDOG, "watchdog", true) /* no WATCHDOG=1 in time */                        \
	X(CHECK, "check", true)       /* a check with effect live failed */              \
	X(MEMORY, "memory", false)    /* above run.restart.memory_above for too long */  \
	X(AGE, "age", false)          /* as old as run.restart.max_age */                \
	X(OPERATOR, "operator", false)     /* told to, by a person */                    \
	X(APPLY, "apply", false)           /* another declaration, or none any more */   \
	X(DEPENDENCY, "dependency", false) /* what it depends on was stopped */          \
	X(SHUTDOWN, "shutdown", false)     /* svcd stops all services */                 \
	X(UNKNOWN, "unknown", true) /* nobody watched: no code is known, none made up */
enum exit_cause {
#define X(id, word, death) CAUSE_##id,
	EXIT_CAUSES(X)
#undef X
		CAUSE_COUNT
};
extern const char *const exit_cause_words[CAUSE_COUNT];
bool exit_cause_is_death(enum exit_cause cause);

struct exit_record {
	uint64_t number; /* counts the exits of the service from 1 */
	struct wall at;
	unsigned instance, generation;
	pid_t pid; /* 0: never ran */
	enum exit_cause cause;
	bool died;        /* nobody wished it */
	int code, signal; /* code is -1 when a signal ended it */
	bool core;
	int64_t ran_us;
	/* "exit 1", "SIGKILL (out of memory: limits.memory 64M)", … */
	char reason[REASON_BYTES];
	char by[WHO_BYTES];      /* on whose word; "": nobody's */
	char next[REASON_BYTES]; /* what follows: "restart in 3.2s (4th in a row)" */
	char *last_words;        /* what it printed last on stderr; NULL: not known */
};

struct service;

/* Becomes the newest, takes its number there; takes `record->last_words`. The oldest goes
 * when there are too many. NULL: no memory, it is only counted. */
const struct exit_record *exits_add(
	struct service *service, const struct exit_record *record);
/* The answer to the question for exit `number`; one that is not kept any more is
 * ignored. At most LAST_WORDS_BYTES are kept, the last ones. */
void exits_hear(struct service *service, uint64_t number, const char *words);
void exits_done(struct service *service);
