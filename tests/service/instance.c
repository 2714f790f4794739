/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * instance.c - every pair of state and event: where it leads, or that it is ignored on
 * purpose.
 */
#include "service/instance.h"

#include "base/file.h"

#include "tests/test.h"

enum { STATES = ARRAY_LEN(state_words) };

static const struct {
	const char *rule;
	enum state from;
	enum event on;
	enum state to;
} wanted_arrows[] = {
	/* clang-format off */
	{ "a start begins what is down",               STATE_DOWN,     EVENT_START,       STATE_STARTING },
	{ "a restart of what is down is a start",      STATE_DOWN,     EVENT_RESTART,     STATE_STARTING },
	{ "ready while starting is up",                STATE_STARTING, EVENT_READY,       STATE_UP },
	{ "a stop ends what starts",                   STATE_STARTING, EVENT_STOP,        STATE_STOPPING },
	{ "a restart ends what starts",                STATE_STARTING, EVENT_RESTART,     STATE_STOPPING },
	{ "an exit before ready is a death",           STATE_STARTING, EVENT_EXITED,      STATE_STOPPING },
	{ "not ready in time is ended",                STATE_STARTING, EVENT_DEADLINE,    STATE_STOPPING },
	{ "a watchdog may bark while starting",        STATE_STARTING, EVENT_WATCHDOG,    STATE_STOPPING },
	{ "what could not begin is tried again",       STATE_STARTING, EVENT_GONE_AGAIN,  STATE_WAITING },
	{ "what could not begin may fail",             STATE_STARTING, EVENT_GONE_FAILED, STATE_FAILED },
	{ "a stop ends what is up",                    STATE_UP,       EVENT_STOP,        STATE_STOPPING },
	{ "a restart prepares while it is up",         STATE_UP,       EVENT_RESTART,     STATE_UP },
	{ "a reload leaves it up",                     STATE_UP,       EVENT_RELOAD,      STATE_UP },
	{ "what could not begin may not be needed",    STATE_STARTING, EVENT_GONE_DOWN,   STATE_DOWN },
	{ "once prepared the old one is drained",      STATE_UP,       EVENT_PREPARED,    STATE_UP },
	{ "who is relieved is drained, too",           STATE_UP,       EVENT_RELIEVED,    STATE_UP },
	{ "once drained the old one goes",             STATE_UP,       EVENT_DRAINED,     STATE_STOPPING },
	{ "an exit ends being up at once",             STATE_UP,       EVENT_EXITED,      STATE_STOPPING },
	{ "a silent watchdog ends it",                 STATE_UP,       EVENT_WATCHDOG,    STATE_STOPPING },
	{ "an ill one is ended",                       STATE_UP,       EVENT_ILL,         STATE_STOPPING },
	{ "a stable one stays up",                     STATE_UP,       EVENT_DEADLINE,    STATE_UP },
	{ "a start while stopping waits for the end",  STATE_STOPPING, EVENT_START,       STATE_STOPPING },
	{ "a restart while stopping does, too",        STATE_STOPPING, EVENT_RESTART,     STATE_STOPPING },
	{ "a stop while dying makes it stay down",     STATE_STOPPING, EVENT_STOP,        STATE_STOPPING },
	{ "the exit is not yet the end",               STATE_STOPPING, EVENT_EXITED,      STATE_STOPPING },
	{ "what does not stop is killed",              STATE_STOPPING, EVENT_DEADLINE,    STATE_STOPPING },
	{ "gone as told is down",                      STATE_STOPPING, EVENT_GONE_DOWN,   STATE_DOWN },
	{ "gone to be restarted starts",               STATE_STOPPING, EVENT_GONE_START,  STATE_STARTING },
	{ "gone by itself waits",                      STATE_STOPPING, EVENT_GONE_AGAIN,  STATE_WAITING },
	{ "gone by itself without a pause starts",     STATE_STOPPING, EVENT_GONE_NOW,    STATE_STARTING },
	{ "gone too often failed",                     STATE_STOPPING, EVENT_GONE_FAILED, STATE_FAILED },
	{ "gone with success is done",                 STATE_STOPPING, EVENT_GONE_DONE,   STATE_DONE },
	{ "the back-off ends in a start",              STATE_WAITING,  EVENT_DEADLINE,    STATE_STARTING },
	{ "an operator need not wait",                 STATE_WAITING,  EVENT_START,       STATE_STARTING },
	{ "nor for a restart",                         STATE_WAITING,  EVENT_RESTART,     STATE_STARTING },
	{ "a stop ends the back-off",                  STATE_WAITING,  EVENT_STOP,        STATE_DOWN },
	{ "an operator begins anew after a failure",   STATE_FAILED,   EVENT_START,       STATE_STARTING },
	{ "also by restart",                           STATE_FAILED,   EVENT_RESTART,     STATE_STARTING },
	{ "a failed one can be put down",              STATE_FAILED,   EVENT_STOP,        STATE_DOWN },
	{ "a one-shot can run again",                  STATE_DONE,     EVENT_START,       STATE_STARTING },
	{ "also by restart",                           STATE_DONE,     EVENT_RESTART,     STATE_STARTING },
	{ "a done one can be put down",                STATE_DONE,     EVENT_STOP,        STATE_DOWN },
	/* clang-format on */
};

