/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * instance.h - the state table of an instance. Private to the process half; the door is
 * service.h.
 */
#pragma once

#include "service/service.h"

/* What can happen to an instance. GONE means that nothing of it runs any more; the word
 * behind it is what follows. */
#define INSTANCE_EVENTS(X)                                                               \
	X(START, "start")             /* someone wants it up, now */                     \
	X(STOP, "stop")               /* someone wants it down */                        \
	X(RESTART, "restart")         /* someone wants a new process */                  \
	X(RELOAD, "reload")           /* someone wants it to read its files again */     \
	X(PREPARED, "prepared")       /* the next process can start: the old may go */   \
	X(RELIEVED, "relieved")       /* the process in another slot took over */        \
	X(DRAINED, "drained")         /* who asks for readiness had time to look away */ \
	X(READY, "ready")             /* run.ready.by is fulfilled */                    \
	X(EXITED, "exited")           /* the main process ended */                       \
	X(DEADLINE, "deadline")       /* the state has lasted as long as it may */       \
	X(WATCHDOG, "watchdog")       /* no WATCHDOG=1 in time */                        \
	X(ILL, "ill")                 /* a check with effect live failed for too long */ \
	X(GONE_DOWN, "gone: down")    /* as it was told */                               \
	X(GONE_START, "gone: start")  /* as it was told to restart */                    \
	X(GONE_AGAIN, "gone: again")  /* it died; started again after a pause */         \
	X(GONE_NOW, "gone: now")      /* it died; started again without a pause */       \
	X(GONE_FAILED, "gone: fail")  /* it died too often, or may not be restarted */   \
	X(GONE_DONE, "gone: success") /* it was to end, and did */
enum event {
#define X(id, word) EVENT_##id,
	INSTANCE_EVENTS(X)
#undef X
		EVENT_COUNT
};
extern const char *const event_words[EVENT_COUNT];

struct arrow {
	enum state from;
	enum event on;
	enum state to;
	void (*then)(struct process *process, struct instant now);
};
/* NULL: the event means nothing in that state. */
const struct arrow *instance_arrow(enum state from, enum event on);

/* The only way to another state. `why` (NULL: none) is the line that explains it. */
void instance_on(
	struct instance *instance, enum event on, const char *why, struct instant now);

/* Another explanation of the same state. */
void instance_explain(struct instance *instance, const char *why, struct instant now);
/* How long the state may last; EVENT_DEADLINE comes then. */
void instance_set_deadline(struct instance *instance, struct instant at);
/* A line for `events`. */
void instance_tell(struct instance *instance, const char *word, int level,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
