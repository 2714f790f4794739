/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * instance.c - the states of an instance: one row per arrow, one gate for every change.
 *
 * A pair of state and event without a row is ignored; tests/service/instance.c lists
 * those pairs.
 * Not here: what is done on an arrow (process.c, ending.c), whose wish an event was
 * (service.c).
 */
#include "service/instance.h"

#include <assert.h>
#include <stdarg.h>
#include <syslog.h>

#include "base/failpoint.h"
#include "base/reason.h"

#include "service/process.h"

const char *const event_words[EVENT_COUNT] = {
#define X(id, word) [EVENT_##id] = word,
	INSTANCE_EVENTS(X)
#undef X
};

static const struct arrow arrows[] = {
	/* clang-format off */
	/* from           on                 to              then                    */
	{ STATE_DOWN,     EVENT_START,       STATE_STARTING, process_start_anew      },
	{ STATE_DOWN,     EVENT_RESTART,     STATE_STARTING, process_start_anew      },

	{ STATE_STARTING, EVENT_READY,       STATE_UP,       process_settle          },
	{ STATE_STARTING, EVENT_STOP,        STATE_STOPPING, process_stop            },
	{ STATE_STARTING, EVENT_RESTART,     STATE_STOPPING, process_leave           },
	{ STATE_STARTING, EVENT_EXITED,      STATE_STOPPING, process_clear           },
	{ STATE_STARTING, EVENT_DEADLINE,    STATE_STOPPING, process_end_unready     },
	{ STATE_STARTING, EVENT_WATCHDOG,    STATE_STOPPING, process_end_silent      },
	{ STATE_STARTING, EVENT_GONE_AGAIN,  STATE_WAITING,  process_pause           },
	{ STATE_STARTING, EVENT_GONE_FAILED, STATE_FAILED,   process_rest            },
	{ STATE_STARTING, EVENT_GONE_DOWN,   STATE_DOWN,     process_rest            },

	{ STATE_UP,       EVENT_STOP,        STATE_STOPPING, process_stop            },
	{ STATE_UP,       EVENT_RESTART,     STATE_UP,       process_prepare_restart },
	{ STATE_UP,       EVENT_RELOAD,      STATE_UP,       process_prepare_reload  },
	{ STATE_UP,       EVENT_PREPARED,    STATE_UP,       process_drain           },
	{ STATE_UP,       EVENT_RELIEVED,    STATE_UP,       process_drain           },
	{ STATE_UP,       EVENT_DRAINED,     STATE_STOPPING, process_leave           },
	{ STATE_UP,       EVENT_EXITED,      STATE_STOPPING, process_clear           },
	{ STATE_UP,       EVENT_WATCHDOG,    STATE_STOPPING, process_end_silent      },
	{ STATE_UP,       EVENT_ILL,         STATE_STOPPING, process_end_ill         },
	{ STATE_UP,       EVENT_DEADLINE,    STATE_UP,       process_forget_deaths   },

	{ STATE_STOPPING, EVENT_START,       STATE_STOPPING, process_then_start      },
	{ STATE_STOPPING, EVENT_RESTART,     STATE_STOPPING, process_then_start      },
	{ STATE_STOPPING, EVENT_STOP,        STATE_STOPPING, process_then_down       },
	{ STATE_STOPPING, EVENT_EXITED,      STATE_STOPPING, process_clear           },
	{ STATE_STOPPING, EVENT_DEADLINE,    STATE_STOPPING, process_kill            },
	{ STATE_STOPPING, EVENT_GONE_DOWN,   STATE_DOWN,     process_rest            },
	{ STATE_STOPPING, EVENT_GONE_START,  STATE_STARTING, process_start_anew      },
	{ STATE_STOPPING, EVENT_GONE_AGAIN,  STATE_WAITING,  process_pause           },
	{ STATE_STOPPING, EVENT_GONE_NOW,    STATE_STARTING, process_start_again     },
	{ STATE_STOPPING, EVENT_GONE_FAILED, STATE_FAILED,   process_rest            },
	{ STATE_STOPPING, EVENT_GONE_DONE,   STATE_DONE,     process_rest            },

	{ STATE_WAITING,  EVENT_DEADLINE,    STATE_STARTING, process_start_again     },
	{ STATE_WAITING,  EVENT_START,       STATE_STARTING, process_start_anew      },
	{ STATE_WAITING,  EVENT_RESTART,     STATE_STARTING, process_start_anew      },
	{ STATE_WAITING,  EVENT_STOP,        STATE_DOWN,     process_rest            },

	{ STATE_FAILED,   EVENT_START,       STATE_STARTING, process_start_anew      },
	{ STATE_FAILED,   EVENT_RESTART,     STATE_STARTING, process_start_anew      },
	{ STATE_FAILED,   EVENT_STOP,        STATE_DOWN,     process_rest            },

	{ STATE_DONE,     EVENT_START,       STATE_STARTING, process_start_anew      },
	{ STATE_DONE,     EVENT_RESTART,     STATE_STARTING, process_start_anew      },
	{ STATE_DONE,     EVENT_STOP,        STATE_DOWN,     process_rest            },
	/* clang-format on */
};