/* What happens late, twice, or to the wrong state, and rightly changes nothing. */
static const struct {
	enum state in;
	unsigned events;
} ignored[] = {
#define ON(event) (1U << EVENT_##event)
#define LEAVING   (ON(PREPARED) | ON(RELIEVED) | ON(DRAINED))
#define OUTCOMES                                                                         \
	(ON(GONE_DOWN) | ON(GONE_START) | ON(GONE_AGAIN) | ON(GONE_NOW) |                \
		ON(GONE_FAILED) | ON(GONE_DONE))
	/* nothing runs: nothing can end, be ready, or be told anything */
	{ STATE_DOWN, ON(STOP) | ON(RELOAD) | LEAVING | ON(READY) | ON(EXITED) |
			      ON(DEADLINE) | ON(WATCHDOG) | ON(ILL) | OUTCOMES },
	/* it starts already; it has read its files a moment ago; checks may still fail */
	{ STATE_STARTING, ON(START) | ON(RELOAD) | LEAVING | ON(ILL) | ON(GONE_START) |
				  ON(GONE_NOW) | ON(GONE_DONE) },
	/* READY=1 may be said again; something runs, so nothing is gone */
	{ STATE_UP, ON(START) | ON(READY) | OUTCOMES },
	/* on its way out: whatever it says or fails */
	{ STATE_STOPPING, ON(RELOAD) | LEAVING | ON(READY) | ON(WATCHDOG) | ON(ILL) },
	{ STATE_WAITING, ON(RELOAD) | LEAVING | ON(READY) | ON(EXITED) | ON(WATCHDOG) |
				 ON(ILL) | OUTCOMES },
	{ STATE_FAILED, ON(RELOAD) | LEAVING | ON(READY) | ON(EXITED) | ON(DEADLINE) |
				ON(WATCHDOG) | ON(ILL) | OUTCOMES },
	{ STATE_DONE, ON(RELOAD) | LEAVING | ON(READY) | ON(EXITED) | ON(DEADLINE) |
			      ON(WATCHDOG) | ON(ILL) | OUTCOMES },
#undef OUTCOMES
#undef LEAVING
#undef ON
};

static void every_arrow_leads_where_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wanted_arrows); i++) {
		const struct arrow *arrow =
			instance_arrow(wanted_arrows[i].from, wanted_arrows[i].on);

		print_message("%s\n", wanted_arrows[i].rule);
		assert_non_null(arrow);
		assert_int_equal(arrow->to, wanted_arrows[i].to);
		assert_non_null(arrow->then);
	}
}

static bool is_wanted(enum state from, enum event on)
{
	for (size_t i = 0; i < ARRAY_LEN(wanted_arrows); i++)
		if (wanted_arrows[i].from == from && wanted_arrows[i].on == on)
			return true;
	return false;
}

static bool is_ignored(enum state in, enum event on)
{
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		if (ignored[i].in == in && ignored[i].events & (1U << on))
			return true;
	return false;
}

static void every_pair_is_an_arrow_or_ignored_on_purpose(void **state)
{
	(void)state;
	for (unsigned from = 0; from < STATES; from++)
		for (unsigned on = 0; on < EVENT_COUNT; on++) {
			bool wanted = is_wanted((enum state)from, (enum event)on);
			bool quiet = is_ignored((enum state)from, (enum event)on);
			bool there = instance_arrow((enum state)from, (enum event)on);

			if (wanted == quiet || wanted != there)
				fail_msg("%s on %s: wanted %d, ignored %d, there %d",
					state_words[from], event_words[on], wanted, quiet,
					there);
		}
}

static void every_state_can_be_left_and_reached(void **state)
{
	(void)state;
	for (unsigned one = 0; one < STATES; one++) {
		bool left = false, reached = false;

		for (unsigned from = 0; from < STATES; from++)
			for (unsigned on = 0; on < EVENT_COUNT; on++) {
				const struct arrow *arrow =
					instance_arrow((enum state)from, (enum event)on);

				if (!arrow || arrow->from == arrow->to)
					continue;
				left |= arrow->from == one;
				reached |= arrow->to == one;
			}
		assert_true(left);
		assert_true(reached);
	}
}

/* docs/states.dot is the drawing; GOLDEN=renew rewrites it. */
static void the_drawing_in_docs_is_the_table(void **state)
{
	const char *path = SOURCE_ROOT "/docs/states.dot";
	_cleanup_free_ char *drawn = NULL, *kept = NULL;
	size_t size;
	FILE *out = open_memstream(&drawn, &size);

	(void)state;
	instance_print_states(out);
	fclose(out);
	if (getenv("GOLDEN") && strcmp(getenv("GOLDEN"), "renew") == 0)
		assert_int_equal(file_write(path, drawn, size, 0644), 0);
	assert_int_equal(file_read(&kept, NULL, -100, path, 65536), 0);
	assert_string_equal(kept, drawn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_arrow_leads_where_it_should),
		cmocka_unit_test(every_pair_is_an_arrow_or_ignored_on_purpose),
		cmocka_unit_test(every_state_can_be_left_and_reached),
		cmocka_unit_test(the_drawing_in_docs_is_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