/* How loud the news of a state is. */
static const int levels[] = {
	[STATE_DOWN] = LOG_INFO,
	[STATE_STARTING] = LOG_INFO,
	[STATE_UP] = LOG_INFO,
	[STATE_STOPPING] = LOG_INFO,
	[STATE_WAITING] = LOG_WARNING,
	[STATE_FAILED] = LOG_ERR,
	[STATE_DONE] = LOG_INFO,
};
static_assert(ARRAY_LEN(levels) == ARRAY_LEN(state_words), "a level per state");

const struct arrow *instance_arrow(enum state from, enum event on)
{
	for (size_t i = 0; i < ARRAY_LEN(arrows); i++) {
		if (arrows[i].from == from && arrows[i].on == on)
			return &arrows[i];
	}
	return NULL;
}

static void changed(struct instance *instance, struct instant now)
{
	struct service_host *host = instance->service->host;

	host->changed(host->owner, instance->service, now);
}

void instance_explain(struct instance *instance, const char *why, struct instant now)
{
	if (text_equal(instance->why, why))
		return;
	reason_set(instance->why, sizeof(instance->why), "%s", why);
	changed(instance, now);
}

void instance_set_deadline(struct instance *instance, struct instant at)
{
	instance->deadline = at;
	timer_arm(instance->process->deadline, at);
}

void instance_tell(
	struct instance *instance, const char *word, int level, const char *format, ...)
{
	struct service_host *host = instance->service->host;
	struct text text = { 0 };
	struct service_event event = { .service = instance->service,
		.instance = instance->number,
		.word = word,
		.level = level };
	va_list args;

	va_start(args, format);
	text_addv(&text, format, args);
	va_end(args);
	event.text = text_failed(&text) ? "" : text.bytes;
	host->event(host->owner, &event);
	text_done(&text);
}

/* The gate. */
static void enter(
	struct instance *instance, enum state to, const char *why, struct instant now)
{
	instance->state = to;
	instance->since = now;
	instance->since_wall = loop_wall(instance->service->host->loop);
	reason_set(instance->why, sizeof(instance->why), "%s", why ? why : "");
	instance_set_deadline(instance, NEVER);
	instance_tell(instance, state_words[to], levels[to], "%s", instance->why);
	changed(instance, now);
}

void instance_on(
	struct instance *instance, enum event on, const char *why, struct instant now)
{
	const struct arrow *arrow = instance_arrow(instance->state, on);

	if (!arrow)
		return;
	FAILPOINT_WORDS("gate", state_words[arrow->from], event_words[on]);
	if (arrow->to != arrow->from) {
		enter(instance, arrow->to, why, now);
	} else if (why) {
		instance_explain(instance, why, now);
	}
	if (arrow->then)
		arrow->then(instance->process, now);
	service_noticed(instance, now);
	FAILPOINT_WORDS("past", state_words[arrow->from], event_words[on]);
}

void instance_print_states(FILE *out)
{
	fputs("digraph instance {\n", out);
	for (size_t i = 0; i < ARRAY_LEN(arrows); i++) {
		fprintf(out, "\t%s -> %s [label=\"%s\"];\n", state_words[arrows[i].from],
			state_words[arrows[i].to], event_words[arrows[i].on]);
	}
	fputs("}\n", out);
}

void instance_print_failpoints(FILE *out)
{
	for (size_t i = 0; i < ARRAY_LEN(arrows); i++) {
		const char *from = state_words[arrows[i].from],
			   *on = event_words[arrows[i].on];

		fprintf(out, "gate.%s.%s\npast.%s.%s\n", from, on, from, on);
	}
}
